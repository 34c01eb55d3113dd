import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { platformBalance } from '../../src/core/ledger/laws.ts'
import { bookFees } from '../../src/core/payments/fees.ts'
import { lookUpFundings } from '../../src/core/payments/funding/settle.ts'
import { startFunding } from '../../src/core/payments/funding/start.ts'
import { stopFunding } from '../../src/core/payments/funding/stop.ts'
import { moveClock, walletOf } from '../journeys/desk.ts'
import { ask, startTestMarket } from '../support/market.ts'
import { assertBooked, madeAt, owners, settleAll } from '../wallet/stage.ts'
import { fundingNeeds, heard, moneyOf, nothing, orderOf, pay, paymentsAt, statusesOf, wishes } from './funding-stage.ts'
import { compareNow } from './stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const desk = wishes()
const needs = fundingNeeds(market, desk)

/** Every fee is booked, and the ledger fits itself and the provider to the cent. */
async function assertExact(): Promise<void> {
  await market.stripe.clear()
  await settleAll(market)
  await moveClock(market, 61)
  while ((await bookFees(market.db, needs.stripe, needs.log)) > 0);
  await assertBooked(market)
  const { differences, in_flight } = await compareNow(market)
  assert.deepEqual([differences, in_flight], [[], 0])
}

test('paid on the twin’s page: the money is held for the work, no wallet has seen it, and the fee is booked', async () => {
  const [ada] = await owners(market, 'Ada')
  const ref = desk.work(12_345)
  const processing = await platformBalance(market.db, 'platform:processing')
  const started = await startFunding(needs, orderOf(ada, ref, 12_345, { returnUrl: `${market.url}/contracts` }))
  assert.match(started.client_secret, new RegExp(`^${started.payment_intent_id}_secret_`))
  assert.match(
    String((await ask(market.url, 'GET', started.url!)).text),
    /\$123\.45.*A report about Unix|A report about Unix.*\$123\.45/s,
  )
  const again = await startFunding(needs, orderOf(ada, ref, 12_345))
  assert.deepEqual([again.payment_intent_id, again.client_secret], [started.payment_intent_id, started.client_secret])
  assert.deepEqual(await moneyOf(market, ada, ref), nothing)
  assert.equal(await pay(market, started), 303)
  for (let told = 0; told < 3; told++) await heard(needs, started.payment_intent_id)
  assert.deepEqual(await moneyOf(market, ada, ref), { ...nothing, escrow: 12_345 })
  assert.deepEqual((await walletOf(ada)).ledger, [])
  assert.deepEqual(await statusesOf(market, ref), ['paid'])
  await assertExact()
  assert.equal(await platformBalance(market.db, 'platform:processing'), processing + Math.round(12_345 * 0.029) + 30)
  const [payment] = await paymentsAt(needs, ref)
  assert.deepEqual([payment!.amount_received, payment!.allowed_payment_method_types], [12_345, ['card']])
})

test('a declined card leaves the payment open for another one; the answer stays the same', async () => {
  const [bea] = await owners(market, 'Bea')
  const ref = desk.work(900)
  const started = await startFunding(needs, orderOf(bea, ref, 900))
  await market.stripe.fault('card_declined', { decline_code: 'insufficient_funds' }, { times: 2 })
  assert.deepEqual([await pay(market, started), await pay(market, started)], [402, 402])
  await heard(needs, started.payment_intent_id)
  assert.deepEqual(await statusesOf(market, ref), ['open'])
  assert.equal((await startFunding(needs, orderOf(bea, ref, 900))).client_secret, started.client_secret)
  assert.equal(await pay(market, started), 303)
  // The answer to whoever asks again books what no message has told yet.
  assert.equal((await startFunding(needs, orderOf(bea, ref, 900))).payment_intent_id, started.payment_intent_id)
  assert.deepEqual(await moneyOf(market, bea, ref), { ...nothing, escrow: 900 })
  await assertExact()
})

for (const how of ['cut', 'error'] as const) {
  for (const applied of [true, false]) {
    for (const late of [false, true]) {
      test(`the answer is lost (${how}, ${applied ? 'done' : 'not done'}), asked again ${late ? 'a day later' : 'at once'}: one payment can be paid, and is`, async () => {
        const [cleo] = await owners(market, 'Cleo')
        const ref = desk.work(2_000)
        await startFunding(needs, orderOf(cleo, desk.work(50), 50))
        await market.stripe.fault(
          'answer_lost',
          { how, applied },
          { times: 3, match: { method: 'POST', path: '/v1/payment_intents' } },
        )
        await assert.rejects(startFunding(needs, orderOf(cleo, ref, 2_000)), { code: 'payments_unavailable' })
        await market.stripe.clear()
        if (late) {
          await moveClock(market, 25 * 3_600)
          await lookUpFundings(needs)
        }
        const started = await startFunding(needs, orderOf(cleo, ref, 2_000))
        assert.equal(await pay(market, started), 303)
        await heard(needs, started.payment_intent_id)
        assert.deepEqual(await moneyOf(market, cleo, ref), { ...nothing, escrow: 2_000 })
        // Whatever else it may have made nobody can pay, and it is ended.
        await market.db.rows(`update card_funding set asked_at = asked_at - interval '1 hour' where ref = $1`, [ref])
        await moveClock(market, 61)
        await lookUpFundings(needs)
        const statuses = (await paymentsAt(needs, ref)).map(({ status }) => status)
        assert.deepEqual(
          statuses.filter((status) => status !== 'canceled'),
          ['succeeded'],
        )
        assert.equal((await statusesOf(market, ref)).filter((status) => status !== 'stopped').join(), 'paid')
        await assertExact()
      })
    }
  }
}

test('PostgreSQL refuses a second open payment for a piece of work, and to call one paid that is none', async () => {
  const [kim] = await owners(market, 'Kim')
  const ref = desk.work(1_000)
  await startFunding(needs, orderOf(kim, ref, 1_000))
  const write = (status: string, ended: string): Promise<unknown> =>
    market.db.rows(
      `insert into card_funding (id, ref, user_id, amount_cents, description, status, created_at, due_at, ended_at)
       values (uuid7(), $1, $2, 1000, '', $3, app_now(), app_now(), $4::timestamptz)`,
      [ref, kim.userId, status, ended],
    )
  await assert.rejects(
    market.db.rows(`update card_funding set amount_cents = 49 where ref = $1`, [ref]),
    /amount_cents/,
  )
  await assert.rejects(write('paid', 'now'), /funding_payment/)
  await assert.rejects(
    market.db.rows(
      `insert into card_funding (id, ref, user_id, amount_cents, description, created_at, due_at)
       values (uuid7(), $1, $2, 1000, '', app_now(), app_now())`,
      [ref, kim.userId],
    ),
    /funding_open/,
  )
})

test('paid, and the work changed before anybody heard of it: whoever asks again is told, and the money goes back', async () => {
  const [lea] = await owners(market, 'Lea')
  const ref = desk.work(1_100)
  const started = await startFunding(needs, orderOf(lea, ref, 1_100))
  await pay(market, started)
  desk.change(ref, null)
  await assert.rejects(startFunding(needs, orderOf(lea, ref, 1_100)), { code: 'funding_stopped' })
  assert.deepEqual(await moneyOf(market, lea, ref), { ...nothing, clearing: 1_100 })
  await assertExact()
  const [event] = await market.db.rows<{ data: object }>(
    `select data from event where name = 'wallet.refunded' and parties = array[$1::uuid]`,
    [lea.userId],
  )
  assert.partialDeepStrictEqual(event!.data, { ref, amount_cents: 1_100, status: 'paid' })
})

test('a definite no of the provider is said, and nothing of it is left', async () => {
  const [dora] = await owners(market, 'Dora')
  const ref = desk.work(60)
  await market.db.rows(`update app_user set stripe_customer_id = 'cus_nobody' where id = $1`, [dora.userId])
  await assert.rejects(startFunding(needs, orderOf(dora, ref, 60)), { code: 'provider_refused', message: /cus_nobody/ })
  assert.deepEqual(await statusesOf(market, ref), ['stopped'])
})

test('at another amount the older payment is ended first; one of the older amount goes back to its card', async () => {
  const [emma] = await owners(market, 'Emma')
  const ref = desk.work(1_000)
  const older = await startFunding(needs, orderOf(emma, ref, 1_000))
  desk.change(ref, 1_500)
  const newer = await startFunding(needs, orderOf(emma, ref, 1_500))
  assert.notEqual(newer.payment_intent_id, older.payment_intent_id)
  assert.equal(await pay(market, older), 410)
  assert.deepEqual(await statusesOf(market, ref), ['stopped', 'open'])
  // Paid just before the work changed, and the market hears of it afterwards.
  assert.equal(await pay(market, newer), 303)
  desk.change(ref, 1_200)
  const newest = await startFunding(needs, orderOf(emma, ref, 1_200))
  await heard(needs, newer.payment_intent_id)
  assert.deepEqual(await moneyOf(market, emma, ref), { ...nothing, clearing: 1_500 })
  assert.equal(await pay(market, newest), 303)
  await heard(needs, newest.payment_intent_id)
  assert.deepEqual(await statusesOf(market, ref), ['stopped', 'unwanted', 'paid'])
  await assertExact()
  assert.deepEqual(await moneyOf(market, emma, ref), { ...nothing, escrow: 1_200 })
  assert.equal((await madeAt(market, 'refund')).at(-1)!.amount, 1_500)
})

test('work that wants it no more: unpaid it is ended at the provider, paid it goes back to its card, whichever is heard first', async () => {
  const [finn] = await owners(market, 'Finn')
  const [unpaid, before, afterwards, unheard] = [desk.work(300), desk.work(400), desk.work(500), desk.work(600)]
  const started = await startFunding(needs, orderOf(finn, unpaid, 300))
  await stopFunding(market.db, unpaid)
  await lookUpFundings(needs)
  assert.equal((await paymentsAt(needs, unpaid))[0]!.status, 'canceled')
  assert.equal(await pay(market, started), 410)
  assert.deepEqual(await statusesOf(market, unpaid), ['stopped'])

  // Stopped; its message comes before the background has looked.
  const first = await startFunding(needs, orderOf(finn, before, 400))
  await pay(market, first)
  await stopFunding(market.db, before)
  for (let told = 0; told < 3; told++) await heard(needs, first.payment_intent_id)
  assert.deepEqual(await moneyOf(market, finn, before), { ...nothing, clearing: 400 })
  await stopFunding(market.db, before)

  // Stopped; the background finds it paid when it wants to end it.
  const second = await startFunding(needs, orderOf(finn, afterwards, 500))
  await stopFunding(market.db, afterwards)
  await pay(market, second)
  await lookUpFundings(needs)
  assert.deepEqual(await statusesOf(market, afterwards), ['unwanted'])

  // The desk has said nothing; asked, it does not want it.
  const third = await startFunding(needs, orderOf(finn, unheard, 600))
  await pay(market, third)
  desk.change(unheard, null)
  await heard(needs, third.payment_intent_id)
  assert.equal((await walletOf(finn)).pending_cents, 400 + 500 + 600)
  await assertExact()
  for (const ref of [before, afterwards, unheard]) assert.deepEqual(await moneyOf(market, finn, ref), nothing)
  assert.equal((await walletOf(finn)).pending_cents, 0)
  const refunds = (await madeAt(market, 'refund')).slice(-3).map(({ amount }) => amount)
  assert.deepEqual(refunds.sort(), [400, 500, 600])
})

test('a message that never comes costs a minute; a payment nobody thinks of is ended after fifteen days', async () => {
  const [greta] = await owners(market, 'Greta')
  const [ref, forgotten] = [desk.work(700), desk.work(800)]
  const started = await startFunding(needs, orderOf(greta, ref, 700))
  await pay(market, started)
  const left = await startFunding(needs, orderOf(greta, forgotten, 800))
  await lookUpFundings(needs)
  assert.deepEqual(await statusesOf(market, ref), ['open'])
  await moveClock(market, 61)
  await lookUpFundings(needs)
  assert.deepEqual(await moneyOf(market, greta, ref), { ...nothing, escrow: 700 })
  for (const days of [14, 1]) {
    assert.deepEqual(await statusesOf(market, forgotten), ['open'])
    await moveClock(market, days * 86_400)
    await lookUpFundings(needs)
  }
  assert.deepEqual(await statusesOf(market, forgotten), ['stopped'])
  assert.equal(await pay(market, left), 410)
  await assertExact()
})

test('a key that may spend so much a day: counted when the payment begins, and no more once it has ended unpaid', async () => {
  const [hugo] = await owners(market, 'Hugo')
  const limited = { lineage: `key:${hugo.userId}`, spendLimit: 1_000 }
  const [one, two, three] = [desk.work(700), desk.work(400), desk.work(300)]
  const started = await startFunding(needs, orderOf(hugo, one, 700, limited))
  await startFunding(needs, orderOf(hugo, one, 700, limited))
  await assert.rejects(startFunding(needs, orderOf(hugo, two, 400, limited)), { code: 'spend_limit_reached' })
  assert.deepEqual(await statusesOf(market, two), [], 'nothing of it is left')
  // The same work at less: what was counted for more counts no longer.
  desk.change(one, 650)
  const less = await startFunding(needs, orderOf(hugo, one, 650, limited))
  await startFunding(needs, orderOf(hugo, three, 300, limited))
  const spent = async (): Promise<number> =>
    (await market.db.rows<{ spent: number }>(`select spent from mandate_day where lineage = $1`, [limited.lineage]))[0]!
      .spent
  assert.equal(await spent(), 950)
  assert.equal(await pay(market, started), 410)
  await pay(market, less)
  await heard(needs, less.payment_intent_id)
  await stopFunding(market.db, three)
  await lookUpFundings(needs)
  await lookUpFundings(needs)
  assert.equal(await spent(), 650)
  await assertExact()
})

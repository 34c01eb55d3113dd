import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { autoTopUpErrand, startCharges } from '../../src/core/payments/auto-charge.ts'
import { lookUpCardSetups } from '../../src/core/payments/card.ts'
import { bookFees } from '../../src/core/payments/fees.ts'
import { readIntent } from '../../src/core/payments/intent.ts'
import { pursue } from '../../src/core/payments/pursue.ts'
import { fund, post, refused, walletOf, went } from '../journeys/desk.ts'
import { ask, type Person, startTestMarket } from '../support/market.ts'
import { assertBooked, autoTopUpOf, madeAt, needsOf, owners, settleAll } from './stage.ts'
import '../support/impatient.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const needs = needsOf(market)
const door = market.stripe

interface Setup {
  readonly client_secret: string
  readonly url: string
}

/** Saves a card on the twin's form. */
async function withCard(person: Person): Promise<Person> {
  const setup = went(await person.ask<Setup>('POST', '/api/wallet/setup-payment-method'))
  assert.match(setup.client_secret, /^seti_\w+_secret_\w+$/)
  await ask(market.url, 'POST', setup.url)
  await lookUpCardSetups(market.db, needs.stripe, needs.log)
  assert.equal((await autoTopUpOf(person)).card?.last4, '4242')
  return person
}

/** Does what the worker does: writes the charges that are due, and asks for them. */
async function chargeAll(): Promise<string[]> {
  const started = await startCharges(market.db)
  for (const id of started) await pursue(needs, id)
  return started
}

test('a card is saved on the provider’s form, and the wallet fills itself up from it when a job takes it below the threshold', async () => {
  const [ada] = await owners(market, 'Ada')
  assert.deepEqual(await autoTopUpOf(ada), {
    enabled: false,
    amount_cents: null,
    threshold_cents: null,
    max_per_day_cents: null,
    charged_today_cents: 0,
    paused_at: null,
    paused_reason: null,
    card: null,
  })
  const wish = { enabled: true, amount_cents: 2_000, threshold_cents: 1_000 }
  refused(await ada.ask('POST', '/api/wallet/auto-topup', wish), 400, 'card_required')
  await withCard(ada)
  refused(await ada.ask('POST', '/api/wallet/auto-topup', { enabled: true }), 400, 'auto_topup_incomplete')
  for (const wrong of [{ threshold_cents: 2_001 }, { max_per_day_cents: 1_999 }, { amount_cents: 6_000 }])
    refused(await ada.ask('POST', '/api/wallet/auto-topup', { ...wish, ...wrong }), 400, 'invalid_input')
  await fund(market, ada, 1_400)
  went(await ada.ask('POST', '/api/wallet/auto-topup', wish))
  assert.deepEqual(await chargeAll(), [], 'enough is there')
  await post(ada, { price_cents: 500 })
  assert.equal((await chargeAll()).length, 1)
  assert.deepEqual(await chargeAll(), [], 'once')
  const wallet = await walletOf(ada)
  const [payment] = await madeAt(market, 'payment_intent')
  assert.deepEqual([wallet.balance_cents, wallet.withdrawable_cents], [2_900, 0])
  assert.equal(wallet.ledger[0]!.reason, `auto_topup:${payment!.id}`)
  assert.equal((await autoTopUpOf(ada)).charged_today_cents, 2_000)
  // What the provider keeps of it is booked as its own books say.
  assert.equal(await bookFees(market.db, needs.stripe, needs.log), 1)
  const [fee] = await market.db.rows<{ amount: number }>(
    `select amount from transfer where kind = 'stripe_fee' and source = 'fee:' || $1`,
    [payment!.id],
  )
  assert.equal(fee!.amount, 88, '2.9 % of $20.00 and 30 cents')
  await assertBooked(market)
})

test('no more a day than its owner allows, counted in the database; the next day goes on', async () => {
  const [bea] = await owners(market, 'Bea')
  await withCard(bea)
  went(
    await bea.ask('POST', '/api/wallet/auto-topup', {
      enabled: true,
      amount_cents: 1_000,
      threshold_cents: 1_000,
      max_per_day_cents: 2_500,
    }),
  )
  for (const charged of [1, 0]) {
    assert.equal((await chargeAll()).length, charged)
  }
  await post(bea, { price_cents: 1_000 })
  assert.equal((await chargeAll()).length, 1)
  await post(bea, { price_cents: 1_000 })
  assert.equal((await chargeAll()).length, 0, 'a third would be $30.00')
  assert.equal((await walletOf(bea)).balance_cents, 0)
  await market.db.rows(`update app_clock set skew = skew + interval '1 day'`)
  assert.equal((await chargeAll()).length, 1)
  assert.equal((await walletOf(bea)).balance_cents, 1_000)
  await assert.rejects(
    market.db.rows(`update auto_topup set day_cents = 2600 where user_id = $1`, [bea.userId]),
    /auto_topup_cap/,
  )
  await assertBooked(market)
})

test('a declined card pauses it and says why; setting it again goes on, and the day is not counted', async () => {
  const [cleo] = await owners(market, 'Cleo')
  await withCard(cleo)
  const wish = { enabled: true, amount_cents: 2_000, threshold_cents: 500, max_per_day_cents: 2_000 }
  went(await cleo.ask('POST', '/api/wallet/auto-topup', wish))
  await door.fault('card_declined', { decline_code: 'insufficient_funds' })
  assert.equal((await chargeAll()).length, 1)
  const paused = await autoTopUpOf(cleo)
  assert.match(paused.paused_reason!, /insufficient funds/)
  assert.deepEqual([paused.enabled, paused.charged_today_cents], [true, 0])
  assert.deepEqual(await chargeAll(), [], 'paused')
  const [told] = await market.db.rows<{ n: number }>(
    `select count(*) as n from event where name = 'wallet.auto_topup_paused' and $1::uuid = any (parties)`,
    [cleo.userId],
  )
  assert.equal(told!.n, 1)
  assert.equal(went(await cleo.ask('POST', '/api/wallet/auto-topup', { enabled: true })).paused_at, null)
  assert.equal((await chargeAll()).length, 1)
  assert.equal((await walletOf(cleo)).balance_cents, 2_000)
  await assertBooked(market)
})

for (const how of ['cut', 'error'] as const) {
  for (const applied of [true, false]) {
    test(`the answer to a charge is lost (${how}, ${applied ? 'done' : 'not done'}): it is looked up, also a day later, and booked once`, async () => {
      const [dora] = await owners(market, 'Dora')
      await withCard(dora)
      went(await dora.ask('POST', '/api/wallet/auto-topup', { enabled: true, amount_cents: 700, threshold_cents: 700 }))
      const before = (await madeAt(market, 'charge')).length
      await door.fault('answer_lost', { how, applied }, { times: 3, match: { path: '/v1/payment_intents' } })
      const [id] = await chargeAll()
      assert.deepEqual(await chargeAll(), [], 'one in flight')
      const balance = (await walletOf(dora)).balance_cents
      if (balance === 0) await door.advance(25 * 3_600)
      await door.clear()
      await settleAll(market)
      assert.equal((await madeAt(market, 'charge')).length, before + 1)
      assert.equal((await walletOf(dora)).balance_cents, 700)
      assert.deepEqual(await market.db.rows(`select status from provider_intent where id = $1`, [id]), [
        { status: 'done' },
      ])
      await assertBooked(market)
    })
  }
}

test('while a charge is being booked no second one is started, though its intent is no longer open to whoever waited', async () => {
  const [emma] = await owners(market, 'Emma')
  await withCard(emma)
  went(await emma.ask('POST', '/api/wallet/auto-topup', { enabled: true, amount_cents: 900, threshold_cents: 900 }))
  const [id] = await startCharges(market.db)
  let second: Promise<string[]> = Promise.resolve([])
  await market.db.transaction(async (sql) => {
    await autoTopUpErrand.book(sql, (await readIntent(sql, id!))!, 'pi_being_booked')
    second = startCharges(market.db)
    // Time enough to have looked at the wallet as it was, and to be in the way of what is being booked.
    await sleep(300)
  })
  assert.deepEqual(await second, [])
  assert.deepEqual(await startCharges(market.db), [])
  assert.equal((await walletOf(emma)).balance_cents, 900)
  await assertBooked(market)
})

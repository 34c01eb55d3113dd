import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { chargeback } from '../../src/core/payments/chargeback.ts'
import { bookFees } from '../../src/core/payments/fees.ts'
import type { DisputedFunding, FundingDesk } from '../../src/core/payments/funding/desk.ts'
import { startFunding } from '../../src/core/payments/funding/start.ts'
import { startPayout } from '../../src/core/payments/payouts/start.ts'
import { lockPayout, noteGivenAgain, noteTaken } from '../../src/core/payments/payouts/take-back.ts'
import { moveClock, walletOf } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import { assertBooked, owners, paid, settleAll } from '../wallet/stage.ts'
import { funded, fundingNeeds, moneyOf, nothing, orderOf, pay, returned, statusesOf, wishes } from './funding-stage.ts'
import { compareNow } from './stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const desk = wishes()
const needs = fundingNeeds(market, desk)
const { db, stripe } = needs

const disputed = async (payment: string, amount?: number): Promise<string> =>
  (await market.stripe.dispute({ payment_intent: payment }, amount ? { amount } : {})).id
/** Its messages come, more than once. */
async function told(dispute: string, of: FundingDesk = desk): Promise<void> {
  for (let times = 0; times < 3; times++) await chargeback(db, stripe, of, dispute)
}
async function assertExact(): Promise<void> {
  await settleAll(market)
  await moveClock(market, 61)
  while ((await bookFees(db, stripe, needs.log)) > 0);
  await assertBooked(market)
  const { differences, in_flight } = await compareNow(market)
  assert.deepEqual([differences, in_flight], [[], 0])
}

test('taken out of what is held for the work, and nothing else; won, it is held again', async () => {
  const [ada] = await owners(market, 'Ada')
  const ref = desk.work(3_000)
  await paid(market, ada, 1_000)
  const started = await funded(market, needs, ada, ref, 3_000)
  const wallet = { wallet: 1_000, card: 1_000 }
  const dispute = await disputed(started)
  await told(dispute)
  assert.deepEqual(await moneyOf(market, ada, ref), { ...nothing, ...wallet })
  await assertExact()
  await market.stripe.decide(dispute, 'won')
  await told(dispute)
  assert.deepEqual(await moneyOf(market, ada, ref), { ...nothing, ...wallet, escrow: 3_000 })
  assert.equal(await returned(market, { ref, user: ada.userId, source: 'card', amount: 3_000 }), 3_000)
  await assertExact()
  assert.deepEqual(await moneyOf(market, ada, ref), { ...nothing, ...wallet })
})

test('a part of it is taken: what is left may go back; won after that, the part is card money of the payer', async () => {
  const [bea] = await owners(market, 'Bea')
  const ref = desk.work(2_000)
  const dispute = await disputed(await funded(market, needs, bea, ref, 2_000), 800)
  await told(dispute)
  assert.deepEqual(await moneyOf(market, bea, ref), { ...nothing, escrow: 1_200 })
  assert.equal(await returned(market, { ref, user: bea.userId, source: 'card', amount: 2_000 }), 1_200)
  // The provider refunds nothing of a payment that is disputed: it is the wallet's.
  await settleAll(market)
  assert.deepEqual(await moneyOf(market, bea, ref), { ...nothing, wallet: 1_200, card: 1_200 })
  await market.stripe.decide(dispute, 'won')
  await told(dispute)
  assert.deepEqual(await moneyOf(market, bea, ref), { ...nothing, wallet: 2_000, card: 2_000 })
  await assertExact()
})

test('all of it is taken and the work ends: there is nothing to give back, and won money is the payer’s', async () => {
  const [cleo] = await owners(market, 'Cleo')
  const ref = desk.work(500)
  const dispute = await disputed(await funded(market, needs, cleo, ref, 500))
  await told(dispute)
  assert.equal(await returned(market, { ref, user: cleo.userId, source: 'card', amount: 500 }), 0)
  assert.deepEqual(await statusesOf(market, ref), ['given_back'])
  await market.stripe.decide(dispute, 'won')
  await told(dispute)
  assert.deepEqual(await moneyOf(market, cleo, ref), { ...nothing, wallet: 500, card: 500 })
  await assertExact()
})

test('after the work was paid for: the payer’s wallet bears it, then it is owed; won, both are as before', async () => {
  const [dora] = await owners(market, 'Dora')
  const ref = desk.work(4_000)
  await paid(market, dora, 1_500)
  const started = await funded(market, needs, dora, ref, 4_000)
  await db.rows(
    `select ledger_post('milestone_settled', $1, $1, 'USD', array['escrow:' || $1], array['platform:fees'], array[4000::bigint])`,
    [ref],
  )
  const dispute = await disputed(started)
  await told(dispute)
  assert.deepEqual(await moneyOf(market, dora, ref), { ...nothing, debt: 2_500 })
  await market.stripe.decide(dispute, 'won')
  await told(dispute)
  assert.deepEqual(await moneyOf(market, dora, ref), { ...nothing, wallet: 1_500, card: 1_500 })
  await assertExact()
})

test('heard of before the payment itself: booked first, then taken; lost, it stays taken', async () => {
  const [emma] = await owners(market, 'Emma')
  const [ref, unwanted] = [desk.work(900), desk.work(700)]
  const started = await startFunding(needs, orderOf(emma, ref, 900))
  await pay(market, started)
  const dispute = await disputed(started.payment_intent_id)
  await told(dispute)
  assert.deepEqual(await statusesOf(market, ref), ['paid'])
  await market.stripe.decide(dispute, 'lost')
  await told(dispute)
  assert.deepEqual(await moneyOf(market, emma, ref), nothing)
  // On its way back to its card when the bank takes it: it cannot go there twice, so it comes back and repays.
  const other = await startFunding(needs, orderOf(emma, unwanted, 700))
  await pay(market, other)
  desk.change(unwanted, null)
  await told(await disputed(other.payment_intent_id))
  assert.deepEqual(await moneyOf(market, emma, unwanted), { ...nothing, clearing: 700, debt: 700 })
  await settleAll(market)
  assert.deepEqual(await moneyOf(market, emma, unwanted), nothing)
  await assertExact()
})

test('the desk is told before anything is taken, and says whether its work takes back what was won', async () => {
  const [finn] = await owners(market, 'Finn')
  for (const isThere of [true, false]) {
    const heardOf: DisputedFunding[] = []
    const aware: FundingDesk = {
      ...desk,
      paymentDisputed: async (sql, of) => {
        const [held] = await sql.rows<{ cents: number }>(`select ledger_held($1) as cents`, [of.ref])
        assert.equal(held!.cents, of.status === 'taken' ? 600 : 0)
        heardOf.push(of)
        return isThere
      },
    }
    const ref = desk.work(600)
    const payment = await funded(market, needs, finn, ref, 600)
    const wallet = (await walletOf(finn)).balance_cents
    const dispute = await disputed(payment)
    await told(dispute, aware)
    await market.stripe.decide(dispute, 'won')
    await told(dispute, aware)
    assert.deepEqual(
      heardOf.map(({ status, ref: of, paymentId, disputeId, amount }) => [status, of, paymentId, disputeId, amount]),
      ['taken', 'won'].map((status) => [status, ref, payment, dispute, 600]),
    )
    const { escrow, wallet: after } = await moneyOf(market, finn, ref)
    assert.deepEqual([escrow, after - wallet], isThere ? [600, 0] : [0, 600])
  }
  await assertExact()
})

test('the order is escrow, the worker’s pending part, the payer’s wallet, debt; and the way back is the same', async () => {
  const [greta, hugo] = await owners(market, 'Greta', 'Hugo')
  const ref = desk.work(1_000)
  await funded(market, needs, greta, ref, 1_000)
  const post = (kind: string, from: string, to: string, cents: number): Promise<unknown> =>
    db.rows(`select ledger_post($1, $2, $1 || $2, 'USD', array[$3], array[$4], array[$5::bigint])`, [
      kind,
      ref,
      from,
      to,
      cents,
    ])
  await post('milestone_released', `escrow:${ref}`, `pending:${hugo.userId}`, 600)
  await post('earned', 'platform:unclaimed', `pending:${hugo.userId}`, 5_000)
  await post('earned_too', 'platform:unclaimed', `wallet:${greta.userId}`, 150)
  const works = [
    { ref, amount: 600 },
    { ref: `${ref}:other`, amount: 5_000 },
  ]
  for (const { ref: of, amount } of works)
    await db.transaction((sql) => startPayout(sql, { ref: of, user: hugo.userId, amount, days: 3 }))
  const payout = (await lockPayout(db, ref))!
  const pendingOf = async (): Promise<number> => (await walletOf(hugo)).pending_cents
  const before = { ...nothing, escrow: 400, wallet: 150 }
  assert.deepEqual([await moneyOf(market, greta, ref), await pendingOf()], [before, 5_600])
  const [owed] = await db.rows<{ debt: number }>(
    `select ledger_chargeback($1, 'dispute:du_order', 1200, $2, $3, 600) as debt`,
    [greta.userId, ref, hugo.userId],
  )
  assert.equal(owed!.debt, 50)
  await noteTaken(db, payout, 'dispute:du_order')
  assert.deepEqual([await moneyOf(market, greta, ref), await pendingOf()], [{ ...nothing, debt: 50 }, 5_000])
  await assertBooked(market)
  await db.rows(`select ledger_chargeback_won($1, 'dispute:du_order')`, [greta.userId])
  await noteGivenAgain(db, payout, 'dispute:du_order')
  assert.deepEqual([await moneyOf(market, greta, ref), await pendingOf()], [before, 5_600])
  await assertBooked(market)
})

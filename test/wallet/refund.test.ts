import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { refundChanged } from '../../src/core/payments/card-refund.ts'
import type { Refunded } from '../../src/core/payments/refund.ts'
import { cardPartOf, post, refused, walletOf, went } from '../journeys/desk.ts'
import { type Answer, type Person, startTestMarket } from '../support/market.ts'
import { assertBooked, earn, madeAt, needsOf, owners, paid, settleAll } from './stage.ts'
import '../support/impatient.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const needs = needsOf(market)

const giveBack = (person: Person, cents?: number): Promise<Answer<Refunded>> =>
  person.ask('POST', '/api/wallet/refund', cents === undefined ? {} : { amount_cents: cents })
const refundsMade = async (): Promise<number[]> => (await madeAt(market, 'refund')).map(({ amount }) => amount)

test('unspent top-ups go back to their cards, the newest first, over as many payments as it takes; what was earned stays', async () => {
  const [ada] = await owners(market, 'Ada')
  refused(await giveBack(ada), 400, 'nothing_to_refund')
  for (const cents of [1_000, 2_000, 500]) await paid(market, ada, cents)
  await earn(market, ada, 300)
  const asked = went(await giveBack(ada, 1_100))
  assert.deepEqual(
    [asked.status, asked.amount_cents, asked.parts.map(({ amount_cents }) => amount_cents)],
    ['refunded', 1_100, [500, 600]],
  )
  assert.deepEqual(await refundsMade(), [500, 600])
  // A job takes card money first: 2,400 are left of it.
  await post(ada, { price_cents: 1_000 })
  const { refundable_cents: most } = refused(await giveBack(ada, 1_401), 402, 'more_than_refundable')
  assert.equal(most, 1_400)
  const rest = went(await giveBack(ada))
  assert.deepEqual([rest.amount_cents, rest.parts.map((part) => part.amount_cents)], [1_400, [1_400]])
  refused(await giveBack(ada), 400, 'nothing_to_refund')
  const wallet = await walletOf(ada)
  assert.deepEqual([wallet.balance_cents, wallet.withdrawable_cents], [300, 300])
  assert.deepEqual(
    wallet.ledger.slice(0, 2).map(({ reason }) => reason.split(':')[0]),
    ['card_refund', 'job'],
  )
  await assertBooked(market)
})

test('a definite refusal of one part is card money again, and may be asked for again', async () => {
  const [bea] = await owners(market, 'Bea')
  const older = await paid(market, bea, 700)
  await paid(market, bea, 600)
  await market.stripe.fault('refund_refused', { message: 'The card is closed.' }, { match: { payment_intent: older } })
  const answer = went(await giveBack(bea))
  assert.deepEqual(
    [answer.status, answer.amount_cents, answer.parts.map(({ status }) => status)],
    ['partly_refused', 600, ['refunded', 'refused']],
  )
  assert.deepEqual([(await walletOf(bea)).balance_cents, await cardPartOf(market, bea)], [700, 700])
  await market.stripe.fault('refund_refused', { message: 'The card is closed.' })
  assert.match(refused(await giveBack(bea), 400, 'provider_refused').error, /The card is closed/)
  assert.deepEqual([(await walletOf(bea)).balance_cents, await cardPartOf(market, bea)], [700, 700])
  went(await giveBack(bea))
  assert.equal((await walletOf(bea)).balance_cents, 0)
  await assertBooked(market)
})

test('a pending refund stays in clearing until it arrives; one that fails, then or later, is card money again', async () => {
  const [cleo] = await owners(market, 'Cleo')
  await paid(market, cleo, 1_000)
  await market.stripe.fault('refund_pending')
  assert.equal(went(await giveBack(cleo, 400)).status, 'pending')
  assert.deepEqual([(await walletOf(cleo)).balance_cents, (await walletOf(cleo)).pending_cents], [600, 400])
  const { id } = (await madeAt(market, 'refund')).at(-1)!
  await market.stripe.refund(id, 'succeeded')
  await refundChanged(market.db, needs.stripe, id)
  assert.equal((await walletOf(cleo)).pending_cents, 0)
  // The bank sends it back, days later; told twice.
  await market.stripe.refund(id, 'failed')
  for (let told = 0; told < 2; told++) await refundChanged(market.db, needs.stripe, id)
  const wallet = await walletOf(cleo)
  assert.deepEqual([wallet.balance_cents, await cardPartOf(market, cleo), wallet.withdrawable_cents], [1_000, 1_000, 0])
  await market.stripe.fault('refund_pending')
  went(await giveBack(cleo, 1_000))
  await market.stripe.refund((await madeAt(market, 'refund')).at(-1)!.id, 'failed')
  await settleAll(market)
  assert.deepEqual([(await walletOf(cleo)).balance_cents, await cardPartOf(market, cleo)], [1_000, 1_000])
  went(await giveBack(cleo))
  assert.equal((await walletOf(cleo)).balance_cents, 0)
  await assertBooked(market)
})

for (const how of ['cut', 'error'] as const) {
  for (const applied of [true, false]) {
    test(`the answer to a refund is lost (${how}, ${applied ? 'done' : 'not done'}) and a day passes: looked up, refunded once`, async () => {
      const [dora] = await owners(market, 'Dora')
      await paid(market, dora, 900)
      const before = (await refundsMade()).length
      await market.stripe.fault('answer_lost', { how, applied }, { times: 3, match: { path: '/v1/refunds' } })
      const { status } = went(await giveBack(dora, 350))
      assert.equal((await walletOf(dora)).balance_cents, 550)
      await market.stripe.clear()
      if (status === 'pending') await market.stripe.advance(25 * 3_600)
      await settleAll(market)
      assert.deepEqual((await refundsMade()).slice(before), [350])
      assert.deepEqual([(await walletOf(dora)).balance_cents, (await walletOf(dora)).pending_cents], [550, 0])
      await assertBooked(market)
    })
  }
}

test('PostgreSQL refuses to give back more of a payment than it was, and to call anything else card money', async () => {
  const [emma] = await owners(market, 'Emma')
  const payment = await paid(market, emma, 500)
  await assert.rejects(
    market.db.rows(`update card_payment set refunded_cents = 501 where id = $1`, [payment]),
    /card_payment_refunded/,
  )
  await earn(market, emma, 1_000)
  const [row] = await market.db.rows<{ outcome: string }>(
    `select ledger_post('card_refund', 'x', 'x', 'USD', array['wallet:' || $1], array['clearing:x'], array[501::bigint]) as outcome`,
    [emma.userId],
  )
  assert.equal(row!.outcome, 'short')
})

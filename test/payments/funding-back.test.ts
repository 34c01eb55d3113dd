import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { refundChanged } from '../../src/core/payments/card-refund.ts'
import { bookFees } from '../../src/core/payments/fees.ts'
import { pursueDue } from '../../src/core/payments/pursue.ts'
import { moveClock, refused, walletOf, went } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import { assertBooked, madeAt, owners, paid, settleAll } from '../wallet/stage.ts'
import { funded, fundingNeeds, moneyOf, nothing, returned, statusesOf, wishes } from './funding-stage.ts'
import { compareNow } from './stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const desk = wishes()
const needs = fundingNeeds(market, desk)
const nameOf = (ref: string): string => ref.split(':')[1]!

async function assertExact(): Promise<void> {
  await settleAll(market)
  await moveClock(market, 61)
  while ((await bookFees(market.db, needs.stripe, needs.log)) > 0);
  await assertBooked(market)
  const { differences, in_flight } = await compareNow(market)
  assert.deepEqual([differences, in_flight], [[], 0])
}

test('what came from a wallet goes back into it as the money it was, once, and no more than is held', async () => {
  const [ada] = await owners(market, 'Ada')
  const ref = desk.work(900)
  await paid(market, ada, 500)
  for (const [kind, from, to, cents] of [
    ['earned', 'platform:unclaimed', `wallet:${ada.userId}`, 500],
    ['milestone_paid', `wallet:${ada.userId}`, `escrow:${ref}`, 900],
  ] as const)
    await market.db.rows(`select ledger_post($1, $2, $2, 'USD', array[$3], array[$4], array[$5::bigint])`, [
      kind,
      ref,
      from,
      to,
      cents,
    ])
  assert.deepEqual(await moneyOf(market, ada, ref), { ...nothing, escrow: 900, wallet: 100 })
  const order = { ref, user: ada.userId, source: 'wallet', amount: 900 } as const
  assert.deepEqual([await returned(market, order), await returned(market, order)], [900, 0])
  assert.deepEqual(await moneyOf(market, ada, ref), { ...nothing, wallet: 1_000, card: 500 })
  const [line] = (await walletOf(ada)).ledger
  assert.deepEqual([line!.delta, line!.reason], [900, `refund:${nameOf(ref)}`])
  await assertExact()
})

test('what came from a card goes back to it: on its way, then gone, and the wallet has no part in it', async () => {
  const [bea] = await owners(market, 'Bea')
  const ref = desk.work(4_000)
  await paid(market, bea, 600)
  await funded(market, needs, bea, ref, 4_000)
  const before = await moneyOf(market, bea, ref)
  assert.deepEqual(before, { ...nothing, escrow: 4_000, wallet: 600, card: 600 })
  const order = { ref, user: bea.userId, source: 'card', amount: 4_000 } as const
  assert.equal(await returned(market, order), 4_000)
  assert.deepEqual(await moneyOf(market, bea, ref), { ...before, escrow: 0, clearing: 4_000 })
  assert.equal((await walletOf(bea)).pending_cents, 4_000)
  assert.equal(await returned(market, order), 0, 'a second time there is nothing')
  await settleAll(market)
  assert.deepEqual(await moneyOf(market, bea, ref), { ...before, escrow: 0 })
  assert.equal((await walletOf(bea)).pending_cents, 0)
  assert.equal((await madeAt(market, 'refund')).at(-1)!.amount, 4_000)
  assert.deepEqual(await statusesOf(market, ref), ['given_back'])
  await assertExact()
})

test('a card whose bank refuses, at once or days later: card money of the wallet, which may be spent and not taken out', async () => {
  const [cleo] = await owners(market, 'Cleo')
  const [refusedAtOnce, bounced] = [desk.work(1_000), desk.work(2_000)]
  const first = await funded(market, needs, cleo, refusedAtOnce, 1_000)
  await market.stripe.fault('refund_refused', { message: 'The card is closed.' }, { match: { payment_intent: first } })
  await returned(market, { ref: refusedAtOnce, user: cleo.userId, source: 'card', amount: 1_000 })
  await settleAll(market)
  assert.deepEqual(await moneyOf(market, cleo, refusedAtOnce), { ...nothing, wallet: 1_000, card: 1_000 })
  assert.equal((await walletOf(cleo)).ledger[0]!.reason, `refund:${nameOf(refusedAtOnce)}`)

  await funded(market, needs, cleo, bounced, 2_000)
  await returned(market, { ref: bounced, user: cleo.userId, source: 'card', amount: 2_000 })
  await settleAll(market)
  const refund = (await madeAt(market, 'refund')).at(-1)!.id
  await market.stripe.refund(refund, 'failed')
  for (let told = 0; told < 3; told++) await refundChanged(market.db, needs.stripe, refund)
  assert.deepEqual(await moneyOf(market, cleo, bounced), { ...nothing, wallet: 3_000, card: 3_000 })
  const wallet = await walletOf(cleo)
  assert.deepEqual([wallet.withdrawable_cents, wallet.ledger[0]!.reason], [0, `refund:${nameOf(bounced)}`])
  // Its cards have refused it: there is none to ask again.
  refused(await cleo.ask('POST', '/api/wallet/refund'), 400, 'nothing_to_refund')
  await assertExact()
})

test('the refund of a wallet never takes a payment for work, however new it is', async () => {
  const [dora] = await owners(market, 'Dora')
  const ref = desk.work(5_000)
  const topUp = await paid(market, dora, 700)
  await funded(market, needs, dora, ref, 5_000)
  assert.equal(went(await dora.ask<{ amount_cents: number }>('POST', '/api/wallet/refund')).amount_cents, 700)
  const [intent] = await market.db.rows<{ target: string }>(`select target from provider_intent where user_id = $1`, [
    dora.userId,
  ])
  assert.equal(intent!.target, topUp)
  assert.deepEqual(await moneyOf(market, dora, ref), { ...nothing, escrow: 5_000 })
  await assertExact()
})

test('an answer that was lost about money on its way back: looked up, and back once', async () => {
  const [emma] = await owners(market, 'Emma')
  for (const [how, applied] of [
    ['cut', true],
    ['error', false],
  ] as const) {
    const ref = desk.work(800)
    await funded(market, needs, emma, ref, 800)
    const before = (await madeAt(market, 'refund')).length
    await market.stripe.fault('answer_lost', { how, applied }, { times: 3, match: { path: '/v1/refunds' } })
    await returned(market, { ref, user: emma.userId, source: 'card', amount: 800 })
    await pursueDue(needs)
    await market.stripe.clear()
    await moveClock(market, 25 * 3_600)
    await settleAll(market)
    assert.equal((await madeAt(market, 'refund')).length, before + 1)
    assert.deepEqual(await moneyOf(market, emma, ref), nothing)
  }
  await assertExact()
})

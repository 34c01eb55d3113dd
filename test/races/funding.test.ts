import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { chargeback } from '../../src/core/payments/chargeback.ts'
import { fundingChanged, lookUpFundings } from '../../src/core/payments/funding/settle.ts'
import { startFunding } from '../../src/core/payments/funding/start.ts'
import { stopFunding } from '../../src/core/payments/funding/stop.ts'
import { pursueDue } from '../../src/core/payments/pursue.ts'
import { moveClock } from '../journeys/desk.ts'
import {
  funded,
  fundingNeeds,
  moneyOf,
  nothing,
  orderOf,
  pay,
  paymentsAt,
  returned,
  statusesOf,
  wishes,
} from '../payments/funding-stage.ts'
import { startTestMarket } from '../support/market.ts'
import { assertBooked, madeAt, owners } from '../wallet/stage.ts'
import { contest, race } from './contest.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const desk = wishes()
const needs = fundingNeeds(market, desk)
const { db, stripe } = needs
const [ada, bea, cleo, dora, emma] = await owners(market, 'Ada', 'Bea', 'Cleo', 'Dora', 'Emma')

/** Whoever asks the provider in the background has had its turn. */
async function background(): Promise<void> {
  await moveClock(market, 61)
  while (await lookUpFundings(needs));
  await pursueDue(needs)
}

/** A little later: what it races with asks the provider first. */
const within = <T>(milliseconds: number, run: () => Promise<T>): Promise<T> =>
  sleep(Math.random() * milliseconds).then(run)

test('a payment that succeeds against work that lets go of it: held for the work, or back on its card, and never both', async (story) => {
  let refunds = (await madeAt(market, 'refund')).length
  await contest(story, ['paid', 'stopped'], async () => {
    const ref = desk.work(400)
    const started = await startFunding(needs, orderOf(ada, ref, 400))
    await pay(market, started)
    const payment = await stripe.paymentIntents.retrieve(started.payment_intent_id)
    await race(
      () => fundingChanged(needs, payment),
      () => stopFunding(db, ref),
      () => fundingChanged(needs, payment),
      () => lookUpFundings(needs),
    )
    await background()
    const made = (await madeAt(market, 'refund')).length - refunds
    refunds += made
    const isPaid = (await statusesOf(market, ref)).join() === 'paid'
    assert.deepEqual([await moneyOf(market, ada, ref), made], isPaid ? [{ ...nothing, escrow: 400 }, 0] : [nothing, 1])
    return isPaid ? 'paid' : 'stopped'
  })
  await assertBooked(market)
})

test('a payer who submits the card against work that lets go of it: ended unpaid, or paid and back on its card', async (story) => {
  await contest(story, ['paid', 'ended'], async () => {
    const ref = desk.work(500)
    const started = await startFunding(needs, orderOf(bea, ref, 500))
    await stopFunding(db, ref)
    const [status] = await race(
      () => within(12, () => pay(market, started)),
      () => lookUpFundings(needs),
    )
    await background()
    await background()
    const [payment] = await paymentsAt(needs, ref)
    assert.equal(payment!.status, status === 303 ? 'succeeded' : 'canceled')
    assert.deepEqual(await statusesOf(market, ref), [status === 303 ? 'unwanted' : 'stopped'])
    assert.deepEqual(await moneyOf(market, bea, ref), nothing)
    return status === 303 ? 'paid' : 'ended'
  })
  await assertBooked(market)
})

test('two begin the payment of one piece of work at once: both are given the same one', async (story) => {
  await contest(story, ['same'], async () => {
    const ref = desk.work(600)
    const begin = () => startFunding(needs, orderOf(cleo, ref, 600))
    const all = await race(begin, begin)
    assert.equal(new Set(all.map(({ client_secret }) => client_secret)).size, 1)
    assert.deepEqual(await statusesOf(market, ref), ['open'])
    await stopFunding(db, ref)
    await background()
    return 'same'
  })
})

test('two begin it at different amounts at once: one is open, and of the other nothing can be paid', async (story) => {
  await contest(story, ['700', '800'], async () => {
    const ref = desk.work(700)
    const begin = (amount: number) => () =>
      startFunding(needs, orderOf(cleo, ref, amount)).catch((error: { code?: string }) => {
        assert.equal(error.code, 'funding_stopped')
        return null
      })
    await race(begin(700), begin(800))
    await db.rows(`update card_funding set asked_at = asked_at - interval '1 hour' where ref = $1`, [ref])
    await background()
    const payable = (await paymentsAt(needs, ref)).filter(({ status }) => status !== 'canceled')
    assert.equal(payable.length, 1)
    assert.deepEqual(
      (await statusesOf(market, ref)).filter((status) => status !== 'stopped'),
      ['open'],
    )
    await stopFunding(db, ref)
    await background()
    return `${payable[0]!.amount}`
  })
})

for (const source of ['card', 'wallet'] as const) {
  test(`what a ${source} has paid is given back twice at once: once`, async (story) => {
    await contest(story, ['first', 'second'], async () => {
      const ref = desk.work(900)
      const before = await moneyOf(market, dora, ref)
      await funded(market, needs, dora, ref, 900)
      const back = () => returned(market, { ref, user: dora.userId, source, amount: 900 })
      const cents = await race(back, back)
      assert.deepEqual([...cents].sort(), [0, 900])
      const after = await moneyOf(market, dora, ref)
      assert.deepEqual(
        [after.escrow, after.clearing, after.wallet - before.wallet],
        source === 'card' ? [0, 900, 0] : [0, 0, 900],
      )
      await pursueDue(needs)
      return cents[0] === 900 ? 'first' : 'second'
    })
    await assertBooked(market)
  })
}

test('a bank takes a payment back against work that gives it back: the money leaves once, and what is missing is owed', async (story) => {
  await contest(story, ['bank', 'work'], async () => {
    const ref = desk.work(1_000)
    const payment = await funded(market, needs, emma, ref, 1_000)
    const { id } = await market.stripe.dispute({ payment_intent: payment })
    const owed = (await moneyOf(market, emma, ref)).debt
    const [cents] = await race(
      () => within(20, () => returned(market, { ref, user: emma.userId, source: 'card', amount: 1_000 })),
      () => chargeback(db, stripe, desk, id),
      () => chargeback(db, stripe, desk, id),
    )
    // Refused to the card, what was given back repays what the bank has taken.
    await pursueDue(needs)
    await pursueDue(needs)
    assert.deepEqual(await moneyOf(market, emma, ref), { ...nothing, debt: owed })
    return cents === 0 ? 'bank' : 'work'
  })
  await assertBooked(market)
})

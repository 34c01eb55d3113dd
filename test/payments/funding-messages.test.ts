import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startFunding } from '../../src/core/payments/funding/start.ts'
import { stopFunding } from '../../src/core/payments/funding/stop.ts'
import { type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { assertBooked, owners } from '../wallet/stage.ts'
import {
  fundingNeeds,
  moneyOf,
  nothing,
  orderOf,
  pay,
  returned,
  statusesOf,
  type Wishes,
  wishes,
} from './funding-stage.ts'
import { assertReconciled } from './stage.ts'

/** Four pieces of work are paid for: one keeps its money, one gives it back, one did not want it, one is never paid. */
async function walk(market: TestMarket, desk: Wishes, payer: Person, look: () => Promise<unknown>): Promise<void> {
  const needs = fundingNeeds(market, desk)
  const [kept, back, unwanted, unpaid] = [desk.work(1_000), desk.work(2_000), desk.work(3_000), desk.work(4_000)]
  for (const [ref, cents] of [
    [kept, 1_000],
    [back, 2_000],
    [unwanted, 3_000],
  ] as const) {
    const started = await startFunding(needs, orderOf(payer, ref, cents))
    if (ref === unwanted) desk.change(ref, null)
    assert.equal(await pay(market, started), 303)
  }
  const left = await startFunding(needs, orderOf(payer, unpaid, 4_000))
  await stopFunding(market.db, unpaid)
  const untilIs = (ref: string, status: string): Promise<unknown> =>
    until(`it is ${status}`, async () => {
      await look()
      return (await statusesOf(market, ref)).join() === status
    })
  await untilIs(back, 'paid')
  assert.equal(await returned(market, { ref: back, user: payer.userId, source: 'card', amount: 2_000 }), 2_000)
  await untilIs(kept, 'paid')
  await untilIs(unwanted, 'unwanted')
  await untilIs(unpaid, 'stopped')
  assert.equal(await pay(market, left), 410)
  await until('nothing is on its way', async () => {
    await look()
    const all = await Promise.all([back, unwanted, unpaid].map((ref) => moneyOf(market, payer, ref)))
    return all.every((money) => JSON.stringify(money) === JSON.stringify(nothing))
  })
  assert.deepEqual(await moneyOf(market, payer, kept), { ...nothing, escrow: 1_000 })
}

const scenes = {
  'come as they should': async () => {},
  'come three times each': ({ stripe }: TestMarket) => stripe.fault('webhook_duplicate', { copies: 3 }, { times: 500 }),
  'come hours late': ({ stripe }: TestMarket) => stripe.fault('webhook_delay', { seconds: 9_000 }, { times: 500 }),
  'come in batches of five, the last one first': async ({ stripe }: TestMarket) => {
    for (let batch = 0; batch < 20; batch++) await stripe.fault('webhook_reorder', {}, { times: 5 })
  },
  'never come': ({ stripe }: TestMarket) => stripe.fault('webhook_missing', {}, { times: 500 }),
}

for (const [how, prepare] of Object.entries(scenes)) {
  test(`messages ${how}: every payment for work is booked once, and the books agree`, async () => {
    const desk = wishes()
    const market = await startTestMarket({ desk })
    try {
      const [payer] = await owners(market, 'Payer')
      await prepare(market)
      const moves = how !== 'come as they should' && how !== 'come three times each'
      await walk(market, desk, payer, async () => {
        if (moves) await market.advance(31)
      })
      await market.stripe.clear()
      // Whatever is still on its way comes, after everything is over.
      await market.advance(9_001)
      await assertReconciled(market)
      await assertBooked(market)
    } finally {
      await market.close()
    }
  })
}

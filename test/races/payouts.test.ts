import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pursueDue } from '../../src/core/payments/pursue.ts'
import { movementsOf } from '../gigs/contract-stage.ts'
import { seen } from '../gigs/milestone-stage.ts'
import { moveClock } from '../journeys/desk.ts'
import {
  assertExact,
  empty,
  fundedWork,
  payOut,
  payoutNow,
  purseOf,
  release,
  releasedWork,
  sidesOf,
  told,
  transfersFor,
  type Work,
} from '../payments/payouts-stage.ts'
import { startTestMarket } from '../support/market.ts'
import { needsOf, settleAll } from '../wallet/stage.ts'
import { contest, race } from './contest.ts'
import '../support/impatient.ts'

// Payouts, releases and banks at the same moment. Each round has a deal of its own between the same two.
const market = await startTestMarket({ worker: false })
after(() => market.close())
const { db } = market
const sides = await sidesOf(market)
const { client: ada, worker: bob } = sides

/** Fifty applications a day are the most. */
const fresh = (): Promise<unknown> =>
  db.rows(
    `update application set created_at = created_at - interval '2 days' where created_at > app_now() - interval '1 day'`,
  )
const released = async (): Promise<Work> => fresh().then(() => releasedWork(market, {}, sides))
const funded = async (): Promise<Work> => fresh().then(() => fundedWork(market, {}, sides))

/** One of the two goes first by some milliseconds, now this one, now that one. */
const late = async <T>(n: number, side: 0 | 1, run: () => Promise<T>, most = 20): Promise<T> => {
  if (n % 2 === side) await sleep(Math.random() * most)
  return run()
}

const bankTakes = async ({ payment }: Work): Promise<string> =>
  (await market.stripe.dispute({ payment_intent: payment! })).id

/** Its day is today, for good. The clock stays, or keys would die in the course of a campaign. */
const dueNow = ({ ref }: Work): Promise<unknown> =>
  db.rows(`update payout set due_at = app_now(), day = app_now() where ref = $1 and status = 'waiting'`, [ref])

const owedBy = async (): Promise<number> => (await purseOf(ada)).debt
/** What the payer owes is forgotten, so that the next round begins like the first. */
const won = async (dispute: string): Promise<void> => {
  await market.stripe.decide(dispute, 'won')
  await told(market, dispute, 1)
  assert.deepEqual(await purseOf(ada), empty)
}

test('several processes at one payout: one transfer, once', async (story) => {
  await contest(story, ['one', 'two'], async () => {
    const work = await released()
    await dueNow(work)
    const moved = await race(
      () => payOut(market),
      () => payOut(market),
      () => pursueDue(needsOf(market)),
    )
    assert.equal(moved[0] + moved[1], 1)
    await settleAll(market)
    assert.equal((await payoutNow(market, work)).status, 'paid')
    assert.deepEqual([await transfersFor(market, work), await purseOf(bob)], [[47_500], empty])
    return moved[0] === 1 ? 'one' : 'two'
  })
  await assertExact(market)
})

test('a payout against the bank of who has paid: it leaves and is owed, or is taken before it leaves, and never both', async (story) => {
  await contest(story, ['payout', 'bank'], async (n) => {
    const work = await released()
    const dispute = await bankTakes(work)
    await dueNow(work)
    await race(
      () => late(n, 0, () => payOut(market)),
      () => late(n, 1, () => told(market, dispute, 1)),
      () => late(n, 1, () => told(market, dispute, 1)),
    )
    await settleAll(market)
    const { status, taken } = await payoutNow(market, work)
    const isTaken = status === 'charged_back'
    assert.deepEqual(
      [status, taken, await transfersFor(market, work), await purseOf(bob), await owedBy()],
      isTaken ? ['charged_back', 47_500, [], empty, 2_500] : ['paid', 0, [47_500], empty, 50_000],
    )
    await won(dispute)
    if (isTaken) {
      await payOut(market)
      assert.deepEqual([await transfersFor(market, work), await purseOf(bob)], [[47_500], empty])
    }
    return isTaken ? 'bank' : 'payout'
  })
  await assertExact(market)
})

test('a release against the bank: released, and what waits for the worker is taken; or frozen before it is released', async (story) => {
  await contest(story, ['release', 'bank'], async (n) => {
    const work = await funded()
    const dispute = await bankTakes(work)
    const [answer] = await race(
      () => late(n, 0, () => release(work)),
      () => late(n, 1, () => told(market, dispute, 1)),
      () => late(n, 1, () => told(market, dispute, 1)),
    )
    const isReleased = answer.status === 200
    const { status, is_frozen } = await seen(ada, work.milestone)
    const { release: paid = 0 } = await movementsOf(market, work.milestone)
    assert.deepEqual([status, is_frozen, paid], isReleased ? ['released', false, 50_000] : ['funded', true, 0])
    assert.deepEqual([await purseOf(bob), await owedBy()], [empty, isReleased ? 2_500 : 0])
    if (isReleased)
      assert.deepEqual(await payoutNow(market, work), { status: 'charged_back', refusals: 0, taken: 47_500 })
    else assert.equal((answer.body as unknown as { code: string }).code, 'milestone_frozen')
    await won(dispute)
    if (!isReleased) assert.equal((await release(work)).status, 200)
    assert.deepEqual(await purseOf(bob), { ...empty, pending: 47_500 })
    await dueNow(work)
    await payOut(market)
    assert.deepEqual([await transfersFor(market, work), await purseOf(bob)], [[47_500], empty])
    return isReleased ? 'release' : 'bank'
  })
  await assertExact(market)
})

test('a dispute is won, and two processes hear of it twice: given back once, and what comes late freezes nothing', async (story) => {
  await contest(story, ['held', 'waiting'], async (n) => {
    const isHeld = n % 2 === 0
    const work = isHeld ? await funded() : await released()
    const dispute = await bankTakes(work)
    const hear = () => told(market, dispute, 1)
    await race(hear, hear)
    await market.stripe.decide(dispute, 'won')
    await race(hear, hear, hear)
    const { is_frozen } = await seen(ada, work.milestone)
    assert.deepEqual([is_frozen, await purseOf(ada)], [false, empty])
    if (isHeld) assert.equal((await release(work)).status, 200)
    assert.deepEqual(await purseOf(bob), { ...empty, pending: 47_500 })
    await dueNow(work)
    await payOut(market)
    assert.deepEqual([await transfersFor(market, work), await purseOf(bob)], [[47_500], empty])
    return isHeld ? 'held' : 'waiting'
  })
  await assertExact(market)
})

test('a refusal is booked against the bank: it waits again and is taken, or the payer owes it; the next try pays what is left', async (story) => {
  await contest(story, ['refusal', 'bank'], async (n) => {
    const work = await released()
    await dueNow(work)
    // The answer to the first call is lost, so that what is looked up is refused when the bank comes.
    await market.stripe.fault('answer_lost', { applied: false }, { times: 3, match: { path: '/v1/transfers' } })
    await payOut(market)
    await market.stripe.clear()
    await market.stripe.fault('transfer_refused', {})
    const dispute = await bankTakes(work)
    await moveClock(market, 151)
    await race(
      () => late(n, 0, () => pursueDue(needsOf(market))),
      () => late(n, 1, () => told(market, dispute, 1), 60),
    )
    const { status, refusals } = await payoutNow(market, work)
    assert.equal(refusals, 1)
    const isTaken = status === 'charged_back'
    assert.deepEqual(
      [await purseOf(bob), await owedBy()],
      [isTaken ? empty : { ...empty, pending: 47_500 }, isTaken ? 2_500 : 50_000],
    )
    await won(dispute)
    await moveClock(market, 3 * 3_600)
    await payOut(market)
    assert.deepEqual([await transfersFor(market, work), await purseOf(bob)], [[47_500], empty])
    return isTaken ? 'refusal' : 'bank'
  })
  await assertExact(market)
})

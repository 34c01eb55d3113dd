import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Milestone } from '../../src/desks/gigs/contract/milestone.ts'
import type { Contract } from '../../src/desks/gigs/contract/show-contract.ts'
import { assertLawful, fund, walletOf, went } from '../journeys/desk.ts'
import { at, contest, race } from '../races/contest.ts'
import { type Answer, startTestMarket } from '../support/market.ts'
import { cancelIt, movementsOf, payable, see, twoSides } from './contract-stage.ts'
import { active, another, dueIn, move, moved, newsOf, payoutOf, seen, sweepAll, turnsAbout } from './milestone-stage.ts'

// Two APIs on one database; the clock's turns are raced by hand.
const market = await startTestMarket({ worker: false, apis: 2 })
after(() => market.close())
const sides = await twoSides(market)
const { client: ada, worker: bob } = sides
const there = at(market.urls[1], ada)
await payable(market, bob)

const code = ({ body }: Answer<unknown>): string => (body as unknown as { code: string }).code
/** One of the two goes first by some milliseconds, now this one, now that one. */
const late = async <T>(n: number, side: 0 | 1, run: () => Promise<T>, most = 8): Promise<T> => {
  if (n % 2 === side) await sleep(Math.random() * most)
  return run()
}

/** An active contract; fifty applications a day are the most, and turns of these two count no more than three in 30 days. */
async function fresh(): Promise<Contract & { readonly first: Milestone }> {
  await market.db.rows(
    `update application set created_at = created_at - interval '2 days' where created_at > app_now() - interval '1 day'`,
  )
  return active(market, sides)
}

const wallet = async (): Promise<number> => (await walletOf(ada)).balance_cents
const paidOnce = { milestone_funded: 50_000, release: 50_000 }
const backOnce = { milestone_funded: 50_000, refund: 50_000 }

/** Whatever happened, it happened once: the money has gone one way, and the contract is over with it. */
async function wentOneWay(contract: Contract & { readonly first: Milestone }): Promise<'released' | 'refunded'> {
  const { status } = await seen(ada, contract.first)
  assert.ok(status === 'released' || status === 'refunded', status)
  assert.deepEqual(await movementsOf(market, contract.first), status === 'released' ? paidOnce : backOnce)
  assert.deepEqual(
    (await payoutOf(market, contract.first)).map(({ amount_cents: cents }) => cents),
    status === 'released' ? [47_500] : [],
  )
  assert.equal((await see(ada, contract)).status, 'completed')
  const turns = await turnsAbout(market, contract.first)
  assert.ok(
    turns.every((turn) => turn.endsWith('done') || turn.endsWith('missed')),
    turns.join(', '),
  )
  return status
}

test('two releases at once: paid once, and both are told that it is released', async (story) => {
  await contest(story, ['one', 'the other'], async (n) => {
    const contract = await fresh()
    if (n % 3 === 0) await moved(bob, 'deliver', contract.first)
    const order: string[] = []
    const [one, two] = await race(
      () => late(n, 0, () => move(there, 'release', contract.first)).finally(() => order.push('one')),
      () => late(n, 1, () => move(ada, 'release', contract.first)).finally(() => order.push('the other')),
    )
    for (const answer of [one, two]) assert.equal(went(answer).milestone.status, 'released')
    assert.equal(await wentOneWay(contract), 'released')
    const told = (await newsOf(market, contract.first)).filter((news) => news === 'contract.milestone.released')
    assert.equal(told.length, 1)
    return order[0]!
  })
  await assertLawful(market)
})

test('release against the automatic release: released once, in time or not', async (story) => {
  await contest(story, ['client', 'clock'], async (n) => {
    const contract = await fresh()
    await moved(bob, 'deliver', contract.first)
    await dueIn(market, contract.first, 6)
    const [released] = await race(
      () => late(n, 0, () => move(there, 'release', contract.first)),
      () => sleep(5).then(() => sweepAll(market)),
    )
    await sleep(5)
    await sweepAll(market)
    assert.equal(went(released).milestone.status, 'released')
    assert.equal(await wentOneWay(contract), 'released')
    const [accept] = (await turnsAbout(market, contract.first)).filter((turn) => turn.includes('accept'))
    return accept === 'Ada accept done' ? 'client' : 'clock'
  })
  await assertLawful(market)
})

test('the worker gives it back against the automatic release: one of the two, and only one', async (story) => {
  await contest(story, ['worker', 'clock'], async (n) => {
    const contract = await fresh()
    const before = await wallet()
    await moved(bob, 'deliver', contract.first)
    await dueIn(market, contract.first, 6)
    const [given] = await race(
      () => late(n, 0, () => move(bob, 'refund', contract.first)),
      () => sleep(5).then(() => sweepAll(market)),
    )
    await sleep(5)
    await sweepAll(market)
    const end = await wentOneWay(contract)
    assert.equal((await wallet()) - before, end === 'refunded' ? 50_000 : 0)
    if (end === 'refunded') {
      went(given)
      return 'worker'
    }
    assert.ok(['milestone_expired', 'milestone_wrong_state'].includes(code(given)), given.text)
    return 'clock'
  })
  await assertLawful(market)
})

test('deliver against cancel: delivered either way, and whether the ask came first is seen in the turns', async (story) => {
  await contest(story, ['deliver', 'cancel'], async (n) => {
    const contract = await fresh()
    const [delivered, cancelled] = await race(
      () => late(n, 0, () => move(bob, 'deliver', contract.first)),
      () => late(n, 1, () => move(there, 'cancel', contract.first)),
    )
    went(delivered)
    const { status, cancel_asked_at: asked, deadline_at: deadline } = await seen(ada, contract.first)
    assert.deepEqual([status, asked], ['delivered', null])
    assert.ok(Date.parse(deadline!) - Date.now() > 13 * 86_400_000, 'the client has 14 days, not 72 hours')
    const turns = await turnsAbout(market, contract.first)
    went(await move(bob, 'refund', contract.first))
    if (cancelled.status === 200) {
      assert.ok(turns.includes('Bob cancel done'), turns.join(', '))
      return 'cancel'
    }
    assert.deepEqual([cancelled.status, code(cancelled)], [400, 'milestone_wrong_state'])
    assert.ok(!turns.some((turn) => turn.includes('cancel')), turns.join(', '))
    return 'deliver'
  })
  await assertLawful(market)
})

for (const [what, ask] of [
  ['deliver against the lapse of a cancellation that was asked for', true],
  ['deliver against overdue', false],
] as const)
  test(`${what}: delivered in time, or the money is back`, async (story) => {
    await contest(story, ['deliver', 'clock'], async (n) => {
      const contract = await fresh()
      const before = await wallet()
      if (ask) await moved(ada, 'cancel', contract.first)
      await dueIn(market, contract.first, 6)
      const [delivered] = await race(
        () => late(n, 0, () => move(bob, 'deliver', contract.first)),
        () => sleep(5).then(() => sweepAll(market)),
      )
      await sleep(5)
      await sweepAll(market)
      const { status } = await seen(ada, contract.first)
      if (delivered.status === 200) {
        assert.equal(status, 'delivered')
        assert.equal(await wallet(), before)
        went(await move(ada, 'release', contract.first))
        assert.equal(await wentOneWay(contract), 'released')
        return 'deliver'
      }
      assert.ok(['milestone_expired', 'milestone_wrong_state'].includes(code(delivered)), delivered.text)
      assert.equal(await wentOneWay(contract), 'refunded')
      assert.equal((await wallet()) - before, 50_000)
      return 'clock'
    })
    await assertLawful(market)
  })

test('the client releases against the worker who gives it back: exactly one wins', async (story) => {
  await contest(story, ['release', 'refund'], async (n) => {
    const contract = await fresh()
    const before = await wallet()
    const [released, given] = await race(
      () => late(n, 0, () => move(there, 'release', contract.first)),
      () => late(n, 1, () => move(bob, 'refund', contract.first)),
    )
    const end = await wentOneWay(contract)
    assert.deepEqual([released.status, given.status].sort(), [200, 400])
    assert.equal(code(end === 'released' ? given : released), 'milestone_wrong_state')
    assert.equal((await wallet()) - before, end === 'released' ? 0 : 50_000)
    return end === 'released' ? 'release' : 'refund'
  })
  await assertLawful(market)
})

test('the last release against the approval of one more: completed without it, or it holds the contract open', async (story) => {
  await contest(story, ['release', 'approve'], async (n) => {
    const contract = await fresh()
    const { milestone } = went(
      await bob.ask<{ milestone: Milestone }>('POST', `/api/contracts/${contract.id}/milestones`, {
        title: 'One more',
        amount_cents: 20_000,
      }),
      201,
    )
    const [released, approved] = await race(
      () => late(n, 0, () => move(bob, 'refund', contract.first)),
      () => late(n, 1, () => move(there, 'approve', milestone)),
    )
    went(released)
    const { status, milestones } = await see(ada, contract)
    if (approved.status === 200) {
      assert.deepEqual([status, milestones[1]!.status], ['active', 'pending'])
      assert.ok(milestones[1]!.deadline_at, 'the days to fund it run')
      went(await move(ada, 'cancel', milestone))
      assert.equal((await see(ada, contract)).status, 'completed')
      return 'approve'
    }
    assert.deepEqual([status, milestones[1]!.status], ['completed', 'cancelled'])
    return 'release'
  })
  await assertLawful(market)
})

test('a later milestone is funded from the wallet while the contract is cancelled: funded and active, or cancelled with nothing held', async (story) => {
  await contest(story, ['fund', 'cancel'], async (n) => {
    const contract = await fresh()
    const second = await another(sides, contract)
    went(await move(bob, 'refund', contract.first))
    await fund(market, ada, 20_000)
    const before = await wallet()
    const [funded, cancelled] = await race(
      () => late(n, 0, () => move(there, 'fund', second)),
      () => late(n, 1, () => cancelIt(bob, contract)),
    )
    if (funded.status === 200) {
      assert.deepEqual([cancelled.status, code(cancelled)], [400, 'milestone_funded'])
      assert.equal(await wallet(), before - 20_000)
      went(await move(bob, 'refund', second))
      assert.equal((await see(ada, contract)).status, 'completed')
      return 'fund'
    }
    assert.deepEqual([code(funded), went(cancelled).status], ['contract_wrong_state', 'cancelled'])
    assert.deepEqual([await wallet(), await movementsOf(market, second)], [before, {}])
    return 'cancel'
  })
  await assertLawful(market)
})

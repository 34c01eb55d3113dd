import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Dispute } from '../../src/desks/gigs/dispute/dispute.ts'
import { sweepGigs } from '../../src/desks/gigs/sweep.ts'
import { assertLawful, went } from '../journeys/desk.ts'
import { at, contest, onlyOneWon, race } from '../races/contest.ts'
import { type Answer, startTestMarket } from '../support/market.ts'
import { heldFor, twoSides } from './contract-stage.ts'
import {
  anOperator,
  answersTo,
  dispute,
  paidTo,
  type Quarrel,
  quarrel,
  resolveIt,
  respondTo,
  seeDispute,
  toldOfDispute,
} from './dispute-stage.ts'
import { dueIn, move, moved, seen } from './milestone-stage.ts'

// Two APIs on one database; the background is raced by hand.
const market = await startTestMarket({ worker: false, apis: 2 })
after(() => market.close())
const sides = await twoSides(market)
const { client: ada, worker: bob } = sides
const bobThere = at(market.urls[1], bob)
const olga = await anOperator(market)
const otto = at(market.urls[1], await anOperator(market))

/** Fifty applications a day are the most: those of earlier rounds were made long ago. */
async function fresh(status: 'funded' | 'delivered'): Promise<Quarrel['milestone']> {
  await market.db.rows(
    `update application set created_at = created_at - interval '2 days' where created_at > app_now() - interval '1 day'`,
  )
  return (await quarrel(market, status, {}, sides)).milestone
}

const code = (answer: Answer<unknown>): string => (answer.body as { code: string }).code

/** Some rounds one side sets out later, or the other one would never be first. */
async function late<T>(n: number, turn: number, run: () => Promise<T>): Promise<T> {
  if (n % 3 === turn) await sleep(1 + Math.random() * 8)
  return run()
}

async function soon<T>(run: () => Promise<T>): Promise<T> {
  await sleep(Math.random() * 8)
  return run()
}

const sum = (paid: Record<string, number>): number => Object.values(paid).reduce((all, cents) => all + cents, 0)

test('release against dispute: paid and not disputed, or disputed and not paid', async (story) => {
  await contest(story, ['release', 'dispute'], async (n) => {
    const milestone = await fresh(n % 2 === 0 ? 'funded' : 'delivered')
    const [released, disputed] = await race(
      () => late(n, 0, () => move(ada, 'release', milestone)),
      () => late(n, 1, () => dispute(bobThere, 'worker', milestone)),
    )
    if (released.status === 200) {
      assert.deepEqual([disputed.status, code(disputed)], [400, 'milestone_not_disputable'])
      assert.deepEqual(await paidTo(market, milestone), { pending: 47_500, 'platform:fees': 2_500 })
      return 'release'
    }
    assert.deepEqual([released.status, disputed.status], [400, 201], released.text)
    assert.equal(await heldFor(market, milestone), 50_000)
    went(await resolveIt(olga, disputed.body, 0))
    return 'dispute'
  })
  await assertLawful(market)
})

test('two operators decide at once: one does, the money goes one way, one act is written down', async (story) => {
  await contest(story, ['Olga', 'Otto'], async (n) => {
    const milestone = await fresh('delivered')
    const opened = went(await dispute(ada, 'client', milestone), 201)
    const answers = await race(
      () => late(n, 0, () => resolveIt(olga, opened, 20)),
      () => late(n, 1, () => resolveIt(otto, opened, 80)),
    )
    const winner = onlyOneWon(answers, [400, 'dispute_resolved'])
    const share = winner === 0 ? 20 : 80
    const { resolution } = await seeDispute(ada, opened)
    assert.deepEqual([resolution!.worker_share_percent, resolution!.refunded_cents], [share, 50_000 - share * 500])
    assert.equal(sum(await paidTo(market, milestone)), 50_000)
    const acts = await market.db.rows(`select 1 from operator_audit where ref = 'dispute:' || $1`, [opened.id])
    assert.equal(acts.length, 1)
    return winner === 0 ? 'Olga' : 'Otto'
  })
  await assertLawful(market)
})

test('both sides open a dispute at once: there is one, and the other is told so', async (story) => {
  await contest(story, ['client', 'worker'], async (n) => {
    const milestone = await fresh('funded')
    const answers = await race(
      () => late(n, 0, () => dispute(ada, 'client', milestone)),
      () => late(n, 1, () => dispute(bobThere, 'worker', milestone)),
    )
    const made = answers.findIndex(({ status }) => status === 201)
    const other = answers[1 - made]!
    assert.deepEqual([other.status, code(other)], [409, 'disputed_already'])
    const [count] = await market.db.rows<{ n: number }>(`select count(*) as n from dispute where milestone_id = $1`, [
      milestone.id,
    ])
    assert.equal(count!.n, 1)
    went(await resolveIt(olga, answers[made]!.body, 0))
    return made === 0 ? 'client' : 'worker'
  })
  await assertLawful(market)
})

test('an operator against the market’s own decision: one of the two, and the money goes its way', async (story) => {
  await contest(story, ['operator', 'market'], async (n) => {
    const milestone = await fresh('funded')
    const opened = went(await dispute(ada, 'client', milestone), 201)
    await market.db.rows(
      `update dispute set response_deadline = app_now() - interval '3 days', due_at = app_now(), missed = true where id = $1`,
      [opened.id],
    )
    const [resolved] = await race(
      () => late(n, 0, () => resolveIt(otto, opened, 100)),
      () => late(n, 1, () => sweepGigs(market.db)),
    )
    const { resolution } = await seeDispute(ada, opened)
    const byOperator = resolved.status === 200
    if (!byOperator) assert.deepEqual([resolved.status, code(resolved)], [400, 'dispute_resolved'])
    assert.deepEqual(
      [resolution!.made_by, resolution!.worker_share_percent],
      byOperator ? ['operator', 100] : ['rules', 0],
    )
    assert.deepEqual(
      await paidTo(market, milestone),
      byOperator ? { pending: 47_500, 'platform:fees': 2_500 } : { wallet: 50_000 },
    )
    assert.deepEqual(await answersTo(market, opened), ['Bob respond missed'])
    const told = await toldOfDispute(market, opened)
    assert.equal(told.filter((line) => line.includes('resolved')).length, 1)
    return byOperator ? 'operator' : 'market'
  })
  await assertLawful(market)
})

test('an answer against its deadline: in time and counted as answered, or missed and refused', async (story) => {
  await contest(story, ['answer', 'deadline'], async () => {
    const milestone = await fresh('delivered')
    const opened: Dispute = went(await dispute(ada, 'client', milestone), 201)
    await market.db.rows(
      `update dispute set response_deadline = app_now() + make_interval(secs => $2::float8 / 1000) where id = $1`,
      [opened.id, 2 + Math.random() * 12],
    )
    const [answered] = await race(
      () => soon(() => respondTo(bobThere, opened)),
      async () => {
        for (let n = 0; n < 4; n++) await sweepGigs(market.db).then(() => sleep(3))
      },
    )
    await sleep(10)
    await sweepGigs(market.db)
    const { status, responded_at: at } = await seeDispute(ada, opened)
    const isIn = answered.status === 200
    if (!isIn) assert.deepEqual([answered.status, code(answered)], [400, 'response_too_late'])
    assert.deepEqual([status, at !== null], isIn ? ['responded', true] : ['open', false])
    assert.deepEqual(await answersTo(market, opened), [isIn ? 'Bob respond done' : 'Bob respond missed'])
    const told = await toldOfDispute(market, opened)
    assert.equal(told.includes('dispute.updated not_answered to 2'), !isIn)
    went(await resolveIt(olga, opened, 0))
    return isIn ? 'answer' : 'deadline'
  })
  await assertLawful(market)
})

test('a dispute against a cancellation that takes effect: refunded and over, or frozen with its money', async (story) => {
  await contest(story, ['dispute', 'cancellation'], async () => {
    const milestone = await fresh('funded')
    await moved(ada, 'cancel', milestone)
    await dueIn(market, milestone, 2 + Math.random() * 12)
    const [disputed] = await race(
      () => soon(() => dispute(bobThere, 'worker', milestone)),
      async () => {
        for (let n = 0; n < 4; n++) await sweepGigs(market.db).then(() => sleep(3))
      },
    )
    await sleep(10)
    await sweepGigs(market.db)
    const { status } = await seen(ada, milestone)
    if (disputed.status === 201) {
      assert.deepEqual([status, await heldFor(market, milestone)], ['disputed', 50_000])
      went(await resolveIt(olga, disputed.body, 50))
      assert.equal(sum(await paidTo(market, milestone)), 50_000)
      return 'dispute'
    }
    assert.ok(['dispute_too_late', 'milestone_not_disputable'].includes(code(disputed)), disputed.text)
    assert.equal(status, 'refunded')
    assert.deepEqual(await paidTo(market, milestone), { wallet: 50_000 })
    return 'cancellation'
  })
  await assertLawful(market)
})

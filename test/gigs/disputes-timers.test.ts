import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Dispute } from '../../src/desks/gigs/dispute/dispute.ts'
import { loseToBank } from '../../src/desks/gigs/milestone/settle.ts'
import { sweepGigs } from '../../src/desks/gigs/sweep.ts'
import { assertLawful, refused, walletOf, went } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import { heldFor } from './contract-stage.ts'
import {
  anOperator,
  answersTo,
  dispute,
  paidTo,
  quarrel,
  recommendOn,
  resolveIt,
  respondTo,
  seeDispute,
  toldOfDispute,
} from './dispute-stage.ts'
import { move, moved, seen } from './milestone-stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const hour = 3_600
const day = 24 * hour

/** Moves the clock and fires nothing. */
const clockBy = (seconds: number): Promise<unknown> =>
  market.db.rows(`update app_clock set skew = skew + make_interval(secs => $1)`, [seconds])

test('the other side is reminded after 12 hours, and from 24 on can answer no more; both are told, and it counts', async () => {
  const { client: ada, worker: bob, milestone } = await quarrel(market, 'delivered')
  const opened = went(await dispute(ada, 'client', milestone), 201)
  await market.advance(12 * hour - 60)
  assert.deepEqual(await toldOfDispute(market, opened), ['dispute.created opened to 2'])
  await market.advance(61)
  await market.advance(hour)
  assert.deepEqual(await toldOfDispute(market, opened), [
    'dispute.created opened to 2',
    'dispute.updated reminder to 1',
  ])
  const [reminded] = await market.db.rows<{ parties: string[] }>(
    `select parties from event where ref = 'dispute:' || $1 and data ->> 'reason' = 'reminder'`,
    [opened.id],
  )
  assert.deepEqual(reminded!.parties, [bob.userId])
  await clockBy(11 * hour - 30)
  assert.deepEqual((await seeDispute(bob, opened)).can, ['respond', 'recommend'])
  await clockBy(31)
  // Over, even though nobody has swept.
  assert.deepEqual((await seeDispute(bob, opened)).can, ['recommend'])
  refused(await respondTo(bob, opened), 400, 'response_too_late')
  assert.deepEqual(await answersTo(market, opened), ['Bob respond'])
  await market.advance(1)
  assert.deepEqual(await answersTo(market, opened), ['Bob respond missed'])
  assert.deepEqual((await toldOfDispute(market, opened)).at(-1), 'dispute.updated not_answered to 2')
  refused(await respondTo(bob, opened), 400, 'response_too_late')
  const before = (await toldOfDispute(market, opened)).length
  await market.advance(day)
  assert.equal((await toldOfDispute(market, opened)).length, before, 'told once')
})

test('an answer in the last second is in time, and the 72 hours begin with it', async () => {
  const { client: ada, worker: bob, milestone } = await quarrel(market, 'delivered')
  const opened = went(await dispute(ada, 'client', milestone), 201)
  await clockBy(day - 5)
  const answered = went(await respondTo(bob, opened))
  assert.deepEqual(await answersTo(market, opened), ['Bob respond done'])
  assert.equal(Date.parse(answered.deadline_at!) - Date.parse(answered.responded_at!), 72 * hour * 1000)
  await market.advance(72 * hour - 60)
  assert.equal((await seeDispute(ada, opened)).status, 'responded')
  await market.advance(61)
  assert.equal((await seeDispute(ada, opened)).status, 'resolved')
})

interface Ending {
  readonly was: 'funded' | 'delivered'
  readonly opener: 'client' | 'worker'
  readonly evidence: boolean
  readonly answers: boolean
  /** The worker's part, or that it went on. */
  readonly share: number | null
}

const endings: readonly Ending[] = [
  { was: 'funded', opener: 'client', evidence: true, answers: true, share: 0 },
  { was: 'funded', opener: 'client', evidence: false, answers: false, share: 0 },
  { was: 'funded', opener: 'worker', evidence: true, answers: false, share: 0 },
  { was: 'funded', opener: 'worker', evidence: false, answers: true, share: 0 },
  { was: 'delivered', opener: 'client', evidence: true, answers: false, share: 0 },
  { was: 'delivered', opener: 'worker', evidence: true, answers: false, share: 100 },
  { was: 'delivered', opener: 'client', evidence: true, answers: true, share: null },
  { was: 'delivered', opener: 'worker', evidence: true, answers: true, share: null },
  { was: 'delivered', opener: 'client', evidence: false, answers: false, share: null },
  { was: 'delivered', opener: 'worker', evidence: false, answers: true, share: null },
]

for (const { was, opener, evidence, answers, share } of endings)
  test(`nobody decides: ${was}, by the ${opener} ${evidence ? 'with' : 'without'} evidence, ${answers ? 'answered' : 'not answered'}: ${share === null ? 'goes on' : `${share} % to the worker`}`, async () => {
    const { milestone, ...sides } = await quarrel(market, was)
    const other = sides[opener === 'client' ? 'worker' : 'client']
    const opened = went(await dispute(sides[opener], opener, milestone, evidence ? {} : { evidence: [] }), 201)
    if (answers) went(await respondTo(other, opened))
    await market.advance(answers ? 72 * hour - 60 : 96 * hour - 60)
    assert.equal((await seen(other, milestone)).status, 'disputed')
    await market.advance(61)
    const over = await seeDispute(other, opened)
    assert.deepEqual(
      [over.status, over.resolution!.worker_share_percent, over.resolution!.made_by],
      ['resolved', share, 'rules'],
    )
    const after = await seen(sides.client, milestone)
    if (share === null) {
      assert.deepEqual([after.status, after.is_frozen, over.resolution!.worker_cents], ['delivered', false, null])
      assert.equal(Date.parse(after.deadline_at!) - Date.parse(after.delivered_at!), 14 * day * 1000)
      assert.ok(!after.can.includes('dispute') && after.can.includes('release'))
      refused(await dispute(sides.client, 'client', milestone), 409, 'disputed_already')
      await market.advance(11 * day)
      assert.equal((await seen(sides.client, milestone)).status, 'released', '14 days after the delivery')
      assert.equal((await seeDispute(other, opened)).resolution!.worker_cents, null, 'not by the dispute')
    } else {
      assert.equal(after.status, share === 0 ? 'refunded' : 'released')
      assert.deepEqual(
        await paidTo(market, milestone),
        share === 0 ? { wallet: 50_000 } : { pending: 47_500, 'platform:fees': 2_500 },
      )
    }
    assert.equal(await heldFor(market, milestone), 0)
    await assertLawful(market)
  })

test('as if there had been no dispute: where the 14 days are over by then, the worker is paid at once', async () => {
  const { client: ada, worker: bob, milestone } = await quarrel(market, 'delivered')
  await market.advance(13 * day)
  const opened = went(await dispute(ada, 'client', milestone), 201)
  await market.advance(2 * hour)
  went(await respondTo(bob, opened))
  await market.advance(day)
  assert.equal(
    (await seen(ada, milestone)).status,
    'disputed',
    'the time to accept it does not run out while it is frozen',
  )
  await market.advance(2 * day + 1)
  assert.equal((await seen(ada, milestone)).status, 'released')
  assert.deepEqual(await paidTo(market, milestone), { pending: 47_500, 'platform:fees': 2_500 })
})

test('a stored recommendation is what is done; it is made anew with the answer, and can be asked for by both', async () => {
  const { client: ada, worker: bob, milestone } = await quarrel(market, 'delivered')
  const opened = went(await dispute(ada, 'client', milestone), 201)
  const first = went(await recommendOn(bob, opened)).recommendation!
  assert.deepEqual([first.recommendation, first.worker_share_percent], ['client', 0], 'as things stand')
  assert.match(first.reasoning, /client has given evidence/)
  const told = (await toldOfDispute(market, opened)).length
  assert.deepEqual(went(await recommendOn(ada, opened)).recommendation, first)
  assert.equal((await toldOfDispute(market, opened)).length, told, 'the same again is no news')
  const answered = went(await respondTo(bob, opened))
  assert.deepEqual(
    [answered.recommendation!.recommendation, answered.recommendation!.worker_share_percent],
    ['worker', 100],
  )
  await market.advance(72 * hour + 1)
  const { resolution } = await seeDispute(ada, opened)
  assert.deepEqual(
    [resolution!.made_by, resolution!.worker_share_percent, resolution!.worker_cents],
    ['recommendation', 100, 47_500],
  )
  assert.equal((await seen(ada, milestone)).status, 'released')
})

test('asking for a cancellation is stopped by a dispute, and so is every other timer', async () => {
  const olga = await anOperator(market)
  const { client: ada, worker: bob, milestone } = await quarrel(market, 'funded')
  await moved(ada, 'cancel', milestone)
  const opened = went(await dispute(bob, 'worker', milestone), 201)
  await market.advance(73 * hour)
  assert.equal((await seen(ada, milestone)).status, 'disputed')
  went(await resolveIt(olga, opened, 40))
  assert.equal((await seen(ada, milestone)).status, 'released')
  await assertLawful(market)
})

test('past the market’s own time an operator may still decide; to recommend is too late', async () => {
  const olga = await anOperator(market)
  const { client: ada, worker: bob, milestone } = await quarrel(market, 'delivered')
  const opened = went(await dispute(ada, 'client', milestone), 201)
  await clockBy(96 * hour + 1)
  assert.deepEqual((await seeDispute(bob, opened)).can, [])
  refused(await recommendOn(bob, opened), 400, 'dispute_over')
  went(await resolveIt(olga, opened, 100))
  assert.deepEqual(await answersTo(market, opened), ['Bob respond missed'])
  await market.advance(1)
  assert.equal((await seeDispute(ada, opened)).resolution!.made_by, 'operator')
})

test('a bank that has taken the money decides first: kept, the dispute is over; given back, the market goes on', async () => {
  const olga = await anOperator(market)
  const kept = await quarrel(market, 'delivered')
  const given = await quarrel(market, 'delivered')
  const [lost, won] = [
    went(await dispute(kept.client, 'client', kept.milestone), 201),
    went(await dispute(given.client, 'client', given.milestone), 201),
  ]
  await market.db.rows(`update milestone set chargeback_id = 'dp_' || position where id = any ($1::uuid[])`, [
    [kept.milestone.id, given.milestone.id],
  ])
  await market.advance(200 * hour)
  for (const { id } of [lost, won])
    assert.equal((await seeDispute(id === lost.id ? kept.client : given.client, { id })).status, 'open')
  const stuck = went(await olga.ask<{ kind: string }[]>('GET', '/api/operator/stuck'))
  assert.deepEqual(
    stuck.filter(({ kind }) => kind === 'dispute'),
    [],
    'it is not the market’s turn',
  )
  await market.db.transaction((sql) => loseToBank(sql, kept.milestone.contract_id, kept.milestone.id))
  const over = await seeDispute(kept.worker, lost)
  assert.deepEqual(
    [over.status, over.resolution!.made_by, over.resolution!.worker_share_percent, over.resolution!.worker_cents],
    ['resolved', 'bank', null, 0],
  )
  await market.db.rows(`update milestone set chargeback_id = null where id = $1`, [given.milestone.id])
  await market.advance(1)
  assert.equal((await seeDispute(given.worker, won)).resolution!.made_by, 'rules')
})

test('800 days at once from each state: everything is told, decided, and nothing is held', async () => {
  const quarrels = []
  for (const was of ['funded', 'delivered'] as const)
    for (const answers of [false, true]) {
      const one = await quarrel(market, was)
      const opened: Dispute = went(await dispute(one.client, 'client', one.milestone), 201)
      if (answers) went(await respondTo(one.worker, opened))
      quarrels.push({ ...one, opened })
    }
  await market.advance(800 * day)
  // Read where no key is needed: theirs are dead by then.
  for (const { milestone, opened } of quarrels) {
    const [over] = await market.db.rows<{ status: string }>(`select status from dispute where id = $1`, [opened.id])
    assert.equal(over!.status, 'resolved')
    assert.equal(await heldFor(market, milestone), 0)
    assert.equal((await toldOfDispute(market, opened)).at(-1), 'dispute.updated resolved to 2')
  }
  assert.equal(await sweepGigs(market.db), 0)
  const [open] = await market.db.rows<{ n: number }>(
    `select count(*) as n from turn where kind = 'respond' and closed_at is null`,
  )
  assert.equal(open!.n, 0)
  await assertLawful(market)
})

test('nobody leaves with an open dispute; what money it held is theirs when it is over', async () => {
  const olga = await anOperator(market)
  const { client: ada, worker: bob, milestone } = await quarrel(market, 'funded')
  const opened = went(await dispute(bob, 'worker', milestone), 201)
  const leave = () =>
    ada.ask<{ affairs: { kind: string; id: string }[] }>(
      'POST',
      '/api/account/delete',
      {},
      { cookie: ada.cookie, origin: market.url, authorization: '' },
    )
  const [route] = await Promise.all([leave()])
  assert.equal(route.status, 400, route.text)
  assert.ok(
    route.body.affairs.some(({ kind, id }) => kind === 'dispute' && id === opened.id),
    route.text,
  )
  went(await move(bob, 'refund', milestone).then(async () => resolveIt(olga, opened, 0)))
  assert.equal((await walletOf(ada)).balance_cents, 50_000)
})

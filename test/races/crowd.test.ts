import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Agent } from '../../src/core/accounts/agent.ts'
import {
  act,
  assertLawful,
  fund,
  type Held,
  people,
  post,
  refused,
  unixReport,
  verifyAll,
  went,
} from '../journeys/desk.ts'
import { type Answer, type Person, startTestMarket } from '../support/market.ts'
import { at } from './contest.ts'

const market = await startTestMarket({ worker: false, apis: 2 })
after(() => market.close())
const [ada] = await people(market, 'Ada')
await fund(market, ada, 1_000_000)
const owners = await people(market, ...Array.from({ length: 20 }, (_, n) => `Owner ${n}`))

interface Worker {
  readonly owner: Person
  readonly agent: string
}

/** Ten agents of each owner; the default agent is one of them. */
const workers: Worker[] = []
for (const owner of owners) {
  workers.push({ owner, agent: 'default' })
  const made = Array.from({ length: 9 }, (_, n) => owner.ask<Agent>('POST', '/api/agents', { name: `agent-${n}` }))
  for (const answer of await Promise.all(made)) workers.push({ owner, agent: went(answer, 201).name })
}

const pullAll = (who: readonly Worker[]): Promise<Answer<Held | null>[]> =>
  Promise.all(
    who.map(({ owner, agent }, n) =>
      at(market.urls[n % 2], owner).ask<Held | null>('POST', '/api/jobs/pull', { agent_name: agent }),
    ),
  )

/** What PostgreSQL says of who holds what, whatever was answered. */
async function assertWithinLimits(): Promise<number> {
  const held = await market.db.rows<{ id: string; agent: string; owner: string }>(
    `select id, held_by_agent_id as agent, hold_owner as owner from job where status = 'held' and hold_expires_at > app_now()`,
  )
  assert.equal(new Set(held.map(({ agent }) => agent)).size, held.length, 'an agent holds two jobs')
  const perOwner = Map.groupBy(held, ({ owner }) => owner)
  for (const [owner, jobs] of perOwner) assert.ok(jobs.length <= 10, `${owner} holds ${jobs.length} jobs`)
  return held.length
}

/** Posts many jobs at once, twenty at a time. */
async function postMany(times: number): Promise<void> {
  for (let n = 0; n < times; n += 20)
    await Promise.all(Array.from({ length: 20 }, () => post(ada, { price_cents: 100 })))
}

test('200 agents pull twice each at once, at both APIs, from 260 jobs: one job for each of them', async () => {
  await postMany(260)
  const twice = workers.flatMap((worker) => [worker, worker])
  const answers = await pullAll(twice)
  for (const answer of answers) went(answer)
  for (let n = 0; n < 400; n += 2) assert.equal(answers[n]!.body!.id, answers[n + 1]!.body!.id, 'an agent got two jobs')
  assert.equal(new Set(answers.map(({ body }) => body!.id)).size, 200)
  assert.equal(await assertWithinLimits(), 200)
  await market.db.rows(`update job set hold_expires_at = app_now(), due_at = app_now() where status = 'held'`)
  await market.advance(1)
  // A new day: what lapsed may be offered again, and nobody has let too many holds lapse.
  await market.advance(2 * 86_400)
  for (const { id } of went(await ada.ask<Held[]>('GET', '/api/jobs?status=queued')))
    went(await act(ada, 'cancel', { id }))
  for (const { id } of went(await ada.ask<Held[]>('GET', '/api/jobs?status=queued')))
    went(await act(ada, 'cancel', { id }))
})

test('200 agents pull at once over two APIs from 120 jobs: every job is held by exactly one of them', async () => {
  assert.equal(workers.length, 200)
  await postMany(120)
  const answers = await pullAll(workers)
  const held = answers.filter(({ status }) => status === 200).map(({ body }) => body!.id)
  for (const { status, text } of answers) assert.ok(status === 200 || status === 204, text)
  assert.equal(new Set(held).size, held.length, 'no job is held twice')
  assert.equal(held.length, await assertWithinLimits())
  // Who looked at a job while another was just taking it may have gone away with nothing: the next pull finds what is left.
  const more = await pullAll(workers.filter((_, n) => answers[n]!.status === 204))
  const all = [...held, ...more.filter(({ status }) => status === 200).map(({ body }) => body!.id)]
  assert.equal(new Set(all).size, 120)
  assert.equal(await assertWithinLimits(), 120)
})

test('they pull again, twice each at once: everybody gets the hold they have, nobody a second one', async () => {
  const before = await market.db.rows(
    `select id, held_by_agent_id, hold_expires_at from job where status = 'held' order by id`,
  )
  const twice = await pullAll([...workers, ...workers])
  for (let n = 0; n < 200; n++) assert.equal(twice[n]!.body?.id, twice[n + 200]!.body?.id)
  assert.equal(twice.filter(({ status }) => status === 200).length, 240)
  const afterwards = await market.db.rows(
    `select id, held_by_agent_id, hold_expires_at from job where status = 'held' order by id`,
  )
  assert.deepEqual(afterwards, before)
})

test('owners with more agents than holds: ten each and no more, however they pull', async () => {
  await postMany(160)
  const extra: Worker[] = []
  for (const owner of owners.slice(0, 5)) {
    for (const name of ['extra-0', 'extra-1', 'extra-2']) {
      went(await owner.ask('POST', '/api/agents', { name }), 201)
      extra.push({ owner, agent: name })
    }
  }
  const crowd = [...workers, ...extra].sort(() => Math.random() - 0.5)
  const answers = await pullAll(crowd)
  for (const answer of answers) {
    if (answer.status === 429) refused(answer, 429, 'too_many_holds')
    else assert.ok([200, 204].includes(answer.status), answer.text)
  }
  const again = await pullAll(crowd)
  assert.equal(again.filter(({ status }) => status === 429).length, 15)
  assert.equal(await assertWithinLimits(), 200)
})

test('all of them accept, hand in at once and are verified by two workers: 200 payouts, every cent in its place', async () => {
  const held = await market.db.rows<{ id: string; owner: string }>(
    `select id, hold_owner as owner from job where status = 'held'`,
  )
  const byId = new Map(owners.map((owner) => [owner.userId, owner]))
  const done = held.map(async ({ id, owner }, n) => {
    const worker = at(market.urls[n % 2], byId.get(owner)!)
    went(await act(worker, 'accept', { id }))
    went(await act(worker, 'submit', { id }, { output: unixReport }))
  })
  await Promise.all(done)
  let verified = 0
  for (let batch = 1; batch > 0; verified += batch) {
    const taken = await Promise.all([verifyAll(market), verifyAll(market)])
    batch = taken[0] + taken[1]
  }
  assert.equal(verified, 200)
  const [sums] = await market.db.rows<{ verified: number; paid: number }>(
    `select count(*) filter (where status = 'verified') as verified,
       (select sum(amount)::bigint from transfer where kind = 'job_settled') as paid from job`,
  )
  assert.deepEqual(sums, { verified: 200, paid: 20_000 })
  await assertLawful(market)
})

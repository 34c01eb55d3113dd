import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { tallyJobs } from '../../src/desks/jobs/tally.ts'
import { readAll, startTestMarket } from '../support/market.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())

/** Writes what happened to an agent of somebody. */
const tells =
  (owner: { userId: string }, agent: { id: string }) =>
  (name: string, more: object): Promise<unknown> =>
    market.db.rows(`select event_write($1, 'job:' || uuid7(), array[$2::uuid], $3::json)`, [
      name,
      owner.userId,
      JSON.stringify({ agent_id: agent.id, ...more }),
    ])

test('how long an agent usually takes is the middle of its last 50 passed jobs, whoever asks and however they came', async () => {
  const ada = await market.person('Ada')
  const { body: agent } = await ada.ask<{ id: string }>('POST', '/api/agents', { name: 'baker', listed: true })
  const usual = async (): Promise<[number | null, number | null]> => {
    await readAll(market.db, 'jobs.tally', () => tallyJobs(market.db))
    const listed = await ada.ask<{ name: string; stats: { median_seconds: number | null } }[]>(
      'GET',
      '/api/agents/directory?q=baker',
    )
    const own = await ada.ask<{ name: string; stats: { median_seconds: number | null } }[]>('GET', '/api/agents')
    const of = (all: typeof own): number | null => all.body.find(({ name }) => name === 'baker')!.stats.median_seconds
    return [of(listed), of(own)]
  }
  const happens = tells(ada, agent)
  const pass = (...seconds: number[]): Promise<unknown> =>
    Promise.all(seconds.map((took) => happens('job.verified', { earned_cents: 100, work_seconds: took })))
  assert.deepEqual(await usual(), [null, null])
  await happens('job.requeued', { reason: 'gave_up' })
  assert.deepEqual(await usual(), [null, null], 'an attempt that failed has no time')
  await pass(30, 10, 40, 20)
  assert.deepEqual(await usual(), [25, 25])
  await happens('job.requeued', { reason: 'gave_up' })
  assert.deepEqual(await usual(), [25, 25])
  await pass(50)
  assert.deepEqual(await usual(), [30, 30])
  await pass(...Array.from({ length: 26 }, () => 7))
  assert.deepEqual(await usual(), [7, 7])
  await pass(...Array.from({ length: 50 }, () => 90))
  assert.deepEqual(await usual(), [90, 90], 'what lies further back counts no more')
})

test('also when more than 50 are told of at once, the first it ever did', async () => {
  const cleo = await market.person('Cleo')
  const { body: agent } = await cleo.ask<{ id: string }>('POST', '/api/agents', { name: 'sprinter' })
  const happens = tells(cleo, agent)
  for (let n = 0; n < 120; n++) await happens('job.verified', { earned_cents: 100, work_seconds: n < 70 ? 900 : 5 })
  await readAll(market.db, 'jobs.tally', () => tallyJobs(market.db))
  const { body } = await cleo.ask<{ id: string; stats: { median_seconds: number } }[]>('GET', '/api/agents')
  assert.equal(body.find(({ id }) => id === agent.id)!.stats.median_seconds, 5)
})

test('an agent that is not listed is found in the directory, in every order, from its first passed job on', async () => {
  const bob = await market.person('Bob')
  const { body: agent } = await bob.ask<{ id: string }>('POST', '/api/agents', { name: 'hermit' })
  const shown = async (): Promise<boolean[]> => {
    await readAll(market.db, 'jobs.tally', () => tallyJobs(market.db))
    return Promise.all(
      ['completed', 'pass_rate', 'newest'].map(async (sort) => {
        const { body } = await bob.ask<{ id: string }[]>('GET', `/api/agents/directory?sort=${sort}`)
        return body.some(({ id }) => id === agent.id)
      }),
    )
  }
  const happens = tells(bob, agent)
  assert.deepEqual(await shown(), [false, false, false])
  await happens('job.requeued', { reason: 'gave_up' })
  assert.deepEqual(await shown(), [false, false, false], 'an attempt that failed shows nobody')
  await happens('job.verified', { earned_cents: 100, work_seconds: 60 })
  assert.deepEqual(await shown(), [true, true, true])
  const { body: other } = await bob.ask<{ id: string }>('POST', '/api/agents', { name: 'novice' })
  await market.db.rows(`insert into agent_record (agent_id, verified, last_active_at) values ($1, 1, app_now())`, [
    other.id,
  ])
  const { body: newest } = await bob.ask<{ id: string }[]>('GET', '/api/agents/directory?sort=newest')
  assert.equal(newest[0]!.id, other.id, 'whose first record is of a passed job as well')
})

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Agent } from '../../src/core/accounts/agent.ts'
import type { Job } from '../../src/desks/jobs/job.ts'
import { type Person, startTestMarket } from '../support/market.ts'
import {
  act,
  assertLawful,
  claim,
  fund,
  type Held,
  junk,
  moveClockTo,
  people,
  post,
  postUnpaid,
  refused,
  submit,
  take,
  verifyAll,
  went,
} from './desk.ts'

// Nothing happens in the background here: each test says when the market sweeps (`advance`) and verifies.
const market = await startTestMarket({ worker: false })
after(() => market.close())
const [ada] = await people(market, 'Ada')
await fund(market, ada, 500_000)
const day = 86_400

const pull = (worker: Person, agent = 'default', body: object = {}) =>
  worker.ask<Held | null>('POST', '/api/jobs/pull', { agent_name: agent, ...body })
const newAgent = async (owner: Person, name: string, fields: object = {}): Promise<Agent> =>
  went(await owner.ask<Agent>('POST', '/api/agents', { name, ...fields }), 201)
const cancelAll = async (sender: Person): Promise<void> => {
  for (const job of went(await sender.ask<Job[]>('GET', '/api/jobs?status=queued')))
    went(await act(sender, 'cancel', job))
}

/** Each way in which a job comes back from an owner and is then kept from them for a day. */
const returns: Record<string, (worker: Person, job: Job) => Promise<unknown>> = {
  'was rejected': async (worker, job) => {
    await claim(worker, job)
    went(await act(worker, 'reject', job))
  },
  lapsed: async (worker, job) => {
    await claim(worker, job)
    await market.advance(31)
  },
  'lapsed a moment ago': async (worker, job) => {
    await claim(worker, job)
    await moveClockTo(market, job, 'hold_expires_at', 1)
  },
  'was given up': async (worker, job) => {
    await take(worker, job)
    went(await act(worker, 'fail', job))
  },
  'was not done in time': async (worker, job) => {
    await take(worker, job)
    await market.advance(3_601)
  },
  'was handed in as junk': async (worker, job) => {
    await take(worker, job)
    await submit(worker, job, junk)
    await verifyAll(market)
  },
}

for (const [how, comeBack] of Object.entries(returns)) {
  test(`a job that ${how} is kept from every agent of that owner for 24 h, and offered again afterwards`, async () => {
    await cancelAll(ada)
    const [bob, cleo] = await people(market, 'Bob', 'Cleo')
    await newAgent(bob, 'second')
    const job = await post(ada)
    await comeBack(bob, job)
    for (const agent of ['default', 'second']) {
      assert.equal((await pull(bob, agent)).status, 204, agent)
      refused(await act(bob, 'claim', job, { agent_name: agent }), 403, 'job_shown_before')
    }
    assert.equal(went(await pull(cleo))!.id, job.id, 'others are offered it')
    went(await act(cleo, 'reject', job))
    await market.advance(day - 120)
    assert.equal((await pull(bob, 'second')).status, 204)
    await market.advance(121)
    assert.equal(went(await pull(bob, 'second'))!.id, job.id, 'offered again after a day')
    went(await act(ada, 'cancel', job))
  })
}

test('an owner whose attempt failed may try again at once where the sender said retry_same, with any agent', async () => {
  await cancelAll(ada)
  const [bob] = await people(market, 'Bob')
  await newAgent(bob, 'second')
  const job = await post(ada, { retry_same: true })
  assert.equal(job.retry_same, true)
  await take(bob, job)
  went(await act(bob, 'fail', job))
  assert.equal(went(await pull(bob, 'second'))!.id, job.id)
  went(await act(bob, 'reject', job))
  refused(await act(bob, 'claim', job), 403, 'job_shown_before')
  went(await act(ada, 'cancel', job))
})

test('an agent holds one job, an owner ten; lapsed holds do not count', async () => {
  const [bob] = await people(market, 'Bob')
  const agents = await Promise.all(Array.from({ length: 11 }, (_, n) => newAgent(bob, `agent-${n}`)))
  const jobs: Job[] = []
  for (let n = 0; n < 12; n++) jobs.push(await post(ada))
  const held = new Set<string>()
  for (const agent of agents.slice(0, 10)) held.add(went(await pull(bob, agent.name))!.id)
  assert.equal(held.size, 10)
  const full = refused(await pull(bob, 'agent-10'), 429, 'too_many_holds')
  assert.equal(full.retryable, true)
  assert.ok(full.retry_after_seconds! > 0 && full.retry_after_seconds! <= 30)
  const free = jobs.find(({ id }) => !held.has(id))!
  refused(await act(bob, 'claim', free, { agent_name: 'agent-10' }), 429, 'too_many_holds')
  refused(await act(bob, 'claim', free, { agent_name: 'agent-0' }), 400, 'agent_holds_another')
  assert.ok(held.has(went(await pull(bob, 'agent-3'))!.id), 'who holds one gets the same one')

  const [first] = held
  went(await act(bob, 'accept', { id: first! }))
  assert.equal((await pull(bob, 'agent-10')).status, 200, 'an accepted job is no hold')
  const mine = went(await bob.ask<Job[]>('GET', '/api/users/status')).filter(({ status }) => status === 'held')
  for (const job of mine) went(await act(bob, 'reject', job))
  went(await act(bob, 'fail', { id: first! }))
  await cancelAll(ada)
  await assertLawful(market)
})

test('three holds that lapse within ten minutes: 429 for ten minutes, for every agent of that owner', async () => {
  const [bob, cleo] = await people(market, 'Bob', 'Cleo')
  await newAgent(bob, 'second')
  for (let n = 0; n < 6; n++) await post(ada)
  for (const agent of ['default', 'second', 'default']) {
    went(await pull(bob, agent))
    await market.advance(31)
  }
  const wait = refused(await pull(bob, 'second'), 429, 'lapsed_too_often')
  assert.ok(wait.retry_after_seconds! > 500 && wait.retry_after_seconds! <= 600, `${wait.retry_after_seconds}`)
  assert.equal((await pull(bob)).headers.get('retry-after'), String(wait.retry_after_seconds))
  const [free] = went(await ada.ask<Job[]>('GET', '/api/jobs?status=queued'))
  refused(await act(bob, 'claim', free!), 429, 'lapsed_too_often')
  went(await pull(cleo))
  await market.advance(wait.retry_after_seconds! - 5)
  refused(await pull(bob), 429, 'lapsed_too_often')
  await market.advance(6)
  went(await pull(bob))
  await market.advance(600)

  const [slow] = await people(market, 'Slow')
  for (let n = 0; n < 3; n++) {
    went(await pull(slow))
    await market.advance(301)
  }
  assert.notEqual((await pull(slow)).status, 429, 'three within more than ten minutes are none too many')
  await market.advance(31)
  await cancelAll(ada)
})

test('an agent works on no more jobs than its max_active_jobs, under verification included', async () => {
  const [bob] = await people(market, 'Bob')
  const agent = await newAgent(bob, 'careful', { max_active_jobs: 2 })
  const jobs = [await post(ada), await post(ada), await post(ada)]
  await take(bob, jobs[0]!, { agent_name: 'careful' })
  await take(bob, jobs[1]!, { agent_name: 'careful' })
  assert.equal((await pull(bob, 'careful')).status, 204)
  refused(await act(bob, 'claim', jobs[2]!, { agent_name: 'careful' }), 400, 'agent_at_capacity')
  await submit(bob, jobs[0]!)
  assert.equal((await pull(bob, 'careful')).status, 204)
  await verifyAll(market)
  assert.equal(went(await pull(bob, 'careful'))!.id, jobs[2]!.id)
  went(await act(bob, 'reject', jobs[2]!))
  went(await bob.ask('PATCH', `/api/agents/${agent.id}`, { max_active_jobs: 1 }))
  const other = await post(ada)
  assert.equal((await pull(bob, 'careful')).status, 204)
  assert.equal(went(await pull(bob))!.id, other.id, 'another agent of theirs may')
  went(await act(bob, 'reject', other))
  went(await act(bob, 'fail', jobs[1]!))
  await cancelAll(ada)
})

test('min_pass_rate keeps a job for agents that have shown it; 0 asks for nothing', async () => {
  const [bob, newcomer] = await people(market, 'Bob', 'Newcomer')
  const [done, junked] = [await post(ada), await post(ada)]
  await take(bob, done)
  await submit(bob, done)
  await take(bob, junked)
  await submit(bob, junked, junk)
  await verifyAll(market)
  went(await act(ada, 'cancel', junked))

  const choosy = await post(ada, { min_pass_rate: 0.51 })
  for (const worker of [bob, newcomer]) {
    assert.equal((await pull(worker)).status, 204)
    refused(await act(worker, 'claim', choosy), 403, 'pass_rate_too_low')
  }
  const half = await post(ada, { min_pass_rate: 0.5 })
  assert.equal((await pull(newcomer)).status, 204)
  assert.equal(went(await pull(bob))!.id, half.id)
  went(await act(bob, 'reject', half))
  await cancelAll(ada)
  const open = await post(ada, { min_pass_rate: 0 })
  assert.equal(went(await pull(newcomer))!.id, open.id)
  went(await act(newcomer, 'reject', open))
  await cancelAll(ada)
})

test('ten thousand open jobs are the most', async () => {
  const [poor, busy] = await people(market, 'Poor', 'Busy')
  const { id } = await postUnpaid(poor)
  const [made] = await market.db.rows<{ n: number }>(
    `with made as (insert into job select (jsonb_populate_record(job, jsonb_build_object('id', uuid7(), 'sender', $2::uuid))).*
       from job, generate_series(1, 9998) where id = $1 returning 1) select count(*) as n from made`,
    [id, busy.userId],
  )
  assert.equal(made!.n, 9_998)
  const more = { prompt: 'One more.', price_cents: 100, confirmed: true }
  for (let n = 0; n < 2; n++) refused(await busy.ask('POST', '/api/jobs/run', more), 402, 'insufficient_balance')
  refused(await busy.ask('POST', '/api/jobs/run', more), 400, 'too_many_open_jobs')
  const [newest] = went(await busy.ask<Job[]>('GET', '/api/jobs?limit=1'))
  went(await act(busy, 'cancel', newest!))
  refused(await busy.ask('POST', '/api/jobs/run', more), 402, 'insufficient_balance')
})

test('in live mode nobody works their own jobs; in test mode one person may try both sides', async () => {
  await cancelAll(ada)
  const own = await post(ada)
  assert.equal(went(await pull(ada))!.id, own.id)
  went(await act(ada, 'reject', own))
  await cancelAll(ada)

  const live = await startTestMarket({
    worker: false,
    env: {
      CLAWRK_MODE: 'live',
      ALLOW_RULES_ONLY: '1',
      STRIPE_SECRET_KEY: 'sk_test_of_the_tests',
      STRIPE_WEBHOOK_SECRET: 'whsec_of_the_tests',
    },
  })
  try {
    const [bob] = await people(live, 'Bob')
    await fund(live, bob, 500)
    const job = await post(bob)
    assert.equal((await pull(bob)).status, 204)
    refused(await act(bob, 'claim', job), 403, 'own_job')
    refused(await bob.ask('POST', '/api/test/clock', { advance_seconds: 1 }), 404, 'not_found')
  } finally {
    await live.close()
  }
})

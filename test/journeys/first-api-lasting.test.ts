import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Sql } from '../../src/base/db.ts'
import type { Actor, Call } from '../../src/base/endpoint.ts'
import { openSealer } from '../../src/base/seal.ts'
import { mintKey } from '../../src/core/accounts/create-key.ts'
import { accept } from '../../src/desks/jobs/accept.ts'
import type { Job } from '../../src/desks/jobs/job.ts'
import { jobSecrets } from '../../src/desks/jobs/secrets.ts'
import { registry, type Skill } from '../../src/desks/jobs/skills/skill.ts'
import { submit } from '../../src/desks/jobs/submit.ts'
import { tallyJobs } from '../../src/desks/jobs/tally.ts'
import { keyed } from '../laws/exhibits.ts'
import { at } from '../races/contest.ts'
import { type Fields, type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { takePort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import {
  act,
  assertLawful,
  claim,
  eventsOf,
  fund,
  moveClock,
  movementsOf,
  people,
  post,
  refused,
  see,
  unixReport,
  verifyAll,
  walletOf,
  went,
} from './desk.ts'
import { acceptedForCredits, creditsOf, giveCredits, postForCredits, submittedForCredits } from './first-api-desk.ts'

let execute: Skill['execute'] = () => unixReport
const skill = { name: 'research', creditCost: 2, execute: (intent: string) => execute(intent) }
const market = await startTestMarket({ worker: false, skills: registry([skill], skill) })
after(() => market.close())

test('a skill that throws, answers nothing, or far too much: the job stays accepted, and may be tried again', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const job = await acceptedForCredits(ada, bob)
  const failing: Skill['execute'][] = [
    () => {
      throw new Error('out of paper')
    },
    () => Promise.reject(new Error('out of ink')),
    () => ' ',
    () => 'x'.repeat(1_000_001),
  ]
  for (execute of failing) {
    const { retryable, error } = refused(await act(bob, 'submit', job), 503, 'skill_failed')
    assert.equal(retryable, true)
    assert.doesNotMatch(error, /paper|ink/)
    const seen = await see(bob, job)
    assert.deepEqual([seen.status, seen.attempt_count, seen.can], ['accepted', 1, ['submit', 'fail']])
  }
  execute = () => unixReport
  assert.equal(went(await act(bob, 'submit', job)).output, unixReport)
  assert.equal(went(await act(ada, 'verify', job)).status, 'verified')
  await assertLawful(market)
})

test('while a skill runs others see in_progress, and no connection waits for it', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const job = await acceptedForCredits(ada, bob)
  const intents: string[] = []
  let finish = (_text: string): void => {}
  execute = (intent) => {
    intents.push(intent)
    return new Promise<string>((resolve) => {
      finish = resolve
    })
  }
  const submitting = act(bob, 'submit', job)
  await until('the skill runs', () => intents.length > 0)
  assert.deepEqual(intents, [job.intent])
  const [forAda, forBob] = [await see(ada, job), await see(bob, job)]
  assert.deepEqual([forAda.status, forAda.can], ['in_progress', ['cancel']])
  assert.deepEqual([forBob.status, forBob.can], ['in_progress', ['submit']])
  const open = await market.db.rows(
    `select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null and state <> 'active'`,
  )
  assert.deepEqual(open, [], 'a transaction waits for the skill')
  finish(unixReport)
  assert.equal(went(await submitting).status, 'submitted')
  went(await act(ada, 'verify', job))
  execute = () => unixReport
})

test('the process dies in the middle of a skill: somebody else goes on at once, and a timer would', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const [first, second] = [await acceptedForCredits(ada, bob), await acceptedForCredits(ada, bob)]
  const port = await takePort()
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixture-slow-skill.ts')], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: market.databaseUrl,
      CLAWRK_SECRET: randomBytes(32).toString('hex'),
      STRIPE_API_BASE: 'http://127.0.0.1:9',
      PORT: `${port}`,
      SKILL_MS: '20000',
      LOG_LEVEL: 'silent',
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  await once(child.stdout!, 'data')
  const there = at(`http://127.0.0.1:${port}`, bob)
  const lost = Promise.allSettled([act(there, 'submit', first), act(there, 'submit', second)])
  for (const job of [first, second])
    await until('the skill runs', async () => (await see(ada, job)).status === 'in_progress')
  child.kill('SIGKILL')
  for (const { status } of await lost) assert.equal(status, 'rejected')
  assert.equal((await see(ada, first)).status, 'in_progress')

  // Nobody takes a run for dead that may be alive; half a minute later it is.
  await moveClock(market, 31)
  assert.equal(went(await act(bob, 'submit', first)).status, 'submitted')
  await market.advance(14 * 60)
  assert.equal((await see(ada, second)).status, 'in_progress')
  await market.advance(60)
  const back = await see(bob, second)
  assert.deepEqual([back.status, back.attempt_count, back.deadline_at], ['accepted', 1, second.deadline_at])
  assert.equal(went(await act(bob, 'submit', second)).status, 'submitted')
  for (const job of [first, second]) assert.equal(went(await act(ada, 'verify', job)).status, 'verified')
  await assertLawful(market)
})

test('whoever asked for a verdict dies: it comes all the same, and the same request is told it', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const job = await submittedForCredits(ada, bob)
  const key = randomUUID()
  const ask = () => ada.ask<Job>('POST', `/api/jobs/${job.id}/verify`, {}, { 'idempotency-key': key })
  // As a process leaves it that has committed the asking and nothing else.
  const dead = randomUUID()
  await market.db.rows(
    `update job set verify_token = $2, verdict_asked_by = $2, due_at = app_now() + interval '60 seconds' where id = $1`,
    [job.id, dead],
  )
  assert.equal(await verifyAll(market), 0)
  await moveClock(market, 61)
  assert.equal(await verifyAll(market), 1, 'its lease is over, so any worker finishes it')
  assert.equal((await see(ada, job)).status, 'verified')
  refused(await ask(), 400, 'job_wrong_state')

  const other = await submittedForCredits(ada, bob)
  const path = `/api/jobs/${other.id}/verify`
  const first = await ada.ask<Job>('POST', path, {}, { 'idempotency-key': key + 1 })
  assert.equal(went(first).status, 'verified')
  // The answer was booked but not stored: the key is there as the dead process has left it.
  await market.db.rows(
    `update idempotency set answer = null, status = null, leased_until = clock_timestamp() where key = $1`,
    [key + 1],
  )
  const again = await ada.ask<Job>('POST', path, {}, { 'idempotency-key': key + 1 })
  assert.deepEqual([again.status, again.body.status], [200, 'verified'])
  assert.deepEqual(await movementsOf(market, other), { credits_used: 1, job_paid: 1, job_settled: 1 })
  const replayed = await ada.ask<Job>('POST', path, {}, { 'idempotency-key': key + 1 })
  assert.deepEqual([replayed.text, replayed.headers.get('idempotency-replayed')], [again.text, 'true'])
})

test('no state keeps credits for ever: queued 30 d, accepted a day and three times, in_progress 15 min, submitted 72 h', async () => {
  const [ada, bob, cleo, dora] = await people(market, 'Ada', 'Bob', 'Cleo', 'Dora')
  await giveCredits(market, ada, 10)
  const unwanted = await postForCredits(ada)
  const missed = await postForCredits(ada)
  for (const [n, worker] of [bob, cleo, dora].entries()) {
    went(await act(worker, 'accept', missed))
    await market.advance(86_400 - 60)
    assert.equal((await see(ada, missed)).status, 'accepted')
    await market.advance(61)
    const seen = await see(ada, missed)
    assert.deepEqual([seen.status, seen.attempt_count], [n < 2 ? 'queued' : 'failed', n + 1])
    refused(await act(worker, 'submit', missed), 400, 'deadline_passed')
    // Not offered again to the same so soon.
    if (n < 2) refused(await act(worker, 'accept', missed), 403, 'job_shown_before')
  }
  assert.deepEqual(await movementsOf(market, missed), { job_paid: 1, refund: 1 })
  assert.equal((await eventsOf(market, missed)).at(-1), 'job.failed')

  const forgotten = await submittedForCredits(ada, bob)
  await market.advance(72 * 3_600 - 60)
  assert.equal(await verifyAll(market), 0)
  await market.advance(61)
  assert.equal(await verifyAll(market), 1)
  assert.equal((await see(ada, forgotten)).status, 'verified')
  assert.equal((await walletOf(bob)).balance_cents, 100)

  const called = await acceptedForCredits(ada, cleo)
  assert.equal(went(await act(ada, 'cancel', called)).cancellation_requested, true)
  await market.advance(86_401)
  assert.equal((await see(ada, called)).status, 'cancelled')

  await market.advance(30 * 86_400)
  assert.equal((await see(ada, unwanted)).status, 'cancelled')
  assert.equal(await creditsOf(ada), 18, 'two were used, all others are back')
  await assertLawful(market)
})

test('a job for credits is on the board, and never pulled or claimed', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const job = await postForCredits(ada, 'Research the prosody of Finnish hexameters')
  assert.equal((await bob.ask('POST', '/api/jobs/pull', {})).status, 204)
  refused(await act(bob, 'claim', job), 400, 'job_for_credits')
  const board = went(await bob.ask<Fields[]>('GET', '/api/board?q=hexameters'))
  assert.deepEqual(
    board.map(({ id, terms, price_cents }) => ({ id, terms, price_cents })),
    [{ id: job.id, terms: 'credits', price_cents: 100 }],
  )
  const seen = await see(bob, job)
  assert.deepEqual([seen.prompt, seen.intent, seen.criteria, seen.can], [null, job.intent, job.criteria, ['accept']])
  await fund(market, ada, 500)
  const paid = await post(ada, { prompt: 'Research the metre of Finnish hexameters' })
  const orders = { newest: [paid, job], closing: [job, paid], price: [paid, job] }
  for (const [sort, jobs] of Object.entries(orders)) {
    const sorted = went(await bob.ask<Fields[]>('GET', `/api/board?q=hexameters&sort=${sort}`))
    assert.deepEqual(
      sorted.map(({ id }) => id),
      jobs.map(({ id }) => id),
      sort,
    )
  }
  for (const one of [job, paid]) went(await act(ada, 'cancel', one))
  assert.equal(await creditsOf(ada), 10)
})

test('an agent works on as many as it may, whatever they are paid with; a key bound to one means that one', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await giveCredits(market, ada, 10)
  const agent = went(await bob.ask<{ id: string }>('POST', '/api/agents', { name: 'one', max_active_jobs: 1 }), 201)
  const minted = await market.db.transaction((sql) => mintKey(sql, bob.userId, { agentId: agent.id }))
  const bound = keyed(bob, minted.key)
  const first = await postForCredits(ada)
  assert.equal(went(await act(bound, 'accept', first)).receiver_agent_id, agent.id)
  const second = await postForCredits(ada)
  const [own] = await market.db.rows<{ code: string }>(
    `select code from job_take_on($1, $2, null, null, gen_random_uuid(), true, '24 hours')`,
    [second.id, ada.userId],
  )
  assert.equal(own!.code, 'own_job', 'in live mode')
  refused(await act(bound, 'accept', second), 400, 'agent_at_capacity')
  const other = went(await act(bob, 'accept', second))
  assert.notEqual(other.receiver_agent_id, agent.id)
  refused(await act(bound, 'submit', second), 403, 'job_not_yours')
  went(await act(bound, 'submit', first))
})

test('what is done for credits counts: in the agent’s record, the hour and the stats', async () => {
  const own = await startTestMarket({ worker: false })
  after(() => own.close())
  const [ada, bob] = await people(own, 'Ada', 'Bob')
  await fund(own, ada, 1_000)
  const waiting = await postForCredits(ada)
  const stats = went(await bob.ask<Fields>('GET', '/api/board/stats'))
  assert.deepEqual([stats.open_jobs, stats.open_value_cents], [1, 100])
  const job = await submittedForCredits(ada, bob)
  await moveClock(own, 40 * 3_600)
  assert.equal(went(await act(ada, 'verify', job)).status, 'verified')
  const turnedDown = await submittedForCredits(ada, bob, 'lorem ipsum dolor sit amet, nothing of this is about it')
  assert.equal(went(await act(ada, 'verify', turnedDown)).status, 'rejected')
  // Events are told when every transaction on the server that began before them has ended.
  const record = await until('both verdicts are tallied', async () => {
    await tallyJobs(own.db)
    const [agent] = went(await bob.ask<{ stats: Fields }[]>('GET', '/api/agents'))
    return agent!.stats.pass_rate === 0.5 && agent!.stats
  })
  assert.deepEqual([record.jobs_done, record.earned_cents], [1, 100])
  const [hour] = await own.db.rows<{ paid: number; verified: number; took: number[] }>(
    `select sum(paid_out_cents)::bigint as paid, sum(verified)::bigint as verified, array_agg(s) filter (where s is not null) as took
     from market_hour left join unnest(verify_seconds) as s on true`,
  )
  // How long a sender took to ask is not how long a verdict takes.
  assert.deepEqual(hour, { paid: 100, verified: 1, took: null })
  went(await act(ada, 'cancel', waiting))
})

test('a mandate counts a credit as 50 cents, and together with what the wallet pays', async () => {
  const [ada] = await people(market, 'Ada')
  await fund(market, ada, 1_000)
  const minted = await market.db.transaction((sql) => mintKey(sql, ada.userId, { limit: 260 }))
  const limited = keyed(ada, minted.key)
  const job = await postForCredits(limited)
  went(await limited.ask('POST', '/api/credits', { amount: 1, reason: 'match_deduction' }))
  const short = await limited.ask('POST', '/api/jobs/run', {
    prompt: 'Research Unix',
    price_cents: 200,
    confirmed: true,
  })
  assert.deepEqual([short.status, short.body.code], [402, 'spend_limit_reached'])
  went(await limited.ask('POST', '/api/jobs/run', { prompt: 'Research Unix', price_cents: 100, confirmed: true }), 201)
  refused(
    await limited.ask('POST', '/api/credits', { amount: 1, reason: 'match_deduction' }),
    402,
    'spend_limit_reached',
  )
  refused(await limited.ask('POST', '/api/jobs', { prompt: 'Research Unix' }), 402, 'spend_limit_reached')
  const spent = await market.db.rows(`select spent from mandate_day`)
  assert.deepEqual(spent, [{ spent: 250 }])
  assert.equal(await creditsOf(ada), 7)
  went(await act(limited, 'cancel', job))
  await assertLawful(market)
})

test('in live mode gifts pay for no job; deductions use them up first', async () => {
  const [ada] = await people(market, 'Ada')
  const pay = async ({ db }: TestMarket, { userId }: Person, credits: number): Promise<string> => {
    const [row] = await db.rows<{ outcome: string }>(`select credits_pay($1, $2, $3, true, null, null) as outcome`, [
      `job:${randomUUID()}`,
      userId,
      credits,
    ])
    return row!.outcome
  }
  const deduct = async (amount: number): Promise<void> =>
    void went(await ada.ask('POST', '/api/credits', { amount, reason: 'match_deduction' }))
  assert.equal(await pay(market, ada, 1), 'short')
  await giveCredits(market, ada, 5)
  assert.equal(await pay(market, ada, 6), 'short')
  assert.equal(await pay(market, ada, 3), 'posted')
  assert.equal(await pay(market, ada, 3), 'short')
  await deduct(4)
  assert.equal(await pay(market, ada, 3), 'short', 'the gift went first')
  await deduct(7)
  assert.equal(await creditsOf(ada), 1)
  assert.equal(await pay(market, ada, 1), 'posted')
  assert.equal(await creditsOf(ada), 0)
  // Many at once can pay with the bought part only.
  const [bob] = await people(market, 'Bob')
  await giveCredits(market, bob, 5)
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => pay(market, bob, 1)))
  assert.equal(outcomes.filter((outcome) => outcome === 'posted').length, 5)
})

test('the current API pays nothing for the first: to accept and to hand in are one statement each', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await fund(market, ada, 500)
  const job = await post(ada)
  await claim(bob, job)
  const counted: string[] = []
  const sql: Sql = {
    rows: (text, values) => {
      counted.push(text)
      return market.db.rows(text, values)
    },
  }
  const actor: Actor = {
    kind: 'key',
    userId: bob.userId,
    lineage: bob.userId,
    keyId: null,
    sessionId: null,
    scopes: new Set(['jobs:work']),
    agentId: null,
    spendLimitCents: null,
    suspended: false,
    operator: false,
  }
  const call: Call = { actor, sql, remember: null, requestId: 'test', wake() {} }
  const secrets = jobSecrets(openSealer('of the test', 'job secrets'))
  const accepted = await accept({ secrets, live: false }).act(call, { id: job.id })
  assert.deepEqual([accepted?.status, counted.length], ['accepted', 1])
  const submitted = await submit({ skills: registry([skill], skill) }).act(call, { id: job.id, output: unixReport })
  assert.deepEqual([submitted?.status, counted.length], ['submitted', 2])
  await verifyAll(market)
})

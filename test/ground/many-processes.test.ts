import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '../../src/base/db.ts'
import { streamsMax } from '../../src/base/seats.ts'
import type { DeviceStarted } from '../../src/core/accounts/start-device.ts'
import type { Job } from '../../src/desks/jobs/job.ts'
import { assertLawful, fund, people, post, refused, take, unixPrompt, walletOf, went } from '../journeys/desk.ts'
import { cloneDatabase } from '../support/database.ts'
import { type Answer, ask, type Fields, type Person } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { startRole } from '../support/roles.ts'

// Processes of their own, as on two machines: what one of them keeps to itself cannot be seen by the other.
const dataDir = mkdtempSync(join(tmpdir(), 'clawrk-many-'))
const { url: databaseUrl } = await cloneDatabase()
const db = openDatabase({ url: databaseUrl, poolSize: 2 })
after(() => db.close())
const cronSecret = 'cron-secret-of-the-tests'
const start = () => startRole('api', { databaseUrl, dataDir, env: { CRON_SECRET: cronSecret } })
const [here, there] = await Promise.all([start(), start()])
const both = [here.url, there.url] as const
const [ada, bob, cleo] = await people({ db, url: here.url }, 'Ada', 'Bob', 'Cleo')

const by = ({ key }: Person, url: string, method: string, path: string, body?: unknown, headers = {}) =>
  ask(url, method, path, body, { authorization: `Bearer ${key}`, ...headers })

test('who signs in at one process is known at the other, and who signs out is forgotten there within five seconds', async () => {
  const email = `${randomUUID()}@people.test`
  const made = await ask(here.url, 'POST', '/api/auth/sign-up/email', { email, password: 'correct horse', name: 'Dan' })
  const cookie = made.headers.get('set-cookie')!.split(';')[0]!
  const keys = (url: string): Promise<Answer> => ask(url, 'GET', '/api/keys', undefined, { cookie, origin: url })
  went(await keys(there.url))
  went(await ask(here.url, 'POST', '/api/auth/sign-out', undefined, { cookie, origin: here.url }))
  refused(await keys(here.url), 401, 'credential_dead')
  const since = Date.now()
  await until('the other process has heard of it', async () => (await keys(there.url)).status === 401)
  assert.ok(Date.now() - since < 5_500)
})

test('a device asks at one process, its person decides at the other, and both hand out one key; tries count together', async () => {
  const device = went(await ask<DeviceStarted>(here.url, 'POST', '/api/auth/device', { client_name: 'laptop' }))
  const decide = (who: Person, url: string, code: string): Promise<Answer> =>
    ask(
      url,
      'POST',
      '/api/auth/device/approve',
      { user_code: code, approve: true },
      { cookie: who.cookie, origin: url },
    )
  went(await decide(bob, there.url, device.user_code))
  const polls = await Promise.all(
    Array.from({ length: 6 }, (_, n) =>
      ask<Fields>(both[n % 2]!, 'POST', '/api/auth/device/token', { device_code: device.device_code }),
    ),
  )
  const made = polls.filter(({ status }) => status === 200)
  assert.equal(made.length, 1, JSON.stringify(polls.map(({ body }) => body)))
  for (const url of both)
    went(await ask(url, 'GET', '/api/keys/verify', undefined, { 'x-api-key': String(made[0]!.body.key) }))

  const tries = await Promise.all(Array.from({ length: 14 }, (_, n) => decide(cleo, both[n % 2]!, 'BBBB-BBBB')))
  assert.deepEqual(
    [404, 429].map((status) => tries.filter((answer) => answer.status === status).length),
    [10, 4],
  )
})

test('the same request at both at once is done once, and both answer the same', async () => {
  await fund({ db }, ada, 10_000)
  for (let round = 0; round < 10; round++) {
    const key = { 'idempotency-key': randomUUID() }
    const order = { prompt: unixPrompt, price_cents: 500, confirmed: true }
    const answers = await Promise.all(both.map((url) => by(ada, url, 'POST', '/api/jobs/run', order, key)))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [201, 201],
    )
    assert.equal(answers[0]!.text, answers[1]!.text)
    assert.equal(answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true').length, 1)
  }
  assert.equal((await walletOf(ada)).balance_cents, 5_000)
})

test('a pull that waits at one process is handed what is posted at the other', async (context) => {
  const waiting = by(bob, there.url, 'POST', '/api/jobs/pull', { wait_seconds: 20, min_price_cents: 600 })
  await sleep(300)
  const since = Date.now()
  const job = await post(ada, { price_cents: 600 })
  assert.equal(went(await waiting).id, job.id)
  const ms = Date.now() - since
  assert.ok(ms < 4_000, `it took ${ms} ms`)
  context.diagnostic(`handed over after ${ms} ms`)
  went(await by(bob, here.url, 'POST', `/api/jobs/${job.id}/reject`))
})

test('schedulers at both processes at once move each job once; the clock they move is one', async () => {
  const workers = await people({ db, url: there.url }, 'Will', 'Xena', 'Yan', 'Zoe')
  await fund({ db }, ada, 4_000)
  const jobs: Job[] = []
  for (const worker of workers) jobs.push(await take(worker, await post(ada, { price_cents: 1_000 })))
  const ids = jobs.map(({ id }) => id)
  await db.rows(`update job set deadline_at = app_now(), due_at = app_now() where id = any ($1::uuid[])`, [ids])
  const sweeps = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      ask<{ moved: number }>(both[n % 2]!, 'GET', '/api/cron/enforce-deadlines', undefined, {
        authorization: `Bearer ${cronSecret}`,
      }),
    ),
  )
  assert.equal(
    sweeps.reduce((sum, answer) => sum + went(answer).moved, 0),
    jobs.length,
  )
  const ended = await db.rows<{ attempts: number; status: string }>(
    `select attempt_count as attempts, status from job where id = any ($1::uuid[])`,
    [ids],
  )
  assert.deepEqual(
    ended,
    jobs.map(() => ({ attempts: 1, status: 'queued' })),
  )

  const skew = async (): Promise<number> =>
    (await db.rows<{ s: number }>(`select extract(epoch from app_now() - clock_timestamp())::float8 as s`))[0]!.s
  const before = await skew()
  const moved = await Promise.all(
    Array.from({ length: 6 }, (_, n) => ask(both[n % 2]!, 'POST', '/api/test/clock', { advance_seconds: 100 })),
  )
  for (const answer of moved) went(answer)
  assert.ok(Math.abs((await skew()) - before - 600) < 1)
  await assertLawful({ db })
})

test('twenty streams are the most at all processes together; those of a process that was killed count no more', async () => {
  // With their answers: one that nobody holds any more is collected, and its stream ends with it.
  const streams: { controller: AbortController; answer: Response }[] = []
  const open = async (url: string): Promise<number> => {
    const controller = new AbortController()
    const answer = await fetch(`${url}/api/events/stream`, {
      signal: controller.signal,
      headers: { authorization: `Bearer ${cleo.key}` },
    })
    if (answer.status === 200) streams.push({ controller, answer })
    else
      refused(
        { ...answer, status: answer.status, text: '', body: await answer.json(), headers: answer.headers },
        429,
        'too_many_streams',
      )
    return answer.status
  }
  const statuses = await Promise.all(Array.from({ length: 30 }, (_, n) => open(both[n % 2]!)))
  assert.equal(statuses.filter((status) => status === 200).length, streamsMax)
  for (const url of both) assert.equal(await open(url), 429)
  // Two go: there is room for two, wherever.
  for (const { controller } of streams.splice(0, 2)) controller.abort()
  await until('there is room again', async () => (await open(here.url)) === 200)
  assert.equal(await open(there.url), 200)
  assert.equal(await open(here.url), 429)

  const [seats] = await db.rows<{ here: number }>(`select count(*) as here from stream_seat where user_id = $1`, [
    cleo.userId,
  ])
  assert.equal(seats!.here, 2)
  await there.end('SIGKILL')
  await until('the seats of the dead are free', async () => (await open(here.url)) === 200, 5_000)
  for (const { controller } of streams) controller.abort()
  await until('all seats here are given back', async () => {
    const rows = await db.rows(`select 1 from stream_seat where user_id = $1`, [cleo.userId])
    return rows.length === 1
  })
})

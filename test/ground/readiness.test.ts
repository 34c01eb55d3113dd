import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '../../src/base/db.ts'
import { assertLawful, fund, type Held, people, post, refused, submit, take, went } from '../journeys/desk.ts'
import { cloneDatabase } from '../support/database.ts'
import { ask } from '../support/market.ts'
import { processesOf, until } from '../support/processes.ts'
import { type Ended, startRole } from '../support/roles.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'clawrk-ready-'))
const { url: databaseUrl } = await cloneDatabase()
const db = openDatabase({ url: databaseUrl, poolSize: 2 })
after(() => db.close())

const startApi = (graceMs: number) => startRole('api', { databaseUrl, dataDir, env: { READY_GRACE_MS: `${graceMs}` } })

/** Far from any grace that was cut short here, and enough for a busy machine. */
const soonMs = 8_000

function endedSoon(context: TestContext, { code, afterMs }: Ended): void {
  assert.equal(code, 0)
  assert.ok(afterMs < soonMs, `it ended after ${afterMs} ms`)
  context.diagnostic(`it ended after ${afterMs} ms`)
}

const signUp = (url: string, name: string) =>
  ask(url, 'POST', '/api/auth/sign-up/email', { email: `${name}@people.test`, password: 'correct horse battery', name })

test('after SIGTERM readiness goes first; whoever comes in the grace is served, whoever waits is answered', async () => {
  const graceMs = 4_000
  const api = await startApi(graceMs)
  const market = { db, url: api.url }
  const [ada, bob, eve] = await people(market, 'Ada', 'Bob', 'Eve')
  await fund(market, ada, 5_000)
  assert.deepEqual(went(await ask(api.url, 'GET', '/api/ready')), { ready: true })
  // Nothing will ever suit this pull: it waits when the end comes.
  const waiting = eve.ask('POST', '/api/jobs/pull', { wait_seconds: 30, min_price_cents: 100_000 })
  const served = bob.ask<Held>('POST', '/api/jobs/pull', { wait_seconds: 30 })
  await sleep(200)

  const asked = Date.now()
  const ending = api.end('SIGTERM')
  const notReady = await until('readiness is off', async () => {
    const answer = await ask(api.url, 'GET', '/api/ready')
    return answer.status !== 200 && answer
  })
  assert.equal(refused(notReady, 503, 'busy').retryable, true)
  assert.equal(notReady.headers.get('retry-after'), '2')
  assert.equal(notReady.headers.get('connection'), 'close')
  assert.equal((await ask(api.url, 'GET', '/api/health')).status, 200)

  // A job is posted to the process that is leaving; the pull that waits in it is handed the job, and it is worked.
  const job = await post(ada)
  const held = went(await served)
  assert.equal(held.id, job.id)
  went(await bob.ask('POST', `/api/jobs/${job.id}/accept`))
  assert.equal((await submit(bob, job)).status, 'submitted')
  const another = await take(bob, await post(ada))
  assert.equal(another.status, 'accepted')
  assert.ok(Date.now() - asked < graceMs, 'all that was within the grace')

  const { code, afterMs } = await ending
  assert.equal((await waiting).status, 204)
  assert.equal(code, 0, api.said())
  assert.ok(afterMs >= graceMs - 50 && afterMs < graceMs + soonMs, `it ended after ${afterMs} ms`)
  await assert.rejects(ask(api.url, 'GET', '/api/health'))
  await assertLawful({ db })
})

test('a request that is under way when the socket closes is finished', async (context) => {
  const api = await startApi(0)
  // Hashing a password takes a few tenths of a second.
  const signingUp = signUp(api.url, 'mid-air')
  await until('it has come in', async () => {
    const counted = await db.rows(`select 1 from request_quota where quota = 'signUps'`)
    return counted.length > 0
  })
  const ended = await api.end('SIGTERM')
  assert.equal((await signingUp).status, 201)
  assert.equal(ended.code, 0, api.said())
  context.diagnostic(`it ended after ${ended.afterMs} ms`)
})

test('SIGINT waits for no load balancer, and cuts a grace short that has begun', async (context) => {
  const [one, other] = await Promise.all([startApi(30_000), startApi(30_000)])
  const atOnce = await one.end('SIGINT')
  endedSoon(context, atOnce)
  const ending = other.end('SIGTERM')
  await until('readiness is off', async () => (await ask(other.url, 'GET', '/api/ready')).status === 503)
  const cut = await other.end('SIGINT')
  endedSoon(context, cut)
  await ending
})

test('Ctrl-C ends a whole market promptly, however long the grace; SIGTERM keeps to it, and a Ctrl-C after that hurries', async (context) => {
  const start = (graceMs: number, name: string) =>
    startRole(null, { databaseUrl, dataDir: join(dataDir, name), env: { READY_GRACE_MS: `${graceMs}` } })
  const eager = await start(30_000, 'eager')
  const [ada] = await people({ db, url: eager.url }, 'Ada')
  await ada.ask('GET', '/api/keys')
  const ctrlC = await eager.end('SIGINT')
  endedSoon(context, ctrlC)

  const patient = await start(30_000, 'patient')
  const ending = patient.end('SIGTERM')
  await until('readiness is off', async () => (await ask(patient.url, 'GET', '/api/ready')).status === 503)
  await sleep(300)
  // The twin outlives the API: a top-up that comes in the grace goes well.
  const [bob] = await people({ db, url: patient.url }, 'Bob')
  const topUp = went(await bob.ask<{ url: string }>('POST', '/api/wallet/topup', { amount_cents: 1_000 }))
  assert.match(topUp.url, /\/twin\//)
  const hurried = await patient.end('SIGINT')
  endedSoon(context, hurried)
  await ending
  assert.deepEqual(processesOf(dataDir), [])
})

test('a process that cannot start ends and says why: its supervisor tries again, and nobody waits for it', async () => {
  const api = await startApi(0)
  const { port } = new URL(api.url)
  await assert.rejects(startRole('api', { databaseUrl, dataDir, port: Number(port) }), /ended before[\s\S]*EADDRINUSE/)
  await assert.rejects(
    startRole('worker', { databaseUrl, dataDir, env: { STRIPE_API_BASE: '' } }),
    /ended before[\s\S]*STRIPE_API_BASE must name/,
  )
  await api.end('SIGINT')
})

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { knock } from '../../src/base/knock.ts'
import { migrateMarket } from '../../src/base/migrate.ts'
import { checkLaws } from '../../src/core/ledger/laws.ts'
import type { BoardJob } from '../../src/desks/jobs/board.ts'
import type { Job } from '../../src/desks/jobs/job.ts'
import { jobLaws } from '../../src/desks/jobs/laws.ts'
import {
  act,
  assertLawful,
  fund,
  type Held,
  people,
  post,
  refused,
  see,
  seeIn,
  submit,
  take,
  unixPrompt,
  walletOf,
  went,
} from '../journeys/desk.ts'
import { read } from '../streams/reader.ts'
import { type DoorSettings, missingDoors, onDatabase, openDoors } from '../support/doors.ts'
import { ask, startTestMarket, type TestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { startRole } from '../support/roles.ts'

const doors = await openDoors()
const lagMs = 1_000
/** For a busy machine. */
const slackMs = 3_000
const skip = doors ? {} : { skip: missingDoors }

const settings: DoorSettings | null = doors && {
  DATABASE_URL: doors.bouncer.through(doors.primary.url),
  DATABASE_DIRECT_URL: doors.primary.url,
  DATABASE_READ_URL: doors.replica.url,
}
const addresses = settings && {
  databaseUrl: settings.DATABASE_URL,
  databaseDirectUrl: settings.DATABASE_DIRECT_URL,
  databaseReadUrl: settings.DATABASE_READ_URL,
}
const early = addresses && (await knock(addresses))
if (addresses) await migrateMarket({ ...addresses, mode: 'test' })
// We have knocked before that.
await doors?.bouncer.ask('reconnect')
const market: TestMarket | null =
  doors &&
  (await startTestMarket({
    databaseUrl: doors.primary.url,
    env: { ...settings, DATABASE_READ_LAG_MS: `${lagMs}` },
    apis: 2,
  }))
after(async () => {
  await market?.close()
  await doors?.close()
})

/** One figure of an API's own. */
async function figure(name: string, at = 0): Promise<number> {
  const { text } = await ask(market!.urls[at]!, 'GET', '/metrics')
  return Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1])
}

const isRead = (yes: boolean): Promise<unknown> =>
  until(
    yes ? 'the replica is read' : 'the primary answers in its place',
    async () => (await figure('clawrk_replica_used')) === (yes ? 1 : 0),
  )

const board = async (): Promise<BoardJob[]> => went(await ask<BoardJob[]>(market!.url, 'GET', '/api/board?limit=100'))

/** Looks at the board until a job is on it; how long that took. */
async function shows({ id }: Job): Promise<number> {
  const begun = Date.now()
  await until('the job is on the board', async () => (await board()).some((job) => job.id === id))
  return Date.now() - begun
}

test('a job goes its whole way behind a transaction pooler, and the board is the replica’s', skip, async (context) => {
  const [bob, eve] = await people(market!, 'Bob', 'Eve')
  const [ada] = await people({ db: market!.db, url: market!.urls[1]! }, 'Ada')
  await fund(market!, ada, 2_000)
  // It waits at one process, and hears by a session of its own of what is posted at the other.
  const waiting = bob.ask<Held>('POST', '/api/jobs/pull', { wait_seconds: 20 })
  await sleep(100)
  const job = await post(ada)
  const begun = Date.now()
  assert.equal(went(await waiting).id, job.id)
  assert.ok(Date.now() - begun < slackMs, 'the wait was not for the next look')
  went(await act(bob, 'accept', job))
  const key = { 'idempotency-key': randomUUID() }
  const handIn = () => bob.ask('POST', `/api/jobs/${job.id}/submit`, { output: 'junk' }, key)
  const [once, again] = [await handIn(), await handIn()]
  assert.deepEqual([went(once).status, again.headers.get('idempotency-replayed')], ['submitted', 'true'])
  assert.equal((await seeIn(ada, job, 'queued')).attempt_count, 1)
  context.diagnostic(`on the replica’s board after ${await shows(job)} ms`)
  await take(eve, job)
  const reading = read(market!.urls[1]!, ada, job.id)
  await submit(eve, job)
  await seeIn(ada, job, 'verified')
  assert.equal((await reading).events.at(-1)?.event, 'end')
  assert.equal((await walletOf(eve)).balance_cents, 350)
  const dear = await post(ada, { price_cents: 900 })
  await market!.advance(31 * 86_400)
  assert.equal((await see(ada, dear)).status, 'cancelled')

  const open = went(await ask<Record<string, unknown>>(market!.url, 'GET', '/api/board/stats'))
  assert.equal(typeof open.open_jobs, 'number')
  went(await ask(market!.url, 'GET', '/api/agents/directory'))
  assert.ok((await figure('clawrk_lagging_reads_total{from="replica"}')) >= 3)
  assert.equal(await figure('clawrk_lagging_reads_total{from="primary"}'), 0)
  assert.equal(await figure('clawrk_replica_turned_back_total'), 0)
  await assertLawful(market!)

  // Nothing lasts longer than a transaction behind the pooler, and what must hold in each is set there.
  const sessions = await Promise.all(
    Array.from({ length: 8 }, () =>
      market!.db.rows<Record<string, unknown>>(
        `select (select count(*) from pg_prepared_statements) as prepared, current_setting('enable_seqscan') as scans,
           current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
           current_setting('idle_in_transaction_session_timeout') as idle, current_setting('TimeZone') as zone, pg_sleep(0.05)::text as slept`,
      ),
    ),
  )
  for (const [row] of sessions)
    assert.deepEqual(row, {
      prepared: 0,
      scans: 'off',
      statement: '20s',
      lock: '10s',
      idle: '20s',
      zone: 'UTC',
      slept: '',
    })
})

test('a replica that hangs is left within the bound and read again when it has caught up', skip, async (context) => {
  const [ada] = await people(market!, 'Ada')
  await fund(market!, ada, 2_000)
  await isRead(true)
  await onDatabase(doors!.replica.url, (client) => client.query('select pg_wal_replay_pause()'))
  const ms = await shows(await post(ada))
  assert.ok(ms < lagMs + slackMs, `the board showed the job after ${ms} ms`)
  context.diagnostic(`on the primary’s board after ${ms} ms, with a bound of ${lagMs} ms`)
  await isRead(false)
  assert.ok((await figure('clawrk_replica_behind_seconds')) > lagMs / 1000)
  const before = await figure('clawrk_lagging_reads_total{from="primary"}')
  await board()
  assert.equal((await figure('clawrk_lagging_reads_total{from="primary"}')) - before, 1)

  await onDatabase(doors!.replica.url, (client) => client.query('select pg_wal_replay_resume()'))
  await isRead(true)
  assert.ok((await figure('clawrk_replica_behind_seconds')) < lagMs / 1000)
})

test('readers of a replica that goes away and comes back are all answered', skip, async (context) => {
  let [over, answers] = [false, 0]
  const readers = Array.from({ length: 6 }, async () => {
    while (!over) {
      await board()
      answers++
      await sleep(5)
    }
  })
  await sleep(200)
  await doors!.replica.stop('SIGQUIT')
  await isRead(false)
  await sleep(300)
  await doors!.replica.start()
  await isRead(true)
  over = true
  await Promise.all(readers)
  context.diagnostic(`${answers} looks at the board, ${await figure('clawrk_replica_turned_back_total')} turned back`)
})

test(
  'PgBouncer is killed and restarted under load: an answer or 503, and asked again everything is done once',
  skip,
  async (context) => {
    const senders = await people(market!, 'Ada', 'Bea', 'Cora', 'Dana')
    for (const sender of senders) await fund(market!, sender, 100_000)
    let [over, busy] = [false, 0]
    const done = await Promise.all([
      ...senders.map(async (sender, at) => {
        const jobs: string[] = []
        while (!over || jobs.length === 0) {
          const key = { 'idempotency-key': randomUUID() }
          const order = { prompt: unixPrompt, price_cents: 100, confirmed: true }
          for (;;) {
            const headers = { authorization: `Bearer ${sender.key}`, ...key }
            const answer = await ask<Job>(market!.urls[at % 2]!, 'POST', '/api/jobs/run', order, headers)
            if (answer.status === 201) {
              jobs.push(answer.body.id)
              break
            }
            refused(
              answer,
              answer.status === 409 ? 409 : 503,
              answer.status === 409 ? 'idempotency_twin_running' : 'busy',
            )
            busy++
            await sleep(20)
          }
        }
        return jobs
      }),
      (async () => {
        for (const how of ['SIGKILL', 'SIGINT'] as const) {
          await sleep(400)
          await doors!.bouncer.stop(how)
          await sleep(300)
          await doors!.bouncer.start()
        }
        await sleep(400)
        over = true
        return []
      })(),
    ])
    for (const [at, sender] of senders.entries()) {
      const kept = await market!.db.rows<{ id: string }>(`select id from job where sender = $1 order by id`, [
        sender.userId,
      ])
      assert.deepEqual(
        kept.map(({ id }) => id),
        done[at]!.toSorted(),
      )
      assert.equal((await walletOf(sender)).balance_cents, 100_000 - 100 * kept.length)
    }
    assert.ok(busy > 0, 'nobody noticed')
    assert.deepEqual(await checkLaws(market!.db, jobLaws), [])
    context.diagnostic(`${done.flat().length} jobs, ${busy} requests told to come again`)
  },
)

test('a process says what is wrong with its addresses before it begins, in sentences', skip, async () => {
  const { databaseUrl, databaseDirectUrl } = addresses!
  assert.match(
    early!.refusals.join(),
    /no market in the database of DATABASE_DIRECT_URL yet: make it with {2}clawrk migrate/,
  )
  assert.deepEqual(await knock(addresses!), { refusals: [], warnings: [] })
  const refusalsOf = async (other: Partial<NonNullable<typeof addresses>>) =>
    (await knock({ databaseUrl, databaseDirectUrl, databaseReadUrl: null, ...other })).refusals.join()
  assert.match(
    await refusalsOf({ databaseDirectUrl: `${databaseUrl}?application_name=x` }),
    /DIRECT_URL leads through a pooler too/,
  )
  assert.match(await refusalsOf({ databaseReadUrl: databaseUrl }), /READ_URL leads through a pooler: say so, by/)
  assert.equal(await refusalsOf({ databaseReadUrl: `${databaseUrl}?pooler=transaction` }), '')
  await onDatabase(doors!.primary.url, (client) => client.query('create database elsewhere'))
  const elsewhere = Object.assign(new URL(databaseDirectUrl), { pathname: '/elsewhere' }).href
  assert.match(await refusalsOf({ databaseReadUrl: elsewhere }), /leads to another database/)
  assert.match(await refusalsOf({ databaseUrl: doors!.bouncer.through(elsewhere) }), /lead to different databases/)
  assert.deepEqual(await knock({ ...addresses!, databaseReadUrl: 'postgres://x:y@127.0.0.1:1/z' }), {
    refusals: [],
    warnings: [],
  })
  await onDatabase(doors!.primary.url, (client) => client.query('alter role postgres in database postgres reset all'))
  await doors!.bouncer.ask('reconnect')
  await until('the sessions behind the pooler are new ones', async () =>
    (await knock(addresses!)).warnings.some((warning) => /lack the settings of the market/.test(warning)),
  )
  // As it is met by whoever starts a process.
  await assert.rejects(
    startRole('api', { databaseUrl, dataDir: '/nonexistent', env: { DATABASE_DIRECT_URL: '' } }),
    /does not start:\n {2}- DATABASE_URL leads through a pooler: set DATABASE_DIRECT_URL/,
  )
})

test('a replica that has become a primary of its own is not read', skip, async () => {
  await isRead(true)
  await onDatabase(doors!.replica.url, (client) => client.query('select pg_promote()'))
  await isRead(false)
  await board()
})

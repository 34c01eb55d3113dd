import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Asker, openAsker } from '../../demo/ask.ts'
import { type Database, openDatabase } from '../../src/base/db.ts'
import { assertLawful, fund, junk, people, post, unixReport } from '../journeys/desk.ts'
import { cloneDatabase } from '../support/database.ts'
import type { Person } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { type RoleProcess, startRole } from '../support/roles.ts'
import { type Event, read } from './reader.ts'

const jobsOfEach = 12
const leastDisconnects = 500

/** Each check is a line of the log: junk passes none of them, the report all. */
const checks = ['Unix', 'Bell Labs', '1969', 'PDP-7', 'Thompson', 'Berkeley', 'BSD', 'Linux'].map((value) => ({
  type: 'contains',
  value,
}))

interface Tally {
  disconnects: number
  /** Streams that a process closed because it stops, and such as broke because it was killed. */
  closed: number
  broken: number
  /** Something failed: nobody needs to read on. */
  over: boolean
}

/** Follows one job to its end on both processes in turn, and goes away again and again after an event or two. */
async function follow(urls: readonly string[], person: Person, job: string, tally: Tally): Promise<Event[]> {
  const seen: Event[] = []
  for (let turn = Number.parseInt(job.slice(-2), 16); seen.at(-1)?.event !== 'end' && !tally.over; turn++) {
    const most = 1 + (turn % 2)
    const last = seen.at(-1)?.id
    const reading = await read(urls[turn % 2]!, person, job, last, ({ length }) => length >= most).catch(() => null)
    if (reading?.status !== 200) {
      // The process is away, or still counts streams that have just been left.
      assert.ok(reading === null || [429, 503].includes(reading.status), `${reading?.status} for ${job} after ${last}`)
      await sleep(20)
      continue
    }
    // Whatever came in with the last bytes was not looked at any more.
    seen.push(...reading.events.slice(0, most))
    tally.disconnects++
    if (seen.at(-1)?.event === 'end') break
    if (reading.endedBy === 'server') tally.closed++
    if (reading.endedBy === 'break') tally.broken++
  }
  return seen
}

/** Works a job twice: the first attempt is no good, the second, by somebody else, is. Asks again whatever got no answer. */
async function work(db: Database, job: string, [first, second]: readonly [Asker, Asker]): Promise<void> {
  const attempt = async (worker: Asker, output: string): Promise<void> => {
    for (const [verb, body] of [['claim'], ['accept'], ['submit', { output }]] as const) {
      const answer = await worker.post(`/api/jobs/${job}/${verb}`, body)
      assert.equal(answer.status, 200, `${verb} ${job}: ${JSON.stringify(answer.body)}`)
    }
  }
  const becomes = (status: string) =>
    until(`job ${job} becomes ${status}`, async () => {
      const [row] = await db.rows<{ status: string }>('select status::text from job where id = $1', [job])
      return row!.status === status
    })
  await attempt(first, junk)
  await becomes('queued')
  await attempt(second, unixReport)
  await becomes('verified')
}

test('500 disconnects while one API is restarted and another killed: every reader has every line once and in order', async (context) => {
  const { url: databaseUrl } = await cloneDatabase()
  const db = openDatabase({ url: databaseUrl, poolSize: 4 })
  context.after(() => db.close())
  const dataDir = mkdtempSync(join(tmpdir(), 'clawrk-streams-'))
  const start = (role: 'api' | 'worker', port?: number): Promise<RoleProcess> =>
    startRole(role, { databaseUrl, dataDir, ...(port ? { port } : {}), env: { READY_GRACE_MS: '200' } })
  const apis = await Promise.all([start('api'), start('api')])
  const worker = await start('worker')
  const urls = apis.map(({ url }) => url)
  const [ada, cyd, dan] = await people({ db, url: urls[0]! }, 'Ada', 'Cyd', 'Dan')
  const jobs: { readonly id: string; readonly sender: Person }[] = []
  for (const sender of [ada, cyd, dan]) {
    await fund({ db }, sender, 500 * jobsOfEach)
    for (let n = 0; n < jobsOfEach; n++) jobs.push({ id: (await post(sender, { checks })).id, sender })
  }

  const tally: Tally = { disconnects: 0, closed: 0, broken: 0, over: false }
  const following = Promise.all(jobs.map(({ id, sender }) => follow(urls, sender, id, tally)))
  const waiting = [...jobs]
  // Two people to a lane, because an agent holds one job at a time; each asks one of the processes, which goes away under them.
  const askerOf = ({ key }: Person, api: number): Asker =>
    openAsker(urls[api]!, { authorization: `Bearer ${key}` }, { retries: 0, replays: 0 })
  const lane = async (first: Person, second: Person): Promise<void> => {
    const askers = [askerOf(first, 0), askerOf(second, 1)] as const
    for (let job = waiting.shift(); job; job = waiting.shift()) await work(db, job.id, askers)
  }
  const [bob, eve, fay, gus, hal, ivy] = await people(
    { db, url: urls[0]! },
    ...(['Bob', 'Eve', 'Fay', 'Gus', 'Hal', 'Ivy'] as const),
  )
  const working = Promise.all([lane(bob, eve), lane(fay, gus), lane(hal, ivy)])
  const worked = (share: number) =>
    until('work goes on', () => waiting.length <= jobs.length * (1 - share) || null, 60_000)
  const stopping = async (): Promise<void> => {
    await worked(0.25)
    const stopped = await apis[0]!.end('SIGTERM')
    assert.equal(stopped.code, 0, apis[0]!.said())
    await start('api', Number(new URL(urls[0]!).port))
    await worked(0.6)
    const killed = await apis[1]!.end('SIGKILL')
    assert.equal(killed.signal, 'SIGKILL')
    await start('api', Number(new URL(urls[1]!).port))
  }
  const [seenByAll] = await Promise.all([following, working, stopping()]).finally(() => {
    tally.over = true
    waiting.length = 0
  })

  for (const [index, seen] of seenByAll.entries()) {
    const { id, sender } = jobs[index]!
    const rows = await db.rows<{ id: number; kind: string; data: object }>(
      'select id, kind, data from job_log where job_id = $1 order by id',
      [id],
    )
    assert.deepEqual(
      seen.map((event) => [event.id, event.event]),
      rows.map((row) => [row.id, row.kind]),
    )
    for (const [n, { event, data }] of seen.entries()) if (event === 'log') assert.deepEqual(data, rows[n]!.data)
    const verdicts = seen.filter(({ event }) => event === 'verdict').map(({ data }) => data.pass)
    assert.deepEqual(verdicts, [false, true])
    assert.equal((await read(urls[index % 2]!, sender, id, seen.at(-1)!.id)).status, 204)
  }
  await assertLawful({ db })
  assert.equal((await worker.end('SIGTERM')).code, 0)
  assert.ok(tally.disconnects >= leastDisconnects, `${tally.disconnects} disconnects`)
  assert.ok(tally.closed > 0, 'nobody was reading from the process that was stopped')
  assert.ok(tally.broken > 0, 'nobody was reading from the process that was killed')
  const lines = seenByAll.reduce((sum, { length }) => sum + length, 0)
  context.diagnostic(
    `${jobs.length} readers, ${lines} lines, ${tally.disconnects} disconnects, ${tally.closed} by SIGTERM, ${tally.broken} by kill -9`,
  )
})

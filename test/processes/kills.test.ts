// Two APIs and two workers under load, one of each killed again and again, and PostgreSQL too: a quarter of a minute of it in every
// run, two minutes by `npm run campaign:processes`.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import test, { type TestContext } from 'node:test'
import type { Persistence } from '../../demo/ask.ts'
import { untilNoneOverdue } from '../../demo/rounds.ts'
import { openDatabase, type Sql } from '../../src/base/db.ts'
import { checkLaws } from '../../src/core/ledger/laws.ts'
import { verifyChain } from '../../src/core/ledger/seal.ts'
import { paymentLaws } from '../../src/core/payments/laws.ts'
import { gigLaws } from '../../src/desks/gigs/laws.ts'
import { jobLaws } from '../../src/desks/jobs/laws.ts'
import { openShell } from '../cli/clawrk.ts'
import { people } from '../journeys/desk.ts'
import type { Person } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { drive, type Lane, newTold, type Told } from './load.ts'
import { compareFeed, compareLog, followLog, type Heard, readOn } from './readers.ts'
import {
  type Due,
  deliverGigs,
  differencesNow,
  keepSchedules,
  moveClockTo,
  newDue,
  schedulesAtFault,
} from './schedules.ts'
import { killInTurns, type Scene, startScene } from './stage.ts'

const isCampaign = process.env.CAMPAIGN !== undefined
// CAMPAIGN=40 makes it so many seconds.
const whole = Number(process.env.CAMPAIGN) > 1 ? Number(process.env.CAMPAIGN) : 120
const size = isCampaign
  ? { seconds: whole, every: 10, postgresAt: [whole / 3, (2 * whole) / 3], lanes: 6, bare: 2, gigs: 6 }
  : { seconds: 8, every: 8, postgresAt: [6], lanes: 3, bare: 1, gigs: 1 }
/** Enough for work that nobody has spoken about to be paid out: 14 days of silence, and the days of the payout. */
const days = 20

/** Where a campaign is: it takes minutes. */
const progress = (line: string): void =>
  void (isCampaign && process.stderr.write(`${performance.now().toFixed(0).padStart(7)} ms  ${line}\n`))

interface Counts {
  readonly [state: string]: number
}

async function countJobs(sql: Sql): Promise<Counts> {
  const rows = await sql.rows<{ status: string; n: number }>('select status::text, count(*) as n from job group by 1')
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]))
}

/** Moves the clock from timer to timer until every job has come to its end; answers what does not. */
async function toTheEnd({ db }: Scene, due: Due): Promise<string[]> {
  for (let round = 0; round < 40; round++) {
    const stuck = await untilNoneOverdue(db)
    if (stuck.length > 0) return stuck
    const [open] = await db.rows<{ n: number; seconds: number | null }>(
      `select count(*) as n, ceil(extract(epoch from max(due_at) - app_now()))::integer as seconds from job where ended_at is null`,
    )
    if (open!.n === 0) return []
    due.days += Math.max(1, open!.seconds! + 1) / 86_400
    await moveClockTo(db, due.days)
  }
  return ['after 40 moves of the clock there are still open jobs']
}

/** What of the money is not as people saw it. */
async function moneyAtFault(scene: Scene, told: Told, toppedUp: number): Promise<string[]> {
  const { db } = scene
  const breaches = await checkLaws(db, [...paymentLaws, ...jobLaws, ...gigLaws])
  const faults = breaches.map(({ law, where, detail }) => `${law}: ${where} (${detail})`)
  faults.push(...(await verifyChain(db)).faults.map((fault) => `the hash chain: ${fault}`))
  const [money] = await db.rows<Readonly<Record<'came' | 'taken' | 'escrow' | 'held' | 'fees' | 'paid', number>>>(
    `select (select coalesce(sum(amount), 0) from transfer where kind = 'topup')::bigint as came,
      (select coalesce(sum((body->>'amount')::bigint), 0) from stripe_twin.object where kind = 'charge' and body->>'status' = 'succeeded')::bigint as taken,
      (select coalesce(sum(balance), 0) from ledger_account where starts_with(id, 'escrow:') or starts_with(id, 'pending:'))::bigint as escrow,
      (select coalesce(sum(balance), 0) from ledger_account where starts_with(id, 'wallet:'))::bigint as held,
      (select coalesce(sum(amount), 0) from transfer where to_account = 'platform:fees')::bigint as fees,
      (select count(*) from transfer where kind = 'job_settled' and starts_with(to_account, 'wallet:') and amount = 350)::bigint as paid`,
  )
  const { verified = 0 } = await countJobs(db)
  const must = (holds: boolean, fault: string): void => void (holds || faults.push(fault))
  const all = told.toppedUp + toppedUp
  must(money!.came === all, `${all} cents were topped up, ${money!.came} arrived`)
  must(money!.taken === all, `${all} cents were topped up, the provider took ${money!.taken}`)
  must(money!.escrow === 0, `${money!.escrow} cents are left in escrow`)
  must(money!.held + money!.fees === all, `wallets and fees are ${money!.held} + ${money!.fees}, topped up was ${all}`)
  must(money!.paid === verified, `${verified} jobs are verified, ${money!.paid} were paid`)
  const doctor = await openShell({ DATABASE_URL: scene.databaseUrl })('doctor')
  must(doctor.code === 0, `clawrk doctor: ${doctor.stdout}${doctor.stderr}`)
  return faults
}

/** Which jobs are there without having been posted, or have been posted without being there. */
async function jobsAtFault({ db }: Scene, { posted }: Told): Promise<string[]> {
  const rows = await db.rows<{ id: string; sender: string; status: string }>('select id, sender, status::text from job')
  const there = new Set(rows.map(({ id }) => id))
  return [
    ...rows.filter(({ id, sender }) => !posted.get(sender)?.has(id)).map(({ id }) => `nobody knows of job ${id}`),
    ...[...posted.values()].flatMap((ids) => [...ids].filter((id) => !there.has(id)).map((id) => `lost: job ${id}`)),
  ]
}

const listed = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([what, n]) => `${n} ${what}`).join(', ') || 'none'

test('two APIs, two workers and PostgreSQL killed under load: no cent, job, turn of a schedule or event is lost or doubled', async (context: TestContext) => {
  const scene = await startScene(2, 2)
  // Whatever goes wrong, nobody goes on asking a market that is gone.
  const gone = new AbortController()
  context.after(() => {
    gone.abort()
    rmSync(scene.folder, { recursive: true, force: true })
  })
  const { db, urls } = scene
  progress('the scene stands')
  const gigs = await deliverGigs(scene, size.gigs)
  const own = openDatabase({ url: scene.databaseUrl, poolSize: 2 })
  const names = Array.from({ length: size.lanes + size.bare }, (_, n) => [`Ada ${n}`, `Bob ${n}`]).flat()
  const all = (await people({ db: own, url: urls[0]! }, ...names)) as Person[]
  await own.close()
  const lanes = Array.from(
    { length: size.lanes + size.bare },
    (_, n): Lane => ({ sender: all[2 * n]!, worker: all[2 * n + 1]!, keyed: n < size.lanes }),
  )

  progress('everybody is there')
  const told = newTold()
  const persistence: Persistence = { retries: 0, replays: 0 }
  const heard: Heard = { events: 0, lines: 0, breaks: 0 }
  const kills = { api: 0, worker: 0, postgres: 0 }
  const due = newDue()
  const feeds = all.map((person) => readOn(urls, person, false, heard, gone.signal))
  feeds.push(readOn(urls, all[0]!, true, heard, gone.signal))
  const logs: Promise<{ job: string; faults: string[] }>[] = []
  let following = 0
  const onPosted = (sender: Person, job: string): void => {
    // Of one person at most 20 streams; a job that nobody gets to is followed for long.
    if (following >= 8) return
    following++
    const followed = followLog(urls, sender, job, heard, gone.signal)
    logs.push(
      followed.then(async (seen) => {
        following--
        return { job, faults: await compareLog(db, job, seen) }
      }),
    )
  }
  let over = false
  const started = Date.now()
  const load = { urls, told, persistence, isOver: () => over || gone.signal.aborted, onPosted }
  const driving = Promise.all(lanes.map((lane) => drive(lane, load)))
  const going = Promise.all([
    killInTurns(scene, size, kills, gone.signal),
    keepSchedules(scene, due, { seconds: size.seconds, days, gone: gone.signal }),
  ]).finally(() => {
    over = true
  })
  await Promise.all([driving, going])
  progress('the load is over')
  const seconds = (Date.now() - started) / 1_000
  const daysOfLoad = due.days
  const duringLoad = await countJobs(db)

  const stuck = await toTheEnd(scene, due)
  await until('every event has its number', async () => {
    const [row] = await db.rows<{ waits: boolean }>('select event_waits() as waits')
    return !row!.waits
  })
  progress('every job has come to its end')
  const seen = await Promise.all(feeds.map((feed) => feed.finish()))
  const feedFaults = (await Promise.all(feeds.map((feed, n) => compareFeed(db, feed, seen[n]!)))).flat()
  progress('feeds read to their end')
  const followed = await Promise.all(logs)
  progress('logs read to their end')
  const differences = await differencesNow(scene, due)
  const scheduleFaults = await schedulesAtFault(db, due)
  await until('what was posted is sealed', async () => (await verifyChain(db)).faults.length === 0)

  progress('schedules looked at')
  const jobs = await countJobs(db)
  const posted = [...told.posted.values()].reduce((sum, { size: n }) => sum + n, 0)
  for (const line of [
    `killed (-9): ${kills.api} times an API, ${kills.worker} a worker, ${kills.postgres} PostgreSQL, in ${seconds.toFixed(0)} s; the longest time without any answer was ${(told.longestSilenceMs / 1_000).toFixed(1)} s`,
    `jobs: ${posted} posted, ${told.submitted} handed in; ${listed(new Map(Object.entries(jobs)))} (when the load ended: ${listed(new Map(Object.entries(duringLoad)))})`,
    `clients: asked ${persistence.retries} times again, ${persistence.replays} answers had been given before; without a key: ${listed(told.toldAgain)}, ${told.found} jobs found in the list; refused by the clock: ${listed(told.late)}`,
    `streams: ${heard.events} events to ${feeds.length} readers, ${heard.lines} lines of ${logs.length} jobs, ${heard.breaks} broken off`,
    `schedules: clock moved ${daysOfLoad.toFixed(0)} days under load, ${due.comparisons} comparisons due and ${due.compared} seen, ${due.cron} times the cron endpoint of both, ${gigs.milestones.length} milestones by the clock alone`,
  ])
    context.diagnostic(line)

  assert.deepEqual(stuck, [], 'every job comes to its end')
  assert.deepEqual(await jobsAtFault(scene, told), [])
  assert.deepEqual(await moneyAtFault(scene, told, gigs.toppedUp), [])
  assert.deepEqual(differences, [], 'the books are the provider’s')
  assert.deepEqual(scheduleFaults, [])
  assert.deepEqual(feedFaults, [])
  assert.deepEqual(
    followed.flatMap(({ faults }) => faults),
    [],
  )
  assert.deepEqual(
    scene.faults(),
    [],
    'nobody was told 500, and no background work failed but for a database that was away',
  )
  assert.equal(kills.postgres, size.postgresAt.length)
  assert.ok(kills.api >= Math.floor(size.seconds / size.every / 2), `${kills.api} kills of an API`)
  assert.ok(due.compared > 0 && heard.breaks > 0 && persistence.retries > 0, 'the kills met work')
  await scene.stop()
})

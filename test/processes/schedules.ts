import { setTimeout as sleep } from 'node:timers/promises'
import { openAsker } from '../../demo/ask.ts'
import type { WatchedDatabase } from '../../demo/database.ts'
import { topUp } from '../../demo/people.ts'
import { type Database, openDatabase, type Sql } from '../../src/base/db.ts'
import type { Milestone } from '../../src/desks/gigs/contract/milestone.ts'
import { agreedAndApproved, fundIt, payable, secretlyPayable, twoSides } from '../gigs/contract-stage.ts'
import { moved } from '../gigs/milestone-stage.ts'
import { went } from '../journeys/desk.ts'
import { until } from '../support/processes.ts'
import { cronSecret, type Scene } from './stage.ts'

const day = 86_400

/** What has been made due, so that it can be held against what was done. */
export interface Due {
  /** How often the daily comparison with the provider was due, and how often it was seen to be done. */
  comparisons: number
  compared: number
  /** How often schedulers outside asked to enforce deadlines, at all APIs at once. */
  cron: number
  /** How far the clock was moved. */
  days: number
}

/** A market’s first comparison is due when it starts. */
export const newDue = (): Due => ({ comparisons: 1, compared: 0, cron: 0, days: 0 })

/** Work delivered about which the client says nothing: from now on the clock alone reminds, releases and pays out. */
export async function deliverGigs(scene: Scene, many: number): Promise<{ milestones: Milestone[]; toppedUp: number }> {
  const db: Database = openDatabase({ url: scene.databaseUrl, poolSize: 4 })
  const market = { db, url: scene.urls[0]! }
  const milestones: Milestone[] = []
  try {
    for (let n = 0; n < many; n++) {
      const sides = await twoSides(market, `Mia ${n}`, `Noa ${n}`)
      await payable(market, sides.worker)
      const contract = await agreedAndApproved(sides)
      const ask = openAsker(market.url, { authorization: `Bearer ${sides.client.key}` }, { retries: 0, replays: 0 })
      await topUp({ name: sides.client.email, ask }, contract.amount_cents)
      const { milestone } = went(await fundIt(sides.client, contract, { source: 'wallet' }))
      milestones.push(await moved(sides.worker, 'deliver', milestone))
      await secretlyPayable(market, sides.worker, false)
    }
  } finally {
    await db.close()
  }
  return { milestones, toppedUp: milestones.reduce((sum, { amount_cents: cents }) => sum + cents, 0) }
}

/** Makes the daily comparison due and rouses every worker, so that all want it at once; then waits until one has done it. */
async function compareBooks({ db }: Scene, due: Due, patienceMs: number): Promise<void> {
  const many = async (): Promise<number> =>
    (await db.rows<{ n: number }>('select count(*) as n from reconciliation'))[0]!.n
  const before = await many()
  due.comparisons++
  await db.rows(
    `insert into provider_turn (name, due_at) values ('reconcile', clock_timestamp()) on conflict (name) do update set due_at = excluded.due_at`,
  )
  await db.rows(`select pg_notify('clawrk_signals', 'reconcile')`)
  const done = await until('compared', async () => (await many()) > before, patienceMs).catch(() => false)
  if (done) due.compared++
}

/** The newest comparison with the provider, made now: what the books and the provider tell differently. */
export async function differencesNow(scene: Scene, due: Due): Promise<string[]> {
  await compareBooks(scene, due, 15_000)
  const [row] = await scene.db.rows<{ differences: { sentence: string }[] }>(
    'select differences from reconciliation order by at desc limit 1',
  )
  return row!.differences.map(({ sentence }) => sentence)
}

/** Lets all that goes by the clock or by a schedule fall due again and again, asked for from several sides at once. */
export async function keepSchedules(
  scene: Scene,
  due: Due,
  { seconds, days, gone }: { seconds: number; days: number; gone: AbortSignal },
): Promise<void> {
  const until = Date.now() + seconds * 1_000
  const isOver = (): boolean => Date.now() > until || gone.aborted
  const repeat = async (everyMs: number, work: () => Promise<void>): Promise<void> => {
    for (let next = Date.now() + everyMs; !isOver(); next += everyMs) {
      await work()
      await sleep(Math.max(0, Math.min(next, until + 1) - Date.now()))
    }
  }
  // At most two days at once: what is due in between must have its turn.
  const steps = Math.max(Math.ceil(days / 2), Math.floor(seconds / 3))
  await Promise.all([
    repeat(1_000, async () => {
      due.cron++
      await Promise.allSettled(
        scene.urls.map((url) =>
          fetch(`${url}/api/cron/enforce-deadlines`, {
            method: 'POST',
            headers: { authorization: `Bearer ${cronSecret}` },
          }).then((answer) => answer.text()),
        ),
      )
    }),
    repeat(2_500, () => compareBooks(scene, due, 2_000)),
    repeat((seconds * 1_000) / steps, async () => {
      due.days += days / steps
      // To a place and not by a distance: asked twice of a PostgreSQL that was killed in between, it is the same.
      await moveClockTo(scene.db, due.days)
    }),
  ])
}

/** So many days from the beginning of the scene; never back. Whose timers are due then is for the workers to find. */
export const moveClockTo = (sql: Sql, days: number): Promise<unknown[]> =>
  sql.rows(`update app_clock set skew = greatest(skew, make_interval(secs => $1::float8))`, [days * day])

interface Row {
  readonly what: string
}

/** Everything of a schedule that left other than one trace: each line is a fault. */
const traces: readonly { readonly name: string; readonly query: string }[] = [
  {
    name: 'a job ends once',
    query: `select ref || ' ended ' || count(*) || ' times' as what from event
      where name in ('job.verified', 'job.failed', 'job.cancelled') group by ref having count(*) <> 1`,
  },
  {
    name: 'a job that is over has told so',
    query: `select job.id || ' is ' || status || ' and told ' || coalesce(string_agg(e.name, ', '), 'nothing') as what
      from job left join event e on e.ref = 'job:' || job.id and e.name in ('job.verified', 'job.failed', 'job.cancelled')
      group by job.id, status having count(e.name) filter (where e.name = 'job.' || status) <> 1`,
  },
  {
    name: 'an attempt ends once: what was told of it is what is written of it',
    query: `select job.id || ' told of ' || count(e.id) || ' ended attempts, ' || ended.n || ' are written' as what
      from job join lateral (select count(*) as n from job_presentation p where p.job_id = job.id and p.outcome = 'failed') as ended on true
      left join event e on e.ref = 'job:' || job.id and e.data ->> 'reason' in ('gave_up', 'deadline_missed', 'not_passed')
      group by job.id, ended.n having count(e.id) <> ended.n`,
  },
  {
    name: 'a hold that lapsed has told so once',
    query: `select job.id || ' told of ' || count(e.id) || ' lapsed holds, ' || lapsed.n || ' are written' as what
      from job join lateral (select count(*) as n from job_presentation p where p.job_id = job.id and p.outcome = 'lapsed') as lapsed on true
      left join event e on e.ref = 'job:' || job.id and e.name = 'job.requeued' and e.data ->> 'reason' = 'hold_lapsed'
      group by job.id, lapsed.n having count(e.id) <> lapsed.n`,
  },
  {
    name: 'silence: two reminders, one release, one payout into the wallet',
    query: `select m.id || ': ' || m.status || ', ' || told.reminders || ' reminders, ' || told.releases || ' releases, ' || paid.payouts || ' payouts, ' || paid.cents || ' cents' as what
      from milestone m
      join lateral (select count(*) filter (where data ->> 'reason' = 'reminder') as reminders,
        count(*) filter (where name = 'contract.milestone.released') as releases from event where data ->> 'milestone_id' = m.id::text) as told on true
      join lateral (select count(*) as payouts, coalesce(sum(t.amount), 0) as cents from payout p
        left join transfer t on t.ref = p.ref and starts_with(t.to_account, 'wallet:') where p.ref = 'milestone:' || m.id) as paid on true
      where (m.status, told.reminders, told.releases, paid.payouts, paid.cents) is distinct from ('released', 2, 1, 1, m.released_cents)`,
  },
  {
    name: 'agents’ records hold each verdict once',
    query: `select r.verified || ' verified and ' || r.failed || ' failed in the records; ' || e.verified || ' and ' || e.failed || ' were told' as what
      from (select coalesce(sum(verified), 0) as verified, coalesce(sum(failed), 0) as failed from agent_record) as r,
        (select count(*) filter (where name = 'job.verified') as verified,
          count(*) filter (where data ->> 'reason' in ('gave_up', 'deadline_missed', 'not_passed')) as failed from event) as e
      where (r.verified, r.failed) is distinct from (e.verified, e.failed)`,
  },
  {
    name: 'the market’s hours hold each verdict once',
    query: `select h.n || ' in the hours, ' || e.n || ' were told' as what from (select coalesce(sum(verified), 0) as n from market_hour) as h,
      (select count(*) as n from event where name = 'job.verified') as e where h.n <> e.n`,
  },
  {
    name: 'each event has one number',
    query: `select s.seq || ' numbers for ' || e.n || ' events, ' || cardinality(s.gaps) || ' gaps' as what
      from event_sequence s, (select count(*) as n from event) as e where s.seq <> e.n or cardinality(s.gaps) > 0`,
  },
  {
    name: 'the census counts what is there',
    query: `select numbers ->> 'work' as what from census where (select count(*) from job where status = 'verified') <> (numbers -> 'work' -> 'jobs' ->> 'verified')::bigint`,
  },
]

/** Which schedule ran twice, or not at all. What is only done every few seconds is waited for. */
export async function schedulesAtFault(db: WatchedDatabase, due: Due): Promise<string[]> {
  const look = (): Promise<string[]> =>
    db.overview(async (sql) => {
      const faults: string[] = []
      for (const { name, query } of traces)
        faults.push(...(await sql.rows<Row>(`${query} limit 5`)).map(({ what }) => `${name}: ${what}`))
      const [rows] = await sql.rows<{ n: number }>('select count(*) as n from reconciliation')
      if (rows!.n > due.comparisons) faults.push(`${rows!.n} daily comparisons on ${due.comparisons} days`)
      return faults
    })
  await db.rows(`select pg_notify('clawrk_signals', 'tally census')`)
  let faults = await look()
  for (const giveUpAt = Date.now() + 15_000; faults.length > 0 && Date.now() < giveUpAt; ) {
    await sleep(300)
    faults = await look()
  }
  return faults
}

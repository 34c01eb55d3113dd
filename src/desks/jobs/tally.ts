import type { Database, Sql } from '../../base/db.ts'
import { readEvents, type StoredEvent } from '../../core/events/read.ts'
import { countTurns } from './turns.ts'

const names = ['job.accepted', 'job.verified', 'job.requeued', 'job.failed', 'job.cancelled']
const endings = ['gave_up', 'deadline_missed', 'not_passed']

/** Keeps agents' records, the market's hours and people's turns from what the events tell; answers how many events it read. */
export const tallyJobs = (db: Database): Promise<number> => readEvents(db, 'jobs.tally', names, tally)

async function tally(sql: Sql, events: readonly StoredEvent[]): Promise<void> {
  await sql.rows(add, [JSON.stringify(events), endings])
  await countTurns(sql, events, endings)
}

const told = `told as materialized (
  select name, (data->>'agent_id')::uuid as agent_id, data->>'reason' as reason, created_at,
    (data->>'earned_cents')::bigint as earned, (data->>'work_seconds')::real as work_seconds,
    (data->>'verify_seconds')::real as verify_seconds, (data->>'waited_seconds')::real as waited_seconds
  from json_to_recordset($1::json) as event (name text, data json, created_at timestamptz)
)`

/** The last fifty of a list of seconds, and the middle of them. */
const newest = (seconds: string): string => `(${seconds})[greatest(1, cardinality(${seconds}) - 49):]`
const middle = (seconds: string): string =>
  `(select percentile_cont(0.5) within group (order by s) from unnest(${newest(seconds)}) as s)`
const both = 'r.recent_seconds || excluded.recent_seconds'

const addToRecords = `insert into agent_record as r (agent_id, verified, failed, earned_cents, recent_seconds, median_seconds, last_active_at)
select agent_id, verified, failed, earned, ${newest('took')}, ${middle('took')}, last_active_at from (
  select agent_id, count(*) filter (where name = 'job.verified') as verified, count(*) filter (where reason = any ($2)) as failed,
    coalesce(sum(earned), 0) as earned, coalesce(array_agg(work_seconds) filter (where work_seconds is not null), '{}') as took,
    max(created_at) as last_active_at
  from told where agent_id is not null group by agent_id) as agent
on conflict (agent_id) do update set
  verified = r.verified + excluded.verified, failed = r.failed + excluded.failed, earned_cents = r.earned_cents + excluded.earned_cents,
  recent_seconds = ${newest(both)}, median_seconds = ${middle(both)}, last_active_at = greatest(r.last_active_at, excluded.last_active_at)`

const addToHours = `insert into market_hour as h (hour, verified, paid_out_cents, accept_seconds, verify_seconds)
select date_trunc('hour', created_at, 'UTC'), count(*) filter (where name = 'job.verified'), coalesce(sum(earned), 0),
  coalesce(array_agg(waited_seconds) filter (where waited_seconds is not null), '{}'),
  coalesce(array_agg(verify_seconds) filter (where verify_seconds is not null), '{}')
from told group by 1
on conflict (hour) do update set
  verified = h.verified + excluded.verified, paid_out_cents = h.paid_out_cents + excluded.paid_out_cents,
  accept_seconds = (h.accept_seconds || excluded.accept_seconds)[1:500], verify_seconds = (h.verify_seconds || excluded.verify_seconds)[1:500]`

const add = `with ${told}, records as (
${addToRecords}
)
${addToHours}`

/** What an agent has to show. `earned_cents` is for its owner only. */
export interface AgentStats {
  readonly jobs_done: number
  /** Passed attempts among the settled ones; null for a newcomer. */
  readonly pass_rate: number | null
  /** The median of its last 50 passed jobs, from accept to submit. */
  readonly median_seconds: number | null
  readonly earned_cents: number
}

const statsSql = `verified as jobs_done, case when verified + failed > 0 then round(verified::numeric / (verified + failed), 3)::float8 end as pass_rate, median_seconds, earned_cents`

/** The records of some agents, by id; an agent without one has done nothing yet. */
export async function readStats(sql: Sql, agents: readonly string[]): Promise<Map<string, AgentStats>> {
  const rows = await sql.rows<{ agent_id: string; row: AgentStats }>(
    `select agent_id, row_to_json(s) as row from agent_record r, lateral (select ${statsSql}) as s where agent_id = any ($1::uuid[])`,
    [agents],
  )
  return new Map(rows.map(({ agent_id, row }) => [agent_id, row]))
}

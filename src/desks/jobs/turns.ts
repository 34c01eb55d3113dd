import type { Sql } from '../../base/db.ts'
import type { StoredEvent } from '../../core/events/read.ts'

// Whose turn it was stands in the attempt: a job that is queued again names nobody. In test mode one person may try both sides.
const attempts = `with told as (
  select place, name, (data ->> 'job_id')::uuid as job_id, (data ->> 'agent_id')::uuid as agent_id
  from json_to_recordset($1::json) as event (place integer, name text, data json)
), attempt as materialized (
  select place, 'job:' || job.id as ref, job.sender, worker.id as worker, job.terms, job.price_cents, name = 'job.verified' as passed
  from told join job on job.id = told.job_id cross join lateral account_owner(told.agent_id) as worker
), met as (
  insert into job_pair (sender, worker) select distinct sender, worker from attempt where passed and sender <> worker
  order by sender, worker on conflict do nothing
)
select turn_count_each(array_agg(worker order by place), array_agg(sender order by place), array_agg(ref order by place), 'work',
  array_agg(price_cents order by place), array_agg(passed order by place))
from attempt where terms = 'wallet' having count(*) > 0`

/**
 * An accepted job is a turn of its worker: answered when the work is verified, not answered when the attempt ends otherwise. Read
 * from what the events tell, each once, so that nothing on the way of a job waits for it. Work for credits counts for nobody, since
 * credits may have cost nothing. Who has verified work with whom is kept beside it. `endings`: why an attempt ended without passing.
 */
export async function countTurns(sql: Sql, events: readonly StoredEvent[], endings: readonly string[]): Promise<void> {
  const ended = events.filter(
    ({ name, data: { reason } }) => name === 'job.verified' || endings.includes(reason as string),
  )
  if (ended.length === 0) return
  const placed = ended.map(({ name, data }, place) => ({ place, name, data }))
  await sql.rows(attempts, [JSON.stringify(placed)])
}

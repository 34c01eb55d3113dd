import type { Database, Sql } from '../../base/db.ts'
import { readEvents, type StoredEvent } from '../../core/events/read.ts'

const told = ['job.accepted', 'job.verified', 'job.requeued', 'job.failed', 'job.cancelled']
const endings = ['gave_up', 'deadline_missed', 'not_passed']

/**
 * An accepted job is a turn of its worker: answered when the work is verified, not answered when the attempt ends otherwise. Read
 * from what the events tell, each once, so that nothing on the way of a job waits for it. Work for credits counts for nobody, since
 * credits may have cost nothing. Answers how many events it read.
 */
export const countTurns = (db: Database): Promise<number> => readEvents(db, 'jobs.turns', told, count)

// Whose turn it was stands in the attempt: a job that is queued again names nobody.
const attempts = `with told as (
  select place, name, (data ->> 'job_id')::uuid as job_id, (data ->> 'agent_id')::uuid as agent_id, data ->> 'reason' as reason,
    (data ->> 'deadline_at')::timestamptz as deadline_at
  from json_to_recordset($1::json) as event (place integer, name text, data json)
)
select name, 'job:' || job.id as ref, job.sender, worker.id as worker, job.price_cents, coalesce(told.deadline_at, app_now()) as due_at,
  case when name = 'job.verified' then true when reason = any ($2) then false end as answered
from told join job on job.id = told.job_id
  left join lateral account_owner(told.agent_id) as worker (id) on true
where job.terms = 'wallet' order by place`

interface Attempt {
  readonly name: string
  readonly ref: string
  readonly sender: string
  readonly worker: string | null
  readonly price_cents: number
  readonly due_at: Date
  readonly answered: boolean | null
}

async function count(sql: Sql, events: readonly StoredEvent[]): Promise<void> {
  const placed = events.map(({ name, data }, place) => ({ place, name, data }))
  for (const one of await sql.rows<Attempt>(attempts, [JSON.stringify(placed), endings])) {
    // In test mode one person may try both sides.
    if (one.worker === one.sender) continue
    if (one.name === 'job.accepted')
      await sql.rows(`select turn_open($1, $2, $3, 'work', $4, $5)`, [
        one.worker,
        one.sender,
        one.ref,
        one.price_cents,
        one.due_at,
      ])
    else if (one.worker !== null && one.answered !== null)
      await sql.rows(`select turn_close($1, $2, 'work', $3)`, [one.worker, one.ref, one.answered])
    else await sql.rows(`select turn_void($1)`, [one.ref])
  }
}

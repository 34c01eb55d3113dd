import type { Sql } from '../../../base/db.ts'
import { tell } from '../../../core/events/write.ts'

/** The terms and the state of a negotiation, as an event carries them. */
const told = `json_build_object('negotiation_id', id, 'gig_id', gig_id, 'client_user_id', client_id, 'worker_user_id', worker_id,
  'state', state, 'round_number', round_number, 'rate_cents', rate_cents, 'hours_per_week', hours_per_week, 'start_date', start_date,
  'payout_delay_days', payout_delay_days, 'happened', $3::text, 'by', $2::uuid)`

/**
 * A change of one negotiation ($1) by somebody ($2, null for the market), with its line in the audit ($3, $4) and its event. `write`
 * is the statement that changes it and returns the row.
 */
export const change = (write: string, event: 'negotiation.created' | 'negotiation.updated'): string => `with done as (
  ${write} returning *
), noted as (
  insert into negotiation_audit (negotiation_id, at, actor, event, data) select id, app_now(), $2::uuid, $3::text, $4::json from done
), told as (
  ${tell({ name: `'${event}'`, ref: `'negotiation:' || id`, parties: ['client_id', 'worker_id'], data: told, from: 'done' })}
) select id from done`

/** Moves a negotiation that is locked; it must be in one of the states the move starts from. */
export const move = (set: string, from: string): string =>
  change(
    `update negotiation set ${set}, updated_at = app_now() where id = $1 and state in (${from})`,
    'negotiation.updated',
  )

/** Makes a change whose guards its caller has judged under the lock. */
export async function make(
  sql: Sql,
  text: string,
  id: string,
  by: string | null,
  happened: string,
  data: object = {},
  more: readonly unknown[] = [],
): Promise<void> {
  const done = await sql.rows(text, [id, by, happened, JSON.stringify(data), ...more])
  if (done.length !== 1) throw new Error(`negotiation ${id} is not in a state that allows: ${happened}`)
}

/** The turn in a negotiation: one side has moved, so it is the other's to answer. */
export const turn = {
  /** Somebody has said something: theirs, if it was theirs, is answered. */
  answer: (sql: Sql, id: string, user: string): Promise<unknown> =>
    sql.rows(`select turn_close($1, 'negotiation:' || $2, 'answer', true)`, [user, id]),
  /** It is now the other side's, until the negotiation lapses. */
  pass: (sql: Sql, id: string, from: string): Promise<unknown> => sql.rows(passText, [id, from]),
  /** Somebody whose turn it was has let it lapse. */
  miss: (sql: Sql, id: string, user: string): Promise<unknown> =>
    sql.rows(`select turn_close($1, 'negotiation:' || $2, 'answer', false)`, [user, id]),
  /** Nobody needs to answer any more. */
  end: (sql: Sql, id: string): Promise<unknown> => sql.rows(`select turn_void('negotiation:' || $1)`, [id]),
}

// Before anybody has proposed a rate it is the gig's that tells whether there is money in it.
const passText = `select turn_open(case $2::uuid when n.client_id then n.worker_id else n.client_id end, $2::uuid, 'negotiation:' || n.id,
  'answer', case n.round_number when 0 then g.rate_cents else n.rate_cents end, n.due_at)
  from negotiation n join gig g on g.id = n.gig_id where n.id = $1`

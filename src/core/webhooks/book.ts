import type { Database, Sql } from '../../base/db.ts'
import { giveUp } from './update.ts'
import type { Sent } from './way.ts'

/** What came of one attempt, for the log. */
export interface Outcome extends Sent {
  readonly url: string
  readonly durationMs: number
}

const note = `insert into webhook_attempt (delivery_id, number, at, url, status, error, duration_ms, response)
  select $1, attempts, app_now(), $3, $4, $5, $6, $7 from done`

const delivered = `with done as (
  update webhook_delivery set status = 'delivered', tries = tries + 1, attempts = attempts + 1, due_at = null, lease = null, ended_at = app_now()
  where id = $1 and lease = $2 returning webhook_id, attempts
), noted as (${note})
update webhook set failing_since = null, delivered_at = app_now() from done
where id = done.webhook_id and (failing_since is not null or delivered_at is null or delivered_at < app_now() - interval '1 minute')`

const failed = `with done as (
  update webhook_delivery set tries = tries + 1, attempts = attempts + 1, lease = null,
    status = case when $8::float8 is null then 'failed' else 'pending' end,
    due_at = app_now() + $8 * interval '1 second',
    ended_at = case when $8 is null then app_now() end
  where id = $1 and lease = $2 returning webhook_id, attempts
), noted as (${note})
update webhook set failing_since = coalesce(failing_since, app_now()),
  hold_until = case when $9::float8 > 0 then greatest(hold_until, app_now() + $9 * interval '1 second') else hold_until end
from done where id = done.webhook_id
returning id, failing_since < app_now() - interval '5 days' as is_hopeless`

const columns = ({ url, status, error, durationMs, response }: Outcome): unknown[] => [
  url,
  status,
  error,
  durationMs,
  response,
]

/** It has arrived. Of a delivery that another process has taken meanwhile nothing is booked: it is that one's. */
export const bookDelivered = (sql: Sql, token: string, id: string, outcome: Outcome): Promise<unknown> =>
  sql.rows(delivered, [id, token, ...columns(outcome)])

/**
 * It has not arrived: tried again after so many seconds, or null for never. A receiver that is gone, or has failed for five days, is
 * told nothing any more, and its owner of that.
 */
export async function bookFailed(
  db: Database,
  token: string,
  id: string,
  outcome: Outcome,
  againAfter: number | null,
): Promise<void> {
  const [hurt] = await db.rows<{ id: string; is_hopeless: boolean }>(failed, [
    id,
    token,
    ...columns(outcome),
    againAfter,
    outcome.holdSeconds,
  ])
  if (hurt && outcome.isGone) await disable(db, hurt.id, 'gone')
  else if (hurt?.is_hopeless) await disable(db, hurt.id, 'failing')
}

const disable = (db: Database, webhook: string, reason: 'gone' | 'failing'): Promise<void> =>
  db.transaction(async (sql) => {
    const disabled = await sql.rows(
      `with done as (
         update webhook set enabled = false, disabled_reason = $2, updated_at = app_now() where id = $1 and enabled returning id, user_id, url
       ) select event_write('webhook.disabled', 'webhook:' || id, array[user_id], json_build_object('webhook_id', id, 'url', url, 'reason', $2::text)) from done`,
      [webhook, reason],
    )
    if (disabled.length > 0) await giveUp(sql, webhook)
  })

/** Throws away what came to its end 30 days ago, a few at a time. */
export const tidyDeliveries = (sql: Sql): Promise<unknown> =>
  sql.rows(
    `delete from webhook_delivery where id in (
       select id from webhook_delivery where due_at is null and created_at < app_now() - interval '30 days' order by created_at limit 1000)`,
  )

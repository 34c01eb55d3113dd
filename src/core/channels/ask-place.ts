import type { Sql } from '../../base/db.ts'
import { refuseChannel } from './api.ts'

/** Letters with a question that one address, and one account, are good for in a day. */
const [perPlace, perUser] = [3, 10]

const count = `select count(*) filter (where place = $1) >= ${perPlace} or count(*) filter (where user_id = $2) >= ${perUser} as is_enough
  from channel_question where (place = $1 or user_id = $2) and at > app_now() - interval '1 day'`

/**
 * Has a place asked whether it wants what this channel would send. However many accounts somebody makes, a stranger's mailbox gets a
 * few of these letters a day at most.
 */
export async function askPlace(sql: Sql, channel: string, user: string, place: Buffer): Promise<void> {
  await sql.rows(`select pg_advisory_xact_lock(hashtextextended('place:' || encode($1, 'hex'), 0))`, [place])
  const [asked] = await sql.rows<{ is_enough: boolean }>(count, [place, user])
  if (asked!.is_enough) throw refuseChannel('too_many_questions', { retryable: true, retry_after_seconds: 24 * 3_600 })
  await sql.rows(`insert into channel_question (place, user_id, at) values ($1, $2, app_now())`, [place, user])
  await queueNote(sql, channel, 'confirmation')
}

/** Queues a note of the market's own; one of a kind waits at a time. */
export const queueNote = (sql: Sql, channel: string, note: 'test' | 'confirmation'): Promise<unknown> =>
  sql.rows(
    `insert into channel_delivery (channel_id, name, note, due_at, created_at) select $1, 'channel.' || $2::text, $2, app_now(), app_now()
     where not exists (select from channel_delivery where channel_id = $1 and note = $2)`,
    [channel, note],
  )

/** Whether whoever reads there wants nothing from this market. */
export async function isStopped(sql: Sql, place: Buffer): Promise<boolean> {
  const rows = await sql.rows(`select 1 from channel_stop where place = $1`, [place])
  return rows.length > 0
}

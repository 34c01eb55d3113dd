import type { Database, Sql } from '../../base/db.ts'
import { newId } from '../../base/ids.ts'
import { type Channel, type ChannelType, triesMax } from './channel.ts'
import type { Bundle } from './take.ts'

/** A message that was tried, for the log and the pace. */
export interface Tried {
  readonly channel: string
  readonly token: string
  readonly bundle: Bundle
  readonly status: number | null
  readonly error: string | null
  readonly durationMs: number
}

/** Seconds between two messages to the same place, which keeps below what each provider lets through; the longest when much goes on. */
export const paces: Readonly<Record<ChannelType, number>> = { telegram: 3, discord: 3, slack: 2, email: 60 }
const paceMost = 600

// Of a channel that another process has taken meanwhile nothing is booked: it is that one's.
const mine = `mine as (select id, pace_seconds, delivered_at from channel where id = $1 and lease = $2 for no key update)`

const note = (outcome: string, from: string): string =>
  `insert into channel_message (id, channel_id, at, kind, events, names, outcome, status, error, duration_ms)
   select $3, id, app_now(), $4, case $4 when 'events' then cardinality($5::uuid[]) else 0 end, $6, ${outcome}, $7, $8, $9 from ${from}`

const gone = `gone as (delete from channel_delivery d using mine where d.channel_id = mine.id and d.id = any ($5::uuid[]) returning 1)`

// While messages follow each other the pause after each doubles, so that the more happens, the more goes into one.
const arrived = `with ${mine}, ${gone}, noted as (${note(`'delivered'`, 'mine')}), paced as (
  select id, case when $4 <> 'events' then $10::int
    when delivered_at > app_now() - 3 * greatest(pace_seconds, $10::int) * interval '1 second' then least(2 * greatest(pace_seconds, $10::int), ${paceMost})
    else $10::int end as seconds from mine
)
update channel c set lease = null, lease_until = null, failing_since = null, tries = 0, last_error = null,
  delivered_at = app_now(), pace_seconds = paced.seconds,
  hold_until = app_now() + greatest(paced.seconds, $11::float8) * interval '1 second' from paced where c.id = paced.id`

const later = `with ${mine}, noted as (${note(`'postponed'`, 'mine')})
update channel c set lease = null, lease_until = null, last_error = $8, config = coalesce($11, config), place = coalesce($12, place),
  hold_until = app_now() + $10::float8 * interval '1 second' from mine where c.id = mine.id`

const refused = `with ${mine}, ${gone}, noted as (${note(`'refused'`, 'mine')})
update channel c set lease = null, lease_until = null, last_error = $8, failing_since = coalesce(failing_since, app_now()),
  tries = least(tries + 1, 1000), hold_until = app_now() + $10::float8 * interval '1 second' from mine where c.id = mine.id returning c.tries`

const failed = `with ${mine}, noted as (${note(`'failed'`, 'mine')})
update channel c set lease = null, lease_until = null, last_error = $8, failing_since = coalesce(failing_since, app_now()),
  tries = least(tries + 1, 1000), hold_until = app_now() + $10::float8 * interval '1 second' from mine where c.id = mine.id returning c.tries`

const columns = ({ channel, token, bundle, status, error, durationMs }: Tried): unknown[] => [
  channel,
  token,
  newId(),
  bundle.kind,
  bundle.ids,
  bundle.names,
  status,
  error,
  durationMs,
]

/** It has arrived; nothing more is sent there for as long as its pace and the provider ask. */
export const bookDelivered = (sql: Sql, tried: Tried, type: ChannelType, holdSeconds: number): Promise<unknown> =>
  sql.rows(arrived, [...columns(tried), paces[type], holdSeconds])

/** Not now: everything waits so long. The place may have another name from now on. */
export const bookPostponed = (
  sql: Sql,
  tried: Tried,
  seconds: number,
  moved: { config: Buffer; place: Buffer } | null = null,
): Promise<unknown> => sql.rows(later, [...columns(tried), seconds, moved?.config ?? null, moved?.place ?? null])

/** This message will never be taken, and is thrown away; the next may be. A place that takes none of them is given up. */
export const bookRefused = (db: Database, tried: Tried, seconds: number): Promise<void> =>
  bookFault(db, refused, tried, seconds)

/** It has not arrived; everything waits so long. */
export const bookFailed = (db: Database, tried: Tried, seconds: number): Promise<void> =>
  bookFault(db, failed, tried, seconds)

async function bookFault(db: Database, text: string, tried: Tried, seconds: number): Promise<void> {
  const [hurt] = await db.rows<{ tries: number }>(text, [...columns(tried), seconds])
  if (hurt && hurt.tries >= triesMax) await disable(db, tried.channel, 'failing', tried.error)
}

/** The place is gone: it is told nothing any more, and its owner of that. */
export async function bookGone(db: Database, tried: Tried): Promise<void> {
  const [hurt] = await db.rows<{ tries: number }>(failed, [...columns(tried), 0])
  if (hurt) await disable(db, tried.channel, 'gone', tried.error)
}

type Why = NonNullable<Channel['disabled_reason']>

const disable = (db: Database, channel: string, why: Exclude<Why, 'owner'>, error: string | null): Promise<void> =>
  db.transaction(async (sql) => {
    await turnOff(sql, channel, why, error)
  })

/** Has a channel told nothing any more, and its owner of that; what waits is given up. Says whether it was on. */
export async function turnOff(
  sql: Sql,
  channel: string,
  why: Exclude<Why, 'owner'>,
  error: string | null,
): Promise<boolean> {
  const off = await sql.rows(
    `with done as (
       update channel set enabled = false, disabled_reason = $2, updated_at = app_now() where id = $1 and enabled returning id, user_id, channel_type
     ) select event_write('channel.disabled', 'channel:' || id, array[user_id],
         json_build_object('channel_id', id, 'channel_type', channel_type, 'reason', $2::text, 'error', $3::text)) from done`,
    [channel, why, error],
  )
  if (off.length > 0) await giveUp(sql, channel)
  return off.length > 0
}

/** Throws away what waits for a channel, and says so in its log. */
export const giveUp = (sql: Sql, channel: string): Promise<unknown> =>
  sql.rows(
    `with gone as (delete from channel_delivery where channel_id = $1 returning name, seq)
     insert into channel_message (id, channel_id, at, kind, events, names, outcome, duration_ms)
     select $2, $1, app_now(), 'events', many, names, 'given_up', 0 from (
       select count(*) as many, array_agg(distinct name) as names from gone where seq is not null) as all_of_it where many > 0`,
    [channel, newId()],
  )

/** Throws away what is older than 30 days, a few at a time, and what was asked of places more than a day ago. */
export async function tidyChannels(sql: Sql): Promise<void> {
  await sql.rows(
    `delete from channel_message where id in (
       select id from channel_message where at < app_now() - interval '30 days' order by at limit 1000)`,
  )
  await sql.rows(`delete from channel_question where at < app_now() - interval '1 day'`)
}

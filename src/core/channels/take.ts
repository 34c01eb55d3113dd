import type { Sql } from '../../base/db.ts'
import { lease, type Piece, type RoomLeft } from '../deliveries/runs.ts'
import { asWire, type FeedRow } from '../events/feed.ts'
import type { WireEvent } from '../events/kind.ts'
import type { ChannelType } from './channel.ts'
import { linesMost } from './compose.ts'

/** A channel in hand, which has something to be told. */
export interface Taken extends Piece {
  readonly type: ChannelType
  /** Where it leads, sealed, in hex. */
  readonly config: string
  readonly user: string
  readonly tries: number
  /** Nothing has ever arrived there. */
  readonly isFirst: boolean
}

interface TakenRow {
  id: string
  user_id: string
  channel_type: ChannelType
  config: string
  tries: number
  is_first: boolean
  risky: boolean
}

// Along the index from one channel to the next: it costs with the channels that wait for something, not with what they wait for.
const take = `with recursive waiting as (
  (select channel_id from channel_delivery order by channel_id limit 1)
  union all
  select (select d.channel_id from channel_delivery d where d.channel_id > waiting.channel_id order by d.channel_id limit 1)
  from waiting where waiting.channel_id is not null
), due as (
  select c.id, c.risky, row_number() over (partition by c.risky order by first.due_at, c.id) as nth
  from waiting
  cross join lateral (
    select id, failing_since is not null or delivered_at is null or id = any ($3::uuid[]) as risky from channel
    where id = waiting.channel_id and enabled and channel_type = any ($6) and (hold_until is null or hold_until <= app_now())
      and (lease is null or lease_until <= app_now()) and id <> all ($2::uuid[])
  ) as c
  cross join lateral (
    select due_at from channel_delivery where channel_id = c.id and due_at <= app_now() order by due_at, seq limit 1
  ) as first
), mine as (
  select c.id, due.risky from due join channel c on c.id = due.id
  where due.nth <= case when due.risky then $4::int else $5::int end and c.enabled and (c.lease is null or c.lease_until <= app_now())
    and (c.hold_until is null or c.hold_until <= app_now())
  for no key update of c skip locked
), taken as (
  update channel c set lease = $1, lease_until = app_now() + interval '${lease}' from mine where c.id = mine.id
  returning c.id, c.user_id, c.channel_type, encode(c.config, 'hex') as config, c.tries, c.delivered_at is null as is_first, mine.risky
) select row_to_json(taken) as row from taken`

/** Takes the channels that have something due, under a lease: `busy` are left out, `slow` treated as if they had failed. */
export async function takeDue(
  sql: Sql,
  token: string,
  { busy, slow, risky, healthy }: RoomLeft,
  available: readonly ChannelType[],
): Promise<Taken[]> {
  const rows = await sql.rows<{ row: TakenRow }>(take, [token, busy, slow, risky, healthy, available])
  return rows.map(({ row }) => ({
    id: row.id,
    receiver: row.id,
    type: row.channel_type,
    config: row.config,
    user: row.user_id,
    tries: row.tries,
    isFirst: row.is_first,
    isRisky: row.risky,
  }))
}

/** What goes into one message, at most. */
const bundleMost = 1_000

/** What is due for a channel, as one message. */
export interface Bundle {
  readonly kind: 'events' | 'test' | 'confirmation'
  /** The rows that have waited. */
  readonly ids: readonly string[]
  readonly names: readonly string[]
  /** The first of them, with what they say. */
  readonly events: readonly WireEvent[]
}

interface Waiting {
  id: string
  seq: number | null
  name: string
  note: 'test' | 'confirmation' | null
}

// Notes of the market's own go first, and alone.
const bundle = `select id, seq, name, note from channel_delivery where channel_id = $1 and due_at <= app_now()
  order by seq nulls first, id limit ${bundleMost}`

/** All that is due for a channel that is in hand; null when there is nothing any more. */
export async function readBundle(sql: Sql, { id, user }: Taken): Promise<Bundle | null> {
  const waiting = await sql.rows<Waiting>(bundle, [id])
  const [first] = waiting
  if (!first) return null
  if (first.note) return { kind: first.note, ids: [first.id], names: [], events: [] }
  const rows = await sql.rows<{ row: FeedRow }>(
    `select row_to_json(e) as row from unnest($2::bigint[]) as wanted (seq), lateral events_of($1, wanted.seq - 1, wanted.seq, 1) as e order by e.seq`,
    [user, waiting.slice(0, linesMost).map(({ seq }) => seq)],
  )
  return {
    kind: 'events',
    ids: waiting.map((one) => one.id),
    names: [...new Set(waiting.map(({ name }) => name))].sort(),
    events: rows.map(({ row }) => asWire(row)),
  }
}

/** Says that these channels are still in hand. */
export const renew = (sql: Sql, held: ReadonlyMap<string, string>): Promise<unknown> =>
  sql.rows(
    `update channel c set lease_until = app_now() + interval '${lease}'
     from unnest($1::uuid[], $2::uuid[]) as mine (id, lease) where c.id = mine.id and c.lease = mine.lease`,
    [[...held.keys()], [...held.values()]],
  )

/** Lets go of channels that were taken and not written to. */
export const putBack = (sql: Sql, token: string, ids: readonly string[]): Promise<unknown> =>
  sql.rows(`update channel set lease = null, lease_until = null where id = any ($2::uuid[]) and lease = $1`, [
    token,
    ids,
  ])

import type { Sql } from '../../base/db.ts'
import { countedMost, type Figures } from '../../base/figures.ts'

/** What waits to be told to channels, for operators. */
export interface ChannelBacklog {
  /** Events whose time has come, for channels that nothing keeps from being written to. */
  readonly due: number
  /** Those that wait for the time of their digest, for the pace of their channel or for its next try. */
  readonly later: number
  /** How long ago the time of the first of those due came; null when there are none. */
  readonly oldest_seconds: number | null
}

// Along the index from one channel that waits for something to the next, as with webhooks: it costs with those channels, the first
// `countedMost` of them, and never with what waits for them beyond as many.
const backlog = `with recursive waiting as (
  (select channel_id, 1 as n from channel_delivery order by channel_id limit 1)
  union all
  select (select d.channel_id from channel_delivery d where d.channel_id > waiting.channel_id order by d.channel_id limit 1), n + 1
  from waiting where waiting.channel_id is not null and n < ${countedMost}
), behind as (
  select c.id, c.hold_until, c.hold_until is not null and c.hold_until > app_now() as held from waiting join channel c on c.id = waiting.channel_id
)
select
  (select count(*) from (select from behind join channel_delivery d on d.channel_id = behind.id
    where not held and d.due_at <= app_now() limit ${countedMost}) as due) as due,
  (select count(*) from (select from behind join channel_delivery d on d.channel_id = behind.id
    where d.due_at > case when held then '-infinity'::timestamptz else app_now() end limit ${countedMost}) as later) as later,
  (select extract(epoch from app_now() - min(greatest(front.due_at, hold_until)))::float8 from behind
    cross join lateral (select due_at from channel_delivery where channel_id = behind.id and due_at <= app_now() order by due_at, seq limit 1) as front
    where not held) as oldest_seconds`

/** Both counted up to `countedMost`. */
export async function channelBacklog(sql: Sql): Promise<ChannelBacklog> {
  const [row] = await sql.rows<{ row: ChannelBacklog }>(`select row_to_json(b) as row from (${backlog}) as b`)
  return row!.row
}

/** The same for `/metrics`. */
export const channelFigures: readonly Figures[] = [
  {
    query: `select due, later, coalesce(oldest_seconds, 0) as oldest_seconds from (${backlog}) as b`,
    labels: [],
    shown: {
      due: {
        name: 'clawrk_channel_events_due',
        help: `Events that channels are to be told now, counted up to ${countedMost}.`,
      },
      later: {
        name: 'clawrk_channel_events_later',
        help: `Events that wait for the digest, the pace or the next try of their channel, counted up to ${countedMost}.`,
      },
      oldest_seconds: {
        name: 'clawrk_channel_oldest_due_seconds',
        help: 'How long the event that is due longest for a channel has waited.',
      },
    },
  },
]

/** One line for a channel, however much waits for it: nobody sends, or what this market is set up with is not let in. */
export const channelsStuck: readonly { readonly name: string; readonly query: string }[] = [
  {
    name: 'channels that are behind',
    query: `select 'channel' as kind, c.id::text as id, min(d.due_at) as since,
        format('This %s channel has %s events that are due and are not sent%s. See that a worker process is running (clawrk serve --role worker), what its log says about this, and that the market is set up to send there (clawrk serve --help).',
          c.channel_type, count(*), ': ' || c.last_error) as what
      from channel_delivery d join channel c on c.id = d.channel_id
      where c.tries = 0 and d.due_at < app_now() - interval '1 hour' or greatest(d.due_at, c.hold_until) < app_now() - interval '5 minutes'
      group by c.id order by min(d.due_at) limit $1`,
  },
]

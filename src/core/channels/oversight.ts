import type { Sql } from '../../base/db.ts'

/** What waits to be told to channels, for operators. */
export interface ChannelBacklog {
  /** Events whose time has come, for channels that nothing keeps from being written to. */
  readonly due: number
  /** Those that wait for the time of their digest, for the pace of their channel or for its next try. */
  readonly later: number
  /** How long ago the time of the first of those due came; null when there are none. */
  readonly oldest_seconds: number | null
}

const isDue = `d.due_at <= app_now() and (c.hold_until is null or c.hold_until <= app_now())`

export async function channelBacklog(sql: Sql): Promise<ChannelBacklog> {
  const [row] = await sql.rows<{ row: ChannelBacklog }>(
    `select row_to_json(b) as row from (
       select count(*) filter (where ${isDue}) as due, count(*) filter (where not (${isDue})) as later,
         extract(epoch from app_now() - min(greatest(d.due_at, c.hold_until)) filter (where ${isDue}))::float8 as oldest_seconds
       from channel_delivery d join channel c on c.id = d.channel_id) as b`,
  )
  return row!.row
}

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

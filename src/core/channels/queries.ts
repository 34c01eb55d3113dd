import type { Sql } from '../../base/db.ts'
import { iso } from '../../base/page.ts'
import type { Sealer } from '../../base/seal.ts'
import { refuseChannel } from './api.ts'
import {
  type Channel,
  type ChannelRow,
  type ChannelType,
  channelColumns,
  type Message,
  showChannel,
} from './channel.ts'
import { maskPlace, openPlace } from './place.ts'

/** What is needed to show a channel. */
export interface Showing {
  /** Of what channels keep. */
  readonly sealer: Sealer
  /** Where this market has been set up to send to. */
  readonly available: readonly ChannelType[]
}

export function show(row: ChannelRow, { sealer, available }: Showing): Channel {
  const place = openPlace(sealer, row.id, row.channel_type, row.config)
  return showChannel(row, maskPlace(place), available.includes(row.channel_type))
}

/** Somebody's channels, oldest first. */
export async function readChannels(sql: Sql, user: string, showing: Showing): Promise<Channel[]> {
  const rows = await sql.rows<{ row: ChannelRow }>(
    `select row_to_json(c) as row from (select ${channelColumns} from channel where user_id = $1 order by created_at, id) as c`,
    [user],
  )
  return rows.map(({ row }) => show(row, showing))
}

/** A channel of the caller's, locked until the transaction ends; refuses what is another's as if it were not there. */
export async function lockChannel(sql: Sql, user: string, id: string): Promise<ChannelRow> {
  const [found] = await sql.rows<{ row: ChannelRow }>(
    `select row_to_json(c) as row from (select ${channelColumns} from channel where id = $2 and user_id = $1 for no key update) as c`,
    [user, id],
  )
  if (!found) throw refuseChannel('channel_not_found')
  return found.row
}

/** What was sent to a channel of the caller's, newest first. */
export async function readMessages(sql: Sql, user: string, id: string, limit: number): Promise<Message[]> {
  const rows = await sql.rows<{ row: Message | null }>(
    `select row_to_json(m) as row from channel c left join lateral (
       select id, channel_id, at, kind, events, names, outcome, status, error, duration_ms from channel_message
       where channel_id = c.id order by at desc, id desc limit $3
     ) as m on true where c.id = $2 and c.user_id = $1`,
    [user, id, limit],
  )
  if (rows.length === 0) throw refuseChannel('channel_not_found')
  return rows.flatMap(({ row }) => (row?.id ? [{ ...row, at: iso(row.at) }] : []))
}

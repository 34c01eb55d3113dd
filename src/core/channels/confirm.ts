import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { type channelsApi, refuseChannel } from './api.ts'
import { askPlace } from './ask-place.ts'
import { type Channel, type ChannelRow, channelColumns } from './channel.ts'
import { openPlace, placePrint } from './place.ts'
import { lockChannel, type Showing, show } from './queries.ts'
import { isCode } from './token.ts'

type Endpoints = (typeof channelsApi)['endpoints']

/** Whoever has the code reads the mailbox: from now on it is told what happens. A second time changes nothing. */
export async function confirm(
  { sql, actor }: Call,
  { id, code }: Input<Endpoints['confirm']>,
  showing: Showing,
): Promise<Reply<Channel>> {
  await lockChannel(sql, actor.userId, id)
  if (!isCode(showing.sealer, id, code)) throw refuseChannel('wrong_code')
  const [row] = await sql.rows<{ row: ChannelRow }>(
    `with done as (
       update channel set confirmed_at = coalesce(confirmed_at, app_now()), updated_at = app_now() where id = $1 returning ${channelColumns}
     ) select row_to_json(done) as row from done`,
    [id],
  )
  return reply(200, show(row!.row, showing))
}

/** Sends the code once more; it is the same. */
export async function resend(
  { sql, actor, wake }: Call,
  { id }: Input<Endpoints['resend']>,
  { sealer }: Showing,
): Promise<Reply<{ ok: true }>> {
  const channel = await lockChannel(sql, actor.userId, id)
  if (channel.confirmed_at !== null) throw refuseChannel('channel_confirmed')
  if (!channel.enabled) throw refuseChannel('channel_disabled')
  const place = openPlace(sealer, id, channel.channel_type, channel.config)
  await askPlace(sql, id, actor.userId, placePrint(sealer, place))
  wake('channels')
  return reply(200, { ok: true })
}

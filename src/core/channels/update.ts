import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { type channelsApi, refuseChannel } from './api.ts'
import { giveUp } from './book.ts'
import { type Channel, type ChannelRow, channelColumns, digestWaits } from './channel.ts'
import { type ChannelsNeeds, known } from './create.ts'
import { lockChannel, show } from './queries.ts'

/** Changes what is given. Disabling gives up what waits; enabling begins afresh, as if it had never failed. */
export async function update(
  { sql, actor, wake }: Call,
  { id, enabled_events: events, digest, enabled }: Input<(typeof channelsApi)['endpoints']['update']>,
  needs: ChannelsNeeds,
): Promise<Reply<Channel>> {
  const before = await lockChannel(sql, actor.userId, id)
  // Whoever reads there has the last word, not whoever writes.
  if (enabled && before.disabled_reason === 'stopped') throw refuseChannel('receiver_stopped')
  const names = events === undefined ? null : known(needs.kinds, events)
  const [row] = await sql.rows<{ row: ChannelRow }>(
    `with done as (
       update channel set
         enabled_events = case when $2 then $3::text[] else enabled_events end,
         digest = coalesce($4, digest),
         enabled = coalesce($5, enabled),
         disabled_reason = case when $5 then null when not $5 and enabled then 'owner' else disabled_reason end,
         failing_since = case when $5 and not enabled then null else failing_since end,
         tries = case when $5 and not enabled then 0 else tries end,
         last_error = case when $5 and not enabled then null else last_error end,
         hold_until = case when $5 and not enabled then null else hold_until end,
         updated_at = app_now()
       where id = $1 returning ${channelColumns}
     ) select row_to_json(done) as row from done`,
    [id, events !== undefined, names, digest, enabled],
  )
  if (enabled === false) await giveUp(sql, id)
  else if (digest !== undefined && digest !== before.digest) {
    // What waits for the old digest goes out with the new one at the latest.
    const wait = digest === 'off' ? '0' : digestWaits[digest]
    await sql.rows(
      `update channel_delivery set due_at = least(due_at, app_now() + $2::interval) where channel_id = $1 and due_at > app_now()`,
      [id, wait],
    )
    wake('channels')
  }
  return reply(200, show(row!.row, needs))
}

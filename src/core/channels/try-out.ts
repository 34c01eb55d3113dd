import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { type channelsApi, refuseChannel } from './api.ts'
import { queueNote } from './ask-place.ts'
import { lockChannel } from './queries.ts'

/** Sends a channel a message that says that it works; it waits its turn like every other. */
export async function tryOut(
  { sql, actor, wake }: Call,
  { id }: Input<(typeof channelsApi)['endpoints']['test']>,
): Promise<Reply<{ ok: true }>> {
  const channel = await lockChannel(sql, actor.userId, id)
  if (!channel.enabled) throw refuseChannel('channel_disabled')
  if (channel.confirmed_at === null) throw refuseChannel('channel_unconfirmed')
  await queueNote(sql, id, 'test')
  wake('channels')
  return reply(200, { ok: true })
}

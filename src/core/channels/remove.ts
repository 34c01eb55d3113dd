import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { type channelsApi, refuseChannel } from './api.ts'

/** Removes a channel with its log; what is just being sent still arrives. */
export async function remove(
  { sql, actor }: Call,
  { id }: Input<(typeof channelsApi)['endpoints']['delete']>,
): Promise<Reply<{ ok: true }>> {
  const gone = await sql.rows(`delete from channel where id = $2 and user_id = $1 returning id`, [actor.userId, id])
  if (gone.length === 0) throw refuseChannel('channel_not_found')
  return reply(200, { ok: true })
}

import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { refuseWebhook, type webhooksApi } from './api.ts'

/** Removes a webhook with its log; what is just being sent still arrives. */
export async function remove(
  { sql, actor }: Call,
  { id }: Input<(typeof webhooksApi)['endpoints']['delete']>,
): Promise<Reply<{ ok: true }>> {
  const gone = await sql.rows(`delete from webhook where id = $2 and user_id = $1 returning id`, [actor.userId, id])
  if (gone.length === 0) throw refuseWebhook('webhook_not_found')
  return reply(200, { ok: true })
}

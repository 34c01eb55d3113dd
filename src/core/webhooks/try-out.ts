import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import { refuseWebhook, type webhooksApi } from './api.ts'
import { lockWebhook, readDelivery } from './queries.ts'
import type { Delivery } from './webhook.ts'

const write = `insert into webhook_delivery (id, webhook_id, event_id, name, event, due_at, created_at)
  select $1, $2, $3, 'webhook.test', json_build_object('id', $3::uuid, 'seq', null, 'event', 'webhook.test',
    'data', json_build_object('webhook_id', $2::uuid),
    'timestamp', to_char(app_now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), app_now(), app_now()`

/** Sends a webhook an event of its own, which is in nobody's feed. */
export async function tryOut(
  { sql, actor, wake }: Call,
  { id }: Input<(typeof webhooksApi)['endpoints']['test']>,
): Promise<Reply<Delivery>> {
  const webhook = await lockWebhook(sql, actor.userId, id)
  if (!webhook.enabled) throw refuseWebhook('webhook_disabled')
  const delivery = newId()
  await sql.rows(write, [delivery, id, newId()])
  wake('webhooks')
  return reply(201, (await readDelivery(sql, id, delivery))!)
}

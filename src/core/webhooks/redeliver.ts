import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { refuseWebhook, type webhooksApi } from './api.ts'
import { lockWebhook, readDelivery } from './queries.ts'
import type { Delivery } from './webhook.ts'

type Endpoints = (typeof webhooksApi)['endpoints']

const fromTheBeginning = `status = 'pending', tries = 0, lease = null, due_at = app_now(), ended_at = null`

/** Sends one event again, with a whole schedule before it. */
export async function redeliver(
  { sql, actor, wake }: Call,
  { id, did }: Input<Endpoints['redeliver']>,
): Promise<Reply<Delivery>> {
  const webhook = await lockWebhook(sql, actor.userId, id)
  const found = await sql.rows(`select 1 from webhook_delivery where webhook_id = $1 and id = $2`, [id, did])
  if (found.length === 0) throw refuseWebhook('delivery_not_found')
  if (!webhook.enabled) throw refuseWebhook('webhook_disabled')
  await sql.rows(`update webhook_delivery set ${fromTheBeginning} where webhook_id = $1 and id = $2`, [id, did])
  wake('webhooks')
  return reply(200, (await readDelivery(sql, id, did))!)
}

const most = 1_000

const fill = `with affair as materialized (
  select seq, id, name from events_of($2, $3, $4, ${most})
), queued as (
  insert into webhook_delivery (webhook_id, event_id, seq, name, due_at, created_at)
  select w.id, affair.id, affair.seq, affair.name, app_now(), app_now() from affair, webhook w
  where w.id = $1 and (w.events is null or affair.name = any (w.events))
  on conflict (webhook_id, seq) do update set ${fromTheBeginning}
  where webhook_delivery.status = 'failed' or ($5 and webhook_delivery.status = 'delivered')
  returning 1
) select (select count(*) from queued) as queued, (select max(seq) from affair) as last_seq`

/** Sends what a webhook missed in a range: what failed, and what it was never sent. */
export async function redeliverRange(
  { sql, actor, wake }: Call,
  { id, after, until = Number.MAX_SAFE_INTEGER, delivered = false }: Input<Endpoints['redeliver_range']>,
): Promise<Reply<{ queued: number; last_seq: number | null }>> {
  const webhook = await lockWebhook(sql, actor.userId, id)
  if (!webhook.enabled) throw refuseWebhook('webhook_disabled')
  const [done] = await sql.rows<{ queued: number; last_seq: number | null }>(fill, [
    id,
    actor.userId,
    after,
    until,
    delivered,
  ])
  wake('webhooks')
  return reply(200, done!)
}

import type { Sql } from '../../base/db.ts'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import type { webhooksApi } from './api.ts'
import { judge, known, type WebhookNeeds } from './create.ts'
import { lockWebhook } from './queries.ts'
import { showWebhook, type Webhook, type WebhookRow, webhookColumns } from './webhook.ts'

/** Changes what is given. Disabling gives up what waits; enabling begins afresh, as if it had never failed. */
export async function update(
  { sql, actor }: Call,
  { id, url, events, enabled }: Input<(typeof webhooksApi)['endpoints']['update']>,
  { egress, kinds }: WebhookNeeds,
): Promise<Reply<Webhook>> {
  await lockWebhook(sql, actor.userId, id)
  if (url !== undefined) judge(egress, url)
  const names = events === undefined ? null : known(kinds, events)
  const [row] = await sql.rows<{ row: WebhookRow }>(
    `with done as (
       update webhook set
         url = coalesce($2, url),
         events = case when $3 then $4::text[] else events end,
         enabled = coalesce($5, enabled),
         disabled_reason = case when $5 then null when not $5 and enabled then 'owner' else disabled_reason end,
         failing_since = case when $5 and not enabled then null else failing_since end,
         hold_until = case when $2 is not null or $5 then null else hold_until end,
         updated_at = app_now()
       where id = $1 returning ${webhookColumns}
     ) select row_to_json(done) as row from done`,
    [id, url, events !== undefined, names, enabled],
  )
  if (enabled === false) await giveUp(sql, id)
  return reply(200, showWebhook(row!.row))
}

/** Ends everything that waits for a webhook; it can be asked for again. */
export const giveUp = (sql: Sql, webhook: string): Promise<unknown> =>
  sql.rows(
    `update webhook_delivery set status = 'failed', due_at = null, lease = null, ended_at = app_now()
     where webhook_id = $1 and due_at is not null`,
    [webhook],
  )

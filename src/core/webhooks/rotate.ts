import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import type { Sealer } from '../../base/seal.ts'
import type { webhooksApi } from './api.ts'
import { lockWebhook } from './queries.ts'
import { makeSecret, overlap, sealedFor } from './secret.ts'
import { showWebhook, type Webhook, type WebhookRow, webhookColumns } from './webhook.ts'

/** Gives a webhook another secret; the one before signs beside it for a day, the one before that no longer. */
export async function rotate(
  { sql, actor }: Call,
  { id }: Input<(typeof webhooksApi)['endpoints']['rotate']>,
  sealer: Sealer,
): Promise<Reply<Webhook & { secret: string }>> {
  await lockWebhook(sql, actor.userId, id)
  const secret = makeSecret()
  const [row] = await sql.rows<{ row: WebhookRow }>(
    `with done as (
       update webhook set secret_before = secret, secret_before_until = app_now() + interval '${overlap}', secret = $2, updated_at = app_now()
       where id = $1 returning ${webhookColumns}
     ) select row_to_json(done) as row from done`,
    [id, sealer.seal(secret, sealedFor(id))],
  )
  return reply(200, { ...showWebhook(row!.row), secret })
}

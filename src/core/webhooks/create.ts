import { type Egress, EgressError } from '../../base/egress/egress.ts'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import type { Sealer } from '../../base/seal.ts'
import { chooseEvents } from '../events/choice.ts'
import type { Kinds } from '../events/feed.ts'
import { refuseWebhook, type webhooksApi } from './api.ts'
import { makeSecret, sealedFor } from './secret.ts'
import { showWebhook, type Webhook, type WebhookRow, webhookColumns, webhooksMax } from './webhook.ts'

export interface WebhookNeeds {
  readonly egress: Pick<Egress, 'judge'>
  readonly sealer: Sealer
  readonly kinds: Kinds
}

/** Registers an address; its secret is in this answer and nowhere else. */
export async function create(
  { sql, actor }: Call,
  { url, events = null }: Input<(typeof webhooksApi)['endpoints']['create']>,
  { egress, sealer, kinds }: WebhookNeeds,
): Promise<Reply<Webhook & { secret: string }>> {
  const [id, secret] = [newId(), makeSecret()]
  judge(egress, url)
  const names = known(kinds, events)
  // Two at once would both find room for the last one.
  await sql.rows(`select account_lock($1)`, [actor.userId])
  const [made] = await sql.rows<{ row: WebhookRow }>(
    `with made as (
       insert into webhook (id, user_id, url, events, secret, created_at, updated_at)
       select $1, $2, $3, $4, $5, app_now(), app_now()
       where (select count(*) from webhook where user_id = $2) < ${webhooksMax} returning ${webhookColumns}
     ) select row_to_json(made) as row from made`,
    [id, actor.userId, url, names, sealer.seal(secret, sealedFor(id))],
  )
  if (!made) throw refuseWebhook('too_many_webhooks')
  return reply(201, { ...showWebhook(made.row), secret })
}

/** Refuses an address that is never asked. Where its name leads is judged at each delivery. */
export function judge(egress: Pick<Egress, 'judge'>, url: string): void {
  try {
    egress.judge(url)
  } catch (error) {
    if (error instanceof EgressError) throw refuseWebhook('address_refused', {}, error.message)
    throw error
  }
}

/** The names that are asked for, each once; refuses one that nothing is ever told under. */
export function known(kinds: Kinds, names: readonly string[] | null): string[] | null {
  const chosen = chooseEvents(kinds, names)
  if ('names' in chosen) return chosen.names
  throw refuseWebhook('unknown_event', { known: chosen.known }, chosen.sentence)
}

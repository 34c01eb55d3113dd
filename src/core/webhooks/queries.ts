import type { Sql } from '../../base/db.ts'
import { behind, iso } from '../../base/page.ts'
import { asWire, type FeedRow } from '../events/feed.ts'
import type { WireEvent } from '../events/kind.ts'
import { refuseWebhook } from './api.ts'
import { type Delivery, showWebhook, type Webhook, type WebhookRow, webhookColumns } from './webhook.ts'

/** Somebody's webhooks, oldest first. */
export async function readWebhooks(sql: Sql, user: string): Promise<Webhook[]> {
  const rows = await sql.rows<{ row: WebhookRow }>(
    `select row_to_json(w) as row from (select ${webhookColumns} from webhook where user_id = $1 order by created_at, id) as w`,
    [user],
  )
  return rows.map(({ row }) => showWebhook(row))
}

/** A webhook of the caller's, locked until the transaction ends; refuses what is another's as if it were not there. */
export async function lockWebhook(sql: Sql, user: string, id: string): Promise<WebhookRow> {
  const [found] = await sql.rows<{ row: WebhookRow }>(
    `select row_to_json(w) as row from (select ${webhookColumns} from webhook where id = $2 and user_id = $1 for update) as w`,
    [user, id],
  )
  if (!found) throw refuseWebhook('webhook_not_found')
  return found.row
}

export async function isOwn(sql: Sql, user: string, id: string): Promise<boolean> {
  const rows = await sql.rows(`select 1 from webhook where id = $2 and user_id = $1`, [user, id])
  return rows.length > 0
}

interface DeliveryRow {
  id: string
  webhook_id: string
  event_id: string
  seq: number | null
  name: string
  event: WireEvent | null
  status: Delivery['status']
  due_at: string | null
  created_at: string
  ended_at: string | null
  told: FeedRow | null
  attempts: Delivery['attempts'] | null
}

const columns = `d.id, d.webhook_id, d.event_id, d.seq, d.name, d.event, d.status, d.due_at, d.created_at, d.ended_at,
  (select row_to_json(e) from events_of(w.user_id, d.seq - 1, d.seq, 1) as e) as told,
  (select json_agg(row_to_json(a) order by number) from (
     select number, at, url, status, error, duration_ms, response from webhook_attempt where delivery_id = d.id) as a) as attempts`

const showDelivery = (row: DeliveryRow): Delivery => ({
  id: row.id,
  webhook_id: row.webhook_id,
  event_id: row.event_id,
  seq: row.seq,
  event: row.name,
  status: row.status,
  next_attempt_at: iso(row.due_at),
  request: { method: 'POST', body: row.event ?? (row.told && asWire(row.told)) },
  attempts: (row.attempts ?? []).map((attempt) => ({ ...attempt, at: iso(attempt.at) })),
  created_at: iso(row.created_at),
  ended_at: iso(row.ended_at),
})

/** One delivery of a webhook; null when it has none with this id. */
export async function readDelivery(sql: Sql, webhook: string, id: string): Promise<Delivery | null> {
  const [found] = await sql.rows<{ row: DeliveryRow }>(
    `select row_to_json(x) as row from (
       select ${columns} from webhook_delivery d join webhook w on w.id = d.webhook_id where d.webhook_id = $1 and d.id = $2) as x`,
    [webhook, id],
  )
  return found ? showDelivery(found.row) : null
}

/** The deliveries of a webhook, newest first. */
export async function readDeliveries(
  sql: Sql,
  webhook: string,
  status: string | undefined,
  limit: number,
  after: { readonly at: string; readonly id: string } | null,
): Promise<{ deliveries: Delivery[]; last: { created_at: string; id: string } | null }> {
  const rows = await sql.rows<{ row: DeliveryRow }>(
    `select row_to_json(x) as row from (
       select ${columns} from (
         select * from webhook_delivery where webhook_id = $1 and ($2::text is null or status = $2)
           and ${behind('(created_at, id)', '$3', '$4')}
         order by created_at desc, id desc limit $5
       ) as d join webhook w on w.id = d.webhook_id order by d.created_at desc, d.id desc) as x`,
    [webhook, status, after?.at, after?.id, limit],
  )
  return { deliveries: rows.map(({ row }) => showDelivery(row)), last: rows.at(-1)?.row ?? null }
}

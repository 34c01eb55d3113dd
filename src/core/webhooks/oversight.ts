import type { Sql } from '../../base/db.ts'

/** What waits to be told to webhooks, for operators. */
export interface WebhookBacklog {
  /** Deliveries whose time has come, of webhooks that are enabled and did not ask us to wait. */
  readonly due: number
  /** Those that wait for their next try, after a failure or because the receiver asked for it. */
  readonly later: number
  /** How long ago the time of the first of those due came; null when there are none. */
  readonly oldest_seconds: number | null
  /** How long the oldest event has waited for its number, without which nobody is told of it; null when there is none. */
  readonly unnumbered_seconds: number | null
}

const isDue = `d.due_at <= app_now() and (w.hold_until is null or w.hold_until <= app_now())`

/** Counted on webhook_delivery_due, which holds only what waits. */
export async function webhookBacklog(sql: Sql): Promise<WebhookBacklog> {
  const [row] = await sql.rows<{ row: WebhookBacklog }>(
    `select row_to_json(b) as row from (
       select count(*) filter (where ${isDue}) as due, count(*) filter (where not (${isDue})) as later,
         extract(epoch from app_now() - min(d.due_at) filter (where ${isDue}))::float8 as oldest_seconds,
         extract(epoch from app_now() - event_waits_since())::float8 as unnumbered_seconds
       from webhook_delivery d join webhook w on w.id = d.webhook_id where d.due_at is not null) as b`,
  )
  return row!.row
}

const worker = 'See that a worker process is running (clawrk serve --role worker) and what its log says'

/** One line for a webhook, however much waits for it, and one for all events that have no number. */
export const webhooksStuck: readonly { readonly name: string; readonly query: string }[] = [
  {
    name: 'webhooks that are behind',
    query: `select 'webhook' as kind, w.id::text as id, min(d.due_at) as since, case when w.failing_since is not null
        then format('This webhook has %s deliveries that are due, and it fails or is slow: they go one at a time, and five days of failures disable it. Its log shows what it answers; nothing needs to be done for the others.', count(*))
        else format('This webhook has %s deliveries that are due and are not sent. ${worker} about this id.', count(*)) end as what
      from webhook_delivery d join webhook w on w.id = d.webhook_id
      where d.due_at is not null and d.due_at < app_now() - interval '5 minutes' and (w.hold_until is null or w.hold_until < app_now() - interval '5 minutes')
      group by w.id order by min(d.due_at) limit $1`,
  },
  {
    name: 'events without a number',
    query: `select 'event' as kind, 'unnumbered' as id, since,
        'Events have no number since then, so neither feed nor webhooks tell of them. ${worker}: it numbers them several times a second.' as what
      from event_waits_since() as since where since < app_now() - interval '5 minutes' limit $1`,
  },
]

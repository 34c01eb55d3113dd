import type { Sql } from '../../base/db.ts'
import { countedMost, type Figures, lateFigures } from '../../base/figures.ts'

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

// Along the index from one webhook that waits for something to the next, and of each its front: it costs with those webhooks, the
// first `countedMost` of them, and never with what waits for them beyond as many.
const backlog = `with recursive waiting as (
  (select webhook_id, 1 as n from webhook_delivery where due_at is not null order by webhook_id limit 1)
  union all
  select (select d.webhook_id from webhook_delivery d where d.due_at is not null and d.webhook_id > waiting.webhook_id order by d.webhook_id limit 1), n + 1
  from waiting where waiting.webhook_id is not null and n < ${countedMost}
), behind as (
  select w.id, w.hold_until is not null and w.hold_until > app_now() as held from waiting join webhook w on w.id = waiting.webhook_id
)
select
  (select count(*) from (select from behind join webhook_delivery d on d.webhook_id = behind.id
    where not held and d.due_at <= app_now() limit ${countedMost}) as due) as due,
  (select count(*) from (select from behind join webhook_delivery d on d.webhook_id = behind.id
    where d.due_at > case when held then '-infinity'::timestamptz else app_now() end limit ${countedMost}) as later) as later,
  (select extract(epoch from app_now() - min(front.due_at))::float8 from behind
    cross join lateral (select due_at from webhook_delivery where webhook_id = behind.id and due_at <= app_now() order by due_at, seq limit 1) as front
    where not held) as oldest_seconds,
  extract(epoch from app_now() - event_waits_since())::float8 as unnumbered_seconds`

/** Counted up to `countedMost`, on webhook_delivery_due, which holds only what waits. */
export async function webhookBacklog(sql: Sql): Promise<WebhookBacklog> {
  const [row] = await sql.rows<{ row: WebhookBacklog }>(`select row_to_json(b) as row from (${backlog}) as b`)
  return row!.row
}

/** The same for `/metrics`, with the leases of deliveries that are being sent: those of a process that died are late. */
export const webhookFigures: readonly Figures[] = [
  {
    query: `select due, later, coalesce(oldest_seconds, 0) as oldest_seconds, coalesce(unnumbered_seconds, 0) as unnumbered_seconds
      from (${backlog}) as b`,
    labels: [],
    shown: {
      due: {
        name: 'clawrk_webhook_deliveries_due',
        help: `Deliveries to webhooks whose time has come, counted up to ${countedMost}.`,
      },
      later: {
        name: 'clawrk_webhook_deliveries_later',
        help: `Deliveries to webhooks that wait for their next try, counted up to ${countedMost}.`,
      },
      oldest_seconds: {
        name: 'clawrk_webhook_oldest_due_seconds',
        help: 'How long the delivery that is due longest has waited.',
      },
      unnumbered_seconds: {
        name: 'clawrk_events_unnumbered_seconds',
        help: 'How long the oldest event has waited for its number, without which neither feed nor webhooks tell of it.',
      },
    },
  },
  lateFigures([
    { life: 'webhook', state: 'leased', due: `select min(due_at) from webhook_delivery where lease is not null` },
  ]),
]

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

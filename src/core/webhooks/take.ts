import type { Sql } from '../../base/db.ts'
import { lease, type Piece, type RoomLeft, runMost } from '../deliveries/runs.ts'
import { asWire, type FeedRow } from '../events/feed.ts'
import type { WireEvent } from '../events/kind.ts'

/** One delivery in hand; its receiver is the webhook. */
export interface Taken extends Piece {
  readonly url: string
  readonly secret: string
  readonly secretBefore: string | null
  readonly tries: number
  /** Null once it is older than the feed. */
  readonly event: WireEvent | null
}

interface TakenRow {
  id: string
  webhook_id: string
  url: string
  secret: string
  secret_before: string | null
  tries: number
  event: WireEvent | null
  told: FeedRow | null
  risky: boolean
}

// Along the index from one webhook to the next: it costs with the webhooks that wait for something, not with what they wait for. One
// that a process is busy with is left to it, so that its events stay in their order.
const take = `with recursive waiting as (
  (select webhook_id from webhook_delivery where due_at is not null order by webhook_id limit 1)
  union all
  select (select d.webhook_id from webhook_delivery d where d.due_at is not null and d.webhook_id > waiting.webhook_id order by d.webhook_id limit 1)
  from waiting where waiting.webhook_id is not null
), due as (
  select w.id, w.risky, row_number() over (partition by w.risky order by first.due_at, w.id) as nth
  from waiting
  cross join lateral (
    select id, failing_since is not null or delivered_at is null or id = any ($3::uuid[]) as risky from webhook
    where id = waiting.webhook_id and enabled and (hold_until is null or hold_until <= app_now()) and id <> all ($2::uuid[])
  ) as w
  cross join lateral (
    select due_at from webhook_delivery where webhook_id = w.id and due_at <= app_now() order by due_at, seq limit 1
  ) as first
  where not exists (select from webhook_delivery where webhook_id = w.id and lease is not null and due_at > app_now())
), mine as (
  select one.id, due.risky from due cross join lateral (
    select id from webhook_delivery where webhook_id = due.id and due_at <= app_now() order by due_at, seq
    limit case when due.risky then 1 else ${runMost} end for update skip locked
  ) as one where due.nth <= case when due.risky then $4::int else $5::int end
), taken as (
  update webhook_delivery d set lease = $1, due_at = app_now() + interval '${lease}' from mine where d.id = mine.id
  returning d.id, d.webhook_id, d.seq, d.tries, d.event, mine.risky
)
select row_to_json(x) as row from (
  select taken.id, webhook_id, url, tries, event, risky, encode(secret, 'hex') as secret,
    case when secret_before_until > app_now() then encode(secret_before, 'hex') end as secret_before,
    (select row_to_json(e) from events_of(w.user_id, taken.seq - 1, taken.seq, 1) as e) as told
  from taken join webhook w on w.id = webhook_id order by webhook_id, taken.seq
) as x`

/**
 * Takes what is due under a lease: of each webhook that nobody is busy with a few, in their order. `busy` are left out, `slow` are
 * treated as if they had failed; at most so many risky and healthy webhooks.
 */
export async function takeDue(sql: Sql, token: string, { busy, slow, risky, healthy }: RoomLeft): Promise<Taken[]> {
  const rows = await sql.rows<{ row: TakenRow }>(take, [token, busy, slow, risky, healthy])
  return rows.map(({ row }) => ({
    id: row.id,
    receiver: row.webhook_id,
    url: row.url,
    secret: row.secret,
    secretBefore: row.secret_before,
    tries: row.tries,
    event: row.event ?? (row.told && asWire(row.told)),
    isRisky: row.risky,
  }))
}

/** Says that these deliveries are still in hand. */
export const renew = (sql: Sql, held: ReadonlyMap<string, string>): Promise<unknown> =>
  sql.rows(
    `update webhook_delivery d set due_at = app_now() + interval '${lease}'
     from unnest($1::uuid[], $2::uuid[]) as mine (id, lease) where d.id = mine.id and d.lease = mine.lease`,
    [[...held.keys()], [...held.values()]],
  )

/** Puts back what was taken and not tried; it is due at once. */
export const putBack = (sql: Sql, token: string, ids: readonly string[]): Promise<unknown> =>
  sql.rows(`update webhook_delivery set lease = null, due_at = app_now() where id = any ($2::uuid[]) and lease = $1`, [
    token,
    ids,
  ])

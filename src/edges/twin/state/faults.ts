import type pg from 'pg'
import { stripeId } from '../ids.ts'

/**
 * What can be made to go wrong, each named for what the market then sees. `match` narrows a fault to the calls, cards,
 * accounts or events it is meant for; `times` is how often it strikes.
 */
export interface Faults {
  /** The next charges of a card are declined. match: customer, payment_method. */
  card_declined: { readonly decline_code?: string | undefined }
  /** The next API calls are answered 429, and nothing is done. match: method, path (as in `/v1/refunds/:id`). */
  rate_limit: object
  /**
   * The next API calls are done (`applied`, the default) or not, and their answer is lost: the connection is cut, or 500 is
   * answered. As with Stripe a 500 is what the same key answers from then on; after a cut the key answers what was done.
   */
  answer_lost: { readonly how: 'cut' | 'error'; readonly applied: boolean }
  /** The next API calls take this long, their key in use meanwhile. */
  slow: { readonly milliseconds: number }
  /** The next webhooks are sent this many times. match: type. */
  webhook_duplicate: { readonly copies: number }
  /** The next webhooks leave this much later, by the twin's clock. match: type. */
  webhook_delay: { readonly seconds: number }
  /** The next webhooks are never sent; their events can be listed. match: type. */
  webhook_missing: object
  /** The next `times` webhooks are held until the last of them is there, then sent last one first. match: type. */
  webhook_reorder: object
  /** The next transfers are refused. match: destination. */
  transfer_refused: { readonly code: string; readonly message?: string | undefined }
  /** The next reversals of transfers are refused: the money has left the account. match: destination. */
  reversal_refused: object
  /** The next refunds are refused outright. match: payment_intent, charge. */
  refund_refused: { readonly message?: string | undefined }
  /** The next refunds stay pending until the control door, or a day, ends them. match: payment_intent, charge. */
  refund_pending: object
  /** The next refunds are taken and fail afterwards: the money comes back. match: payment_intent, charge. */
  refund_fails: object
}

export type FaultKind = keyof Faults

export interface Fault<K extends FaultKind = FaultKind> {
  readonly id: string
  readonly kind: K
  /** How often it still strikes. */
  readonly times: number
  readonly match: Readonly<Record<string, string>>
  readonly params: Faults[K]
}

type Queryable = Pick<pg.Pool, 'query'>

const columns = 'id, kind, times, match, params'

/** Keeps a fault until it has struck `times` times, over restarts too. */
export async function addFault(db: Queryable, fault: Omit<Fault, 'id'>): Promise<Fault> {
  const sql = `insert into stripe_twin.fault (id, kind, times, match, params) values ($1, $2, $3, $4, $5) returning ${columns}`
  const values = [
    stripeId('fault', 14),
    fault.kind,
    fault.times,
    JSON.stringify(fault.match),
    JSON.stringify(fault.params),
  ]
  return (await db.query<Fault>(sql, values)).rows[0]!
}

export async function listFaults(db: Queryable): Promise<Fault[]> {
  return (await db.query<Fault>(`select ${columns} from stripe_twin.fault where times > 0 order by seq`)).rows
}

/** Ends all faults; webhooks held for reordering leave now. */
export async function clearFaults(db: Queryable): Promise<void> {
  await db.query('update stripe_twin.fault set times = 0 where times > 0')
  await db.query('update stripe_twin.delivery set held_by = null, hold_until = null where held_by is not null')
}

/** Which kinds of fault are waiting to strike: mostly none, and then one look is all that faults cost a call. */
export async function armedFaults(db: Queryable): Promise<ReadonlySet<FaultKind>> {
  const { rows } = await db.query<{ kind: FaultKind }>('select distinct kind from stripe_twin.fault where times > 0')
  return new Set(rows.map(({ kind }) => kind))
}

/** The oldest fault of this kind that is meant for `about`, used up by one; its `times` are what is left. */
export async function takeFault<K extends FaultKind>(
  db: Queryable,
  kind: K,
  about: Readonly<Record<string, string | null | undefined>>,
): Promise<Fault<K> | undefined> {
  const sql = `update stripe_twin.fault set times = times - 1 where id = (
      select id from stripe_twin.fault where kind = $1 and times > 0 and $2::jsonb @> match order by seq limit 1 for update
    ) returning ${columns}`
  return (await db.query<Fault<K>>(sql, [kind, JSON.stringify(about)])).rows[0]
}

import type Stripe from 'stripe'
import type { Database, Sql } from '../../../base/db.ts'
import { newId } from '../../../base/ids.ts'
import type { Log } from '../../../base/log.ts'
import { readStripePostings } from '../../ledger/stripe-lines.ts'
import { inTurn } from '../turn.ts'
import { type Comparison, compare } from './compare.ts'
import { readProviderLines } from './provider-lines.ts'

export interface ReconcileOptions {
  /** Only what is younger; everything without it. */
  readonly days?: number | null
  /** How long something may be on one side only; an hour without it. */
  readonly graceSeconds?: number
}

/** What is read beyond the window on either side, so that nothing at its edge is taken for missing. */
const marginSeconds = 2 * 86_400

/** Compares the ledger with the provider's balance and keeps the result. Changes nothing else. */
export async function reconcile(
  db: Database,
  stripe: Stripe,
  { days = null, graceSeconds = 3_600 }: ReconcileOptions = {},
): Promise<Comparison> {
  // In test mode the twin's clock goes ahead with the market's.
  const [clock] = await db.rows<{ now: number }>(`select extract(epoch from app_now())::float8 as now`)
  const now = Math.floor(clock!.now)
  const window = days === null ? null : days * 86_400
  const reach = window === null ? null : window + marginSeconds
  // The provider first: what is booked meanwhile is on the ledger's side only, and new.
  const lines = await readProviderLines(stripe, reach === null ? null : now - reach)
  const postings = await readStripePostings(db, reach)
  const aliases = await readAliases(db)
  const comparison = compare(postings, lines, { graceSeconds, now, missedSeconds: window, aliases })
  await db.rows(
    `insert into reconciliation (id, matched, in_flight, differences, difference_count) values ($1, $2, $3, $4, $5)`,
    [
      newId(),
      comparison.matched,
      comparison.in_flight,
      JSON.stringify(comparison.differences.slice(0, 1_000)),
      comparison.differences.length,
    ],
  )
  return comparison
}

/** The payments of invoices: the provider does not tell us of the intent behind these. */
async function readAliases(sql: Sql): Promise<Map<string, string[]>> {
  const rows = await sql.rows<{ id: string; payment: string }>(
    `select id, payment_intent_id as payment from plan_invoice where payment_intent_id is not null`,
  )
  return new Map(rows.map(({ id, payment }) => [id, [payment]]))
}

const day = 86_400
/** A live market compares what is younger than this every day; all of its history is compared when somebody asks for it. */
const liveDays = 35

/** Compares once a day, in one of any number of processes; what differs is said in the log. */
export async function reconcileDaily(db: Database, stripe: Stripe, log: Log, mode: 'test' | 'live'): Promise<void> {
  await inTurn(db, 'reconcile', { everySeconds: day, againSeconds: 600 }, async () => {
    const { differences } = await reconcile(db, stripe, { days: mode === 'live' ? liveDays : null })
    for (const difference of differences.slice(0, 100))
      log.error({ difference }, 'the ledger and the payment provider differ')
  })
}

/** The newest comparison, for the operator; null: there was none yet. */
export interface LastReconciliation {
  readonly at: string
  readonly age_seconds: number
  readonly matched: number
  readonly in_flight: number
  readonly difference_count: number
  readonly differences: readonly { readonly kind: string; readonly sentence: string }[]
}

export async function lastReconciliation(sql: Sql): Promise<LastReconciliation | null> {
  const [row] = await sql.rows<LastReconciliation>(
    `select to_json(at) as at, extract(epoch from clock_timestamp() - at)::float8 as age_seconds, matched, in_flight, difference_count, differences
     from reconciliation order by reconciliation.at desc limit 1`,
  )
  return row ?? null
}

/** Comparisons older than a year are forgotten. */
export async function tidyReconciliations(sql: Sql): Promise<void> {
  await sql.rows(`delete from reconciliation where at < clock_timestamp() - interval '366 days'`)
}

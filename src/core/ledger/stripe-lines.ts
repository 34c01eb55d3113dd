import type { Database } from '../../base/db.ts'

/** What the ledger says has gone through the provider: one posting, its legs added up. */
export interface StripePosting {
  readonly kind: string
  readonly ref: string
  readonly source: string
  /** What the provider kept, beside what it moved. */
  readonly is_fee: boolean
  /** Into the provider's balance is positive, out of it negative; what it kept is positive. */
  readonly amount: number
  readonly at: string
  readonly age_seconds: number
}

// Money at the provider is what has come from there and has not gone back: an account below zero. What it kept is booked out of it.
const linesOf = (
  recent: string,
): string => `select min(kind) as kind, min(ref) as ref, source, is_fee, sum(amount)::bigint as amount, to_json(min(created_at)) as at,
    extract(epoch from app_now() - min(created_at))::float8 as age_seconds
  from (
    select kind, ref, source, created_at, 'platform:processing' in (from_account, to_account) as is_fee,
      case when from_account = 'platform:stripe' then amount else -amount end as amount
    from transfer_all
    where 'platform:stripe' in (from_account, to_account) and unit = 'USD'${recent}
  ) as leg group by source, is_fee, amount > 0 order by min(created_at), source`

const all = linesOf('')
const younger = linesOf(' and created_at > app_now() - make_interval(secs => $1)')

/** Every posting that touched the provider's balance, as it is at one moment; only those of the last seconds, if that is said. */
export const readStripePostings = (db: Pick<Database, 'overview'>, seconds: number | null): Promise<StripePosting[]> =>
  db.overview((sql) => (seconds === null ? sql.rows<StripePosting>(all) : sql.rows<StripePosting>(younger, [seconds])))

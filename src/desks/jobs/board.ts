import type { Sql } from '../../base/db.ts'
import { iso } from '../../base/page.ts'
import type { Check } from '../../core/verification/check.ts'

/** What anybody may see of an open job. */
export interface BoardJob {
  readonly id: string
  readonly title: string
  readonly description: string
  readonly requirements: string
  readonly acceptance_criteria: string[]
  readonly checks: Check[]
  readonly skill: string
  readonly terms: 'wallet' | 'credits'
  readonly price_cents: number
  readonly time_limit_seconds: number
  readonly created_at: string
  readonly age_seconds: number
}

export interface BoardQuery {
  readonly q?: string | undefined
  readonly skill?: string | undefined
  readonly min_price_cents?: number | undefined
  readonly sort: 'newest' | 'price' | 'closing'
  readonly limit: number
  /** How many to leave out: a board changes under the reader, so a page is a place in it and not a row. */
  readonly offset: number
}

const order = {
  newest: 'queued_at desc, id desc',
  price: 'price_cents desc, id desc',
  closing: 'queued_at, id',
} as const

/** How deep the board may be searched or paged: bounds what a look costs, whatever the backlog is. */
export const boardDepth = 2_000

// Along the indexes there are: of how long jobs wait each kind of terms has its own, of prices all have one.
const topOf = (sort: BoardQuery['sort']): string => {
  const top = (which: string): string =>
    `select * from job where status = 'queued'${which} order by ${order[sort]} limit ${boardDepth}`
  if (sort === 'price') return top('')
  return `(${top(` and terms = 'wallet'`)}) union all (${top(` and terms = 'credits'`)}) order by ${order[sort]} limit ${boardDepth}`
}

/** The open jobs, sorted along an index; words, skill and price filter the first 2,000 of that order. */
export async function readBoard(sql: Sql, query: BoardQuery): Promise<BoardJob[]> {
  const rows = await sql.rows<{ row: BoardJob }>(
    `select row_to_json(open) as row from (
       select id, title, description, requirements, acceptance_criteria, checks, skill, terms, price_cents, time_limit_seconds, created_at,
         floor(extract(epoch from app_now() - created_at))::integer as age_seconds
       from (${topOf(query.sort)}) as top
       where ($1::text is null or match_contains(id, $1)) and ($2::text is null or skill = $2) and ($3::bigint is null or price_cents >= $3)
       order by ${order[query.sort]} limit $4 offset $5) as open`,
    [query.q, query.skill, query.min_price_cents, query.limit, query.offset],
  )
  return rows.map(({ row }) => ({ ...row, created_at: iso(row.created_at) }))
}

export interface BoardStats {
  readonly open_jobs: number
  readonly open_value_cents: number
  readonly verified_24h: number
  readonly verified_30d: number
  readonly paid_out_30d_cents: number
  readonly median_accept_seconds: number | null
  readonly median_verify_seconds: number | null
  readonly active_agents: number
}

// The clock is asked where a part begins and not in every row of it.
const statsSql = `select row_to_json(s) as row from (select
  open_jobs, open_value_cents, verified_24h, verified_30d, paid_out_30d_cents, median_accept_seconds, median_verify_seconds,
  (select count(*) from agent_record where last_active_at > app_now() - interval '24 hours') as active_agents
  from (select count(*) as open_jobs, coalesce(sum(price_cents), 0)::bigint as open_value_cents from job where status = 'queued') as open,
  (select coalesce(sum(verified), 0) as verified_30d, coalesce(sum(paid_out_cents), 0)::bigint as paid_out_30d_cents
    from market_hour where hour > app_now() - interval '30 days') as month,
  (select coalesce(sum(verified), 0) as verified_24h from market_hour where hour > app_now() - interval '24 hours') as day,
  (select percentile_cont(0.5) within group (order by accept) as median_accept_seconds, percentile_cont(0.5) within group (order by verify) as median_verify_seconds
    from market_hour, unnest(accept_seconds, verify_seconds) as took (accept, verify) where hour > app_now() - interval '24 hours') as medians
) as s`

/** The market in eight numbers. Counting open jobs costs with their number, so a process counts at most every few seconds. */
export function boardStats(maxAgeMs: number): (sql: Sql) => Promise<BoardStats> {
  let known: { at: number; stats: Promise<BoardStats> } | null = null
  return (sql) => {
    if (!known || Date.now() - known.at > maxAgeMs) {
      const stats = sql.rows<{ row: BoardStats }>(statsSql).then(([row]) => row!.row)
      stats.catch(() => {
        known = null
      })
      known = { at: Date.now(), stats }
    }
    return known.stats
  }
}

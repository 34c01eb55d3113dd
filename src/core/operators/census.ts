import type { Database, Sql } from '../../base/db.ts'
import { iso } from '../../base/page.ts'
import { type Sums, sumAccounts } from '../ledger/look.ts'

/**
 * A kind of work, counted by its states; desks hand theirs in. Both queries select `state` and `n`. `open` may cost as much as there is
 * open work, by an index of just that (null: nothing of it ends by itself, the census counts all); `all` reads everything there ever was, and is asked by the census alone.
 */
export interface Counted {
  readonly name: string
  readonly states: readonly string[]
  /** The states that `open` counts. */
  readonly openStates: readonly string[]
  readonly open: string | null
  readonly all: string
}

export type States = Readonly<Record<string, number>>

/** Numbers that would take too long to count for each request. */
export interface Census {
  readonly counted_at: string
  readonly users: number
  readonly agents: number
  readonly sums: Sums
  readonly work: Readonly<Record<string, States>>
}

const statesOf = async (sql: Sql, query: string): Promise<States> => {
  const rows = await sql.rows<{ state: string; n: number }>(query)
  return Object.fromEntries(rows.map(({ state, n }) => [state, n]))
}

/** Counts everything, in one look, and keeps it; the worker does so every few minutes. Twice at once is harmless. */
export async function takeCensus(db: Database, counted: readonly Counted[]): Promise<void> {
  const numbers = await db.overview(async (sql) => {
    const [people] = await sql.rows<{ users: number; agents: number }>(
      `select (select count(*) from app_user where deleted_at is null) as users, (select count(*) from agent where deleted_at is null) as agents`,
    )
    const work: Record<string, States> = {}
    for (const { name, all } of counted) work[name] = await statesOf(sql, all)
    return { ...people!, sums: await sumAccounts(sql), work }
  })
  await db.rows(
    `insert into census (counted_at, numbers) values (app_now(), $1::json)
     on conflict (one) do update set counted_at = excluded.counted_at, numbers = excluded.numbers`,
    [JSON.stringify(numbers)],
  )
}

/** The newest census; null before the first. */
export async function readCensus(sql: Sql): Promise<Census | null> {
  const [row] = await sql.rows<{ at: string; numbers: Omit<Census, 'counted_at'> }>(
    `select to_json(counted_at) as at, numbers from census`,
  )
  return row ? { counted_at: iso(row.at), ...row.numbers } : null
}

/** Work by state: what is open as it is now, what has ended as the census found it. */
export async function countWork(
  sql: Sql,
  counted: readonly Counted[],
  census: Census | null,
): Promise<Record<string, States>> {
  const work: Record<string, States> = {}
  for (const { name, states, openStates, open } of counted) {
    const now = open === null ? {} : await statesOf(sql, open)
    const before = census?.work[name] ?? {}
    work[name] = Object.fromEntries(
      states.map((state) => [state, (openStates.includes(state) ? now[state] : before[state]) ?? 0]),
    )
  }
  return work
}

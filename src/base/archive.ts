import { type Database, type Sql, sqlState } from './db.ts'

/** How what is old moves to the archive, at one call. */
export interface Moving {
  /** What is older may move. */
  readonly days: number
  /** Rows that move together, in one transaction. */
  readonly most: number
}

/** How many rows a call has moved; null while another process is at it. */
export type Moved = number | null

/** Rows of a room that move, when they are old and settled, from its tables of every day to its archive, which lies by months. */
export interface Movable {
  readonly name: 'jobs' | 'transfers' | 'events'
  /** The tables of every day, and those of the archive; the first of each is the one that is counted. Rows have a `created_at`. */
  readonly tables: readonly string[]
  readonly archives: readonly string[]
  /** Counts what may move now, as `n`; $1 is the age in days. */
  readonly due: string
  /**
   * An expression that costs a few lookups on indexes: how many seconds ago the oldest that has not moved should have; null or less than 0
   * when it is too young. What keeps it is not asked.
   */
  readonly behind: (days: number) => string
  /** Selects what keeps rows of that age from moving, as sentences `what`; $1 is the age in days. */
  readonly kept: string
  /** Selects when something was moved last, as `moved_at`. */
  readonly state: string
  /** Moves some. Killed at any point, it has moved all of them or none. */
  readonly move: (db: Database, moving: Moving) => Promise<Moved>
}

const patience = `select set_config('lock_timeout', '1s', true), set_config('statement_timeout', '15s', true)`

/**
 * One transaction that gives way: nobody waits long for it, and what it cannot lock within a second it leaves for the next time, as if
 * another process were at it (null).
 */
export async function givingWay<T>(db: Database, work: (sql: Sql) => Promise<T | null>): Promise<T | null> {
  try {
    return await db.transaction(async (sql) => {
      await sql.rows(patience)
      return await work(sql)
    })
  } catch (error) {
    if (sqlState(error) === '55P03') return null
    throw error
  }
}

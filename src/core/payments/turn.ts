import type { Sql } from '../../base/db.ts'

export interface Turns {
  readonly everySeconds: number
  /** After a turn that failed. */
  readonly againSeconds: number
}

/** A turn whose process has died is taken again after so long, if the next is not due before. */
const leaseSeconds = 3_600

/**
 * Does what one process at a time does, every so many seconds; null when it is not due. One that fails, or whose process dies, is not
 * lost until the next: it is done again sooner.
 */
export async function inTurn<T>(
  sql: Sql,
  name: string,
  { everySeconds, againSeconds }: Turns,
  work: () => Promise<T>,
): Promise<T | null> {
  await sql.rows(`insert into provider_turn (name) values ($1) on conflict do nothing`, [name])
  const [taken] = await sql.rows<{ at: string }>(
    `update provider_turn set due_at = clock_timestamp() + make_interval(secs => $2)
     where name = $1 and due_at <= clock_timestamp() returning to_json(clock_timestamp()) #>> '{}' as at`,
    [name, Math.min(everySeconds, leaseSeconds)],
  )
  if (!taken) return null
  const next = (from: string, seconds: number): Promise<unknown> =>
    sql.rows(`update provider_turn set due_at = $2::timestamptz + make_interval(secs => $3) where name = $1`, [
      name,
      from,
      seconds,
    ])
  try {
    const done = await work()
    await next(taken.at, everySeconds)
    return done
  } catch (error) {
    await next('now', againSeconds)
    throw error
  }
}

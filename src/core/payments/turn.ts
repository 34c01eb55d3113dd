import type { Sql } from '../../base/db.ts'

/** Takes the turn at something that one process at a time does, every so many seconds; false when it is not due. */
export async function takeTurn(sql: Sql, name: string, seconds: number): Promise<boolean> {
  await sql.rows(`insert into provider_turn (name) values ($1) on conflict do nothing`, [name])
  const taken = await sql.rows(
    `update provider_turn set due_at = clock_timestamp() + make_interval(secs => $2) where name = $1 and due_at <= clock_timestamp() returning 1`,
    [name, seconds],
  )
  return taken.length > 0
}

/** It could not be done: the next turn comes in so many seconds. */
export async function turnSooner(sql: Sql, name: string, seconds: number): Promise<void> {
  await sql.rows(`update provider_turn set due_at = clock_timestamp() + make_interval(secs => $2) where name = $1`, [
    name,
    seconds,
  ])
}

import type { Sql } from '../../base/db.ts'

/** More events than are told between a backup and its restore. */
const distance = 1_000_000_000

/**
 * After a database went back in time: numbers go on far behind all that were ever given, because readers remember the last they
 * have seen, and would take what happens now for something they know. Answers the number from which they go on.
 */
export async function skipNumbers(sql: Sql): Promise<number> {
  const [row] = await sql.rows<{ seq: number }>(`update event_sequence set seq = seq + ${distance} returning seq`)
  return row!.seq
}

import type { Sql } from '../../../base/db.ts'
import { type DisputeRow, isTooLate, refOf } from './dispute.ts'

/** It is the other side's turn to answer a dispute until its deadline. */
export async function openAnswer(sql: Sql, row: DisputeRow): Promise<void> {
  await sql.rows(`select turn_open($1, $2, $3, 'respond', $4, $5)`, [
    row.respondent_id,
    row.opened_by,
    refOf(row),
    row.amount_cents,
    row.response_deadline,
  ])
}

/** The other side has answered, or has not in time. */
export async function closeAnswer(sql: Sql, row: DisputeRow, isAnswered: boolean): Promise<void> {
  await sql.rows(`select turn_close($1, $2, 'respond', $3)`, [row.respondent_id, refOf(row), isAnswered])
}

/** The dispute is over: whoever had not answered in time has missed it, whoever still had time needs to answer no more. */
export async function endAnswer(sql: Sql, row: DisputeRow): Promise<void> {
  if (isTooLate(row)) await closeAnswer(sql, row, false)
  await sql.rows(`select turn_void($1)`, [refOf(row)])
}

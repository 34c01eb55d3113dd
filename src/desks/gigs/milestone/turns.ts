import type { Sql } from '../../../base/db.ts'
import { type MilestoneRow, refOf } from '../contract/milestone.ts'
import type { ContractRow, Side } from '../contract/show-contract.ts'

/**
 * What a side may be expected to do about a milestone: approve it (the one that has not proposed it), fund it (the client), do the
 * work (the worker, until it is paid for), answer a cancellation that was asked for (the worker), accept what was delivered (the client).
 */
export type MilestoneTurn = 'approve' | 'fund' | 'deliver' | 'cancel' | 'accept'

const idOf = (row: ContractRow, side: Side): string => (side === 'client' ? row.client_id : row.worker_id)
export const otherSide = (side: Side): Side => (side === 'client' ? 'worker' : 'client')

/** It is this side's turn until a time. */
export async function openMilestoneTurn(
  sql: Sql,
  row: ContractRow,
  milestone: MilestoneRow,
  [side, kind]: readonly [Side, MilestoneTurn],
  until: string | null,
): Promise<void> {
  await sql.rows(`select turn_open($1, $2, $3, $4, $5, $6)`, [
    idOf(row, side),
    idOf(row, otherSide(side)),
    refOf(milestone),
    kind,
    milestone.amount_cents,
    until,
  ])
}

/** This side has done what was expected of it, or has not. */
export async function closeMilestoneTurn(
  sql: Sql,
  row: ContractRow,
  milestone: MilestoneRow,
  [side, kind]: readonly [Side, MilestoneTurn],
  isAnswered: boolean,
): Promise<void> {
  await sql.rows(`select turn_close($1, $2, $3, $4)`, [idOf(row, side), refOf(milestone), kind, isAnswered])
}

/** Nobody is expected to do anything about it any more, and nothing of it counts. */
export async function voidMilestoneTurns(sql: Sql, milestone: Pick<MilestoneRow, 'id'>): Promise<void> {
  await sql.rows(`select turn_void($1)`, [refOf(milestone)])
}

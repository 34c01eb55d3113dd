import type { Sql } from '../../../base/db.ts'
import { amountOf, type ContractRow, type Side } from './show-contract.ts'

/** What a side of a contract may be expected to do: approve it, fund it, or connect an account. */
export type TurnKind = 'approve' | 'fund' | 'connect'

const ref = ({ id }: ContractRow): string => `contract:${id}`
const idOf = (row: ContractRow, side: Side): string => (side === 'client' ? row.client_id : row.worker_id)
const other = (side: Side): Side => (side === 'client' ? 'worker' : 'client')

/** It is this side's turn until a time. */
export async function openTurn(
  sql: Sql,
  row: ContractRow,
  side: Side,
  kind: TurnKind,
  until: string | null,
): Promise<void> {
  await sql.rows(`select turn_open($1, $2, $3, $4, $5, $6)`, [
    idOf(row, side),
    idOf(row, other(side)),
    ref(row),
    kind,
    amountOf(row),
    until,
  ])
}

/** This side has done what was expected of it. */
export async function turnTaken(sql: Sql, row: ContractRow, side: Side, kind: TurnKind): Promise<void> {
  await sql.rows(`select turn_close($1, $2, $3, true)`, [idOf(row, side), ref(row), kind])
}

/** This side has answered in another way, whatever was expected of it; the other one needs to answer no more. */
export async function turnsOver(sql: Sql, row: ContractRow, by: Side): Promise<void> {
  for (const kind of ['approve', 'fund', 'connect'] as const) await turnTaken(sql, row, by, kind)
  await sql.rows(`select turn_void($1)`, [ref(row)])
}

/** The time is over: whoever was expected to do something has not. */
export async function turnsMissed(sql: Sql, row: ContractRow): Promise<void> {
  for (const side of ['client', 'worker'] as const)
    for (const kind of ['approve', 'fund', 'connect'] as const)
      await sql.rows(`select turn_close($1, $2, $3, false)`, [idOf(row, side), ref(row), kind])
}

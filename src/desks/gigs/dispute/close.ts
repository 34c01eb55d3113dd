import type { Sql } from '../../../base/db.ts'
import { type DisputeRow, disputeLife, type Resolution } from './dispute.ts'
import { lockDispute } from './queries.ts'
import { tellDispute } from './tell-dispute.ts'
import { endAnswer } from './turn.ts'

export interface Decision {
  readonly by: Resolution['made_by']
  /** In percent; null: as if there had been no dispute. */
  readonly workerShare: number | null
  readonly operatorId?: string
  readonly note?: string
}

const closing = (move: 'resolve' | 'decide'): string =>
  `update dispute set status = ${disputeLife.to(move)}, due_at = null, resolved_by = $2, worker_share_percent = $3, operator_id = $4, note = $5,
     resolved_at = app_now(), updated_at = app_now()
   where id = $1 and status in (${disputeLife.from(move)}) returning id`

const closings = { resolve: closing('resolve'), decide: closing('decide') }

/** Writes down how a dispute was decided, once, and tells both. False: it was decided before. Money is moved by the caller. */
export async function closeDispute(
  sql: Sql,
  row: DisputeRow,
  { by, workerShare, operatorId, note }: Decision,
): Promise<boolean> {
  const [closed] = await sql.rows(closings[by === 'operator' ? 'resolve' : 'decide'], [
    row.id,
    by,
    workerShare,
    operatorId ?? null,
    note ?? null,
  ])
  if (!closed) return false
  await endAnswer(sql, row)
  await tellDispute(sql, row.id, 'resolved')
  return true
}

/**
 * The payer's bank has decided over a milestone that is disputed here: there is nothing left to decide. In the caller's transaction,
 * which has locked the contract and ended the milestone; without an open dispute nothing happens.
 */
export async function disputeEndsByBank(sql: Sql, milestoneId: string): Promise<void> {
  const [known] = await sql.rows<{ id: string }>(
    `select id from dispute where milestone_id = $1 and status in (${disputeLife.from('decide')})`,
    [milestoneId],
  )
  const row = known && (await lockDispute(sql, known.id))
  if (row) await closeDispute(sql, row, { by: 'bank', workerShare: null })
}

/** A bank had the milestone for so many seconds, in which nobody could decide: they are added to the time there is. */
export async function disputeGoesOn(sql: Sql, milestoneId: string, seconds: number): Promise<void> {
  await sql.rows(
    `update dispute set due_at = due_at + make_interval(secs => $2::float8), updated_at = app_now()
     where milestone_id = $1 and status in (${disputeLife.from('decide')})`,
    [milestoneId, seconds],
  )
}

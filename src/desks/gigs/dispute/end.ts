import type { Sql } from '../../../base/db.ts'
import { lockContract } from '../contract/lock-contract.ts'
import { award, thaw } from '../milestone/settle.ts'
import { closeDispute, type Decision } from './close.ts'
import type { DisputeRow } from './dispute.ts'
import { lockDispute } from './queries.ts'

/** Locks what a decision changes, in the order of the desk, and answers the dispute as it is then. Null: there is none. */
export async function lockForDecision(sql: Sql, id: string): Promise<DisputeRow | null> {
  const [known] = await sql.rows<{ contract_id: string }>(`select contract_id from dispute where id = $1`, [id])
  if (!known) return null
  await lockContract(sql, known.contract_id, { negotiation: false })
  return lockDispute(sql, id)
}

/**
 * A dispute is decided, once: its money goes where the decision says, or its milestone goes on as if it had not been disputed. The
 * caller has locked it for that. False: somebody has decided it before.
 */
export async function endDispute(
  sql: Sql,
  row: DisputeRow,
  decision: Decision & { readonly by: 'operator' | 'recommendation' | 'rules' },
): Promise<boolean> {
  if (!(await closeDispute(sql, row, decision))) return false
  const { by, workerShare } = decision
  if (workerShare === null) await thaw(sql, row.contract_id, row.milestone_id)
  else
    await award(sql, row.contract_id, row.milestone_id, {
      workerShare,
      arbitrationFeeCents: row.arbitration_fee_cents,
      by,
    })
  return true
}

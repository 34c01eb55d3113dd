import type { Sql } from '../../../base/db.ts'
import { giveBack } from '../../../core/payments/funding/give-back.ts'
import { stopFunding } from '../../../core/payments/funding/stop.ts'
import { milestoneLife, refOf } from './milestone.ts'
import type { ContractRow } from './show-contract.ts'

const ending = (move: 'end_with_contract' | 'repay_with_contract'): string =>
  `update milestone set status = ${milestoneLife.to(move)}, due_at = null, ended_at = app_now(), updated_at = app_now()
   where id = $1 and status in (${milestoneLife.from(move)}) returning id`

const endings = { end_with_contract: ending('end_with_contract'), repay_with_contract: ending('repay_with_contract') }

/**
 * A contract ends or is revised before it is active: what is not funded is cancelled, with the card payment that may be open for it,
 * and what is funded goes back where it came from. The caller has locked contract and milestones.
 */
export async function endMilestones(sql: Sql, { client_id: client, milestones }: ContractRow): Promise<void> {
  for (const milestone of milestones) {
    const ref = refOf(milestone)
    const [unfunded] = await sql.rows(endings.end_with_contract, [milestone.id])
    if (unfunded) await stopFunding(sql, ref)
    const [funded] = await sql.rows(endings.repay_with_contract, [milestone.id])
    if (funded && milestone.source !== null)
      await giveBack(sql, { ref, user: client, source: milestone.source, amount: milestone.amount_cents })
  }
}

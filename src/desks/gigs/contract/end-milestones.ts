import type { Sql } from '../../../base/db.ts'
import { stopFunding } from '../../../core/payments/funding/stop.ts'
import { endUnpaid } from '../milestone/end.ts'
import { closeMilestoneTurn, voidMilestoneTurns } from '../milestone/turns.ts'
import { milestoneLife, refOf } from './milestone.ts'
import type { ContractRow, Side } from './show-contract.ts'

const drop = `update milestone set status = ${milestoneLife.to('end_with_contract')}, due_at = null, ended_at = app_now(), updated_at = app_now()
   where id = $1 and status in (${milestoneLife.from('end_with_contract')}) returning id`

/**
 * A contract ends or is revised before it is active: what is not funded is cancelled, with the card payment that may be open for it,
 * and what is funded goes back where it came from. Whoever has ended it (null: nobody) has thereby answered what they were expected to
 * say to it. The caller has locked contract and milestones.
 */
export async function endMilestones(sql: Sql, row: ContractRow, by: Side | null): Promise<void> {
  for (const milestone of row.milestones) {
    const [unfunded] = await sql.rows(drop, [milestone.id])
    if (unfunded) {
      await stopFunding(sql, refOf(milestone))
      for (const kind of ['approve', 'fund'] as const)
        if (by) await closeMilestoneTurn(sql, row, milestone, [by, kind], true)
      await voidMilestoneTurns(sql, milestone)
    } else if (milestoneLife.moves.repay_with_contract.from.some((status) => status === milestone.status)) {
      await endUnpaid(sql, row, milestone, 'repay_with_contract')
    }
  }
}

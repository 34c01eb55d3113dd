import type { Sql } from '../../../base/db.ts'
import { milestoneLife } from '../contract/milestone.ts'
import type { ContractRow } from '../contract/show-contract.ts'
import { openMilestoneTurn } from './turns.ts'

/** The money is there and the contract is active: from now on it is the worker's turn to do the work, until it is paid for. */
export async function beginWork(sql: Sql, row: ContractRow, milestoneId: string): Promise<void> {
  const milestone = row.milestones.find(({ id }) => id === milestoneId)
  if (milestone?.status === milestoneLife.moves.fund.to)
    await openMilestoneTurn(sql, row, milestone, ['worker', 'deliver'], milestone.due_at)
}

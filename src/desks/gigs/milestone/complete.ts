import type { Sql } from '../../../base/db.ts'
import { stopFunding } from '../../../core/payments/funding/stop.ts'
import { contractLife } from '../contract/contract.ts'
import { blockerOf, type MilestoneRow, milestoneLife, refOf } from '../contract/milestone.ts'
import { readContract } from '../contract/queries.ts'
import type { ContractRow } from '../contract/show-contract.ts'
import { tellContract } from '../contract/tell-contract.ts'
import { timers } from '../timers.ts'
import { openMilestoneTurn, voidMilestoneTurns } from './turns.ts'

const isIn = (milestone: MilestoneRow, states: readonly string[]): boolean => states.includes(milestone.status)

const proposed = milestoneLife.moves.unapproved.from
const cancelled = [milestoneLife.moves.drop.to]

/** Whether everything that both have agreed on has ended, and something of it otherwise than by never being begun. */
function isDone({ milestones }: ContractRow): boolean {
  const agreed = milestones.filter((one) => !isIn(one, proposed))
  return agreed.every((one) => isIn(one, milestoneLife.ended)) && agreed.some((one) => !isIn(one, cancelled))
}

const complete = `update contract set status = ${contractLife.to('complete')}, ended_at = app_now(), updated_at = app_now()
  where id = $1 and status in (${contractLife.from('complete')}) returning id`

const drop = `update milestone set status = ${milestoneLife.to('end_with_contract')}, due_at = null, ended_at = app_now(), updated_at = app_now()
  where id = $1 and status in (${milestoneLife.from('end_with_contract')})`

/**
 * What follows when a milestone has moved: the contract is completed when everything that was agreed on has ended, and what was only
 * proposed ends with it; otherwise the client's days to fund begin for what has come to its turn. Runs in the caller's transaction,
 * which has locked the contract; every move of a milestone ends with it.
 */
export async function completeIfDone(sql: Sql, contractId: string): Promise<void> {
  const row = await readContract(sql, contractId)
  if (row?.status !== contractLife.moves.activate.to) return
  if (!isDone(row)) {
    await beginFunding(sql, row)
    return
  }
  for (const one of row.milestones.filter((milestone) => isIn(milestone, proposed))) {
    await sql.rows(drop, [one.id])
    await voidMilestoneTurns(sql, one)
  }
  await sql.rows(complete, [contractId])
  await tellContract(sql, 'updated', contractId)
}

const begin = `update milestone set due_at = app_now() + interval '${timers.unfunded}', updated_at = app_now() where id = $1 returning to_json(due_at) as due_at`
const wait = `update milestone set due_at = null, updated_at = app_now() where id = $1`

// The days to fund are those in which it can be funded: one that has to wait for another again has them afresh.
async function beginFunding(sql: Sql, row: ContractRow): Promise<void> {
  for (const milestone of row.milestones.filter((one) => isIn(one, milestoneLife.moves.fund.from))) {
    const isBlocked = blockerOf(milestone, row.milestones) !== undefined
    if (isBlocked && milestone.due_at !== null) {
      await sql.rows(wait, [milestone.id])
      await stopFunding(sql, refOf(milestone))
      await voidMilestoneTurns(sql, milestone)
    }
    if (!isBlocked && milestone.due_at === null) {
      const [begun] = await sql.rows<{ due_at: string }>(begin, [milestone.id])
      await openMilestoneTurn(sql, row, milestone, ['client', 'fund'], begun!.due_at)
    }
  }
}

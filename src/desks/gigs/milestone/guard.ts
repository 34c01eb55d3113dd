import type { Sql } from '../../../base/db.ts'
import { type Body, type Reply, reply } from '../../../base/endpoint.ts'
import { contractLife } from '../contract/contract.ts'
import { lockOwnContract } from '../contract/lock-contract.ts'
import { isFrozen, isMilestoneOver, type MilestoneRow, milestoneLife } from '../contract/milestone.ts'
import { readContract } from '../contract/queries.ts'
import { type ContractRow, isAwaiting, isOver, type Side, showContract, sideOf } from '../contract/show-contract.ts'
import { type milestonesApi, refuseMilestone } from './api.ts'

export interface Found {
  readonly row: ContractRow
  readonly milestone: MilestoneRow
  readonly viewer: string
  readonly side: Side
  /** What a refusal says besides its sentence. */
  readonly detail: { readonly contract_id: string; readonly milestone_id: string; readonly can: readonly string[] }
}

/** A milestone of one of their contracts, as it is once nobody else moves it. */
export async function lockMilestone(
  sql: Sql,
  { id, milestone_id: milestoneId }: { readonly id: string; readonly milestone_id: string },
  viewer: string,
): Promise<Found> {
  const row = await lockOwnContract(sql, id, viewer, { negotiation: false })
  const milestone = row.milestones.find((one) => one.id === milestoneId)
  if (!milestone) throw refuseMilestone('milestone_not_found', { contract_id: id })
  const { can } = showContract(row, viewer).milestones.find((one) => one.id === milestoneId)!
  return {
    row,
    milestone,
    viewer,
    side: sideOf(row, viewer),
    detail: { contract_id: id, milestone_id: milestoneId, can },
  }
}

type Move = 'approve' | 'deliver' | 'release' | 'give_back' | 'drop' | 'ask_cancel'

const done: Readonly<Record<Move, string>> = {
  approve: 'approved',
  deliver: 'delivered',
  release: 'released',
  give_back: 'refunded',
  drop: 'cancelled',
  ask_cancel: 'cancelled',
}

/** Refuses a move of this milestone that cannot be made now, and says why; who may make it is the verb's to judge. */
export function mayMove({ row, milestone, detail }: Found, move: Move): void {
  if (isFrozen(milestone))
    throw refuseMilestone(
      'milestone_frozen',
      detail,
      milestone.chargeback_id === null
        ? 'This milestone is disputed: nobody moves it until the dispute is decided, see GET /api/disputes.'
        : 'The bank of who paid for this milestone has taken the money back: nobody moves it until the bank has decided.',
    )
  if (!milestoneLife.moves[move].from.some((status) => status === milestone.status))
    throw refuseMilestone(
      'milestone_wrong_state',
      detail,
      milestone.status === milestoneLife.moves.deliver.to && move === 'ask_cancel'
        ? 'The milestone is delivered: release it, or dispute it with POST /api/disputes/create.'
        : `The milestone is ${milestone.status}: it cannot be ${done[move]}.`,
    )
  const isActive = row.status === contractLife.moves.activate.to
  if (move === 'approve' && isAwaiting(row)) {
    if (isOver(row)) throw refuseMilestone('contract_expired', detail)
  } else if (!isActive) {
    throw refuseMilestone(
      'contract_wrong_state',
      detail,
      `The contract is ${row.status}: milestones move while it is active. Before that, the contract as a whole can be cancelled.`,
    )
  }
  if (isMilestoneOver(milestone, row.now)) throw refuseMilestone('milestone_expired', detail)
}

/** Refuses what is for the other side to do, with a sentence. */
export function onlyFor(side: Side, found: Found, sentence: string): void {
  if (found.side !== side) throw refuseMilestone('not_your_side', found.detail, sentence)
}

type Moved = Body<(typeof milestonesApi)['endpoints']['deliver']>

/** The milestone and its contract as they are now, as its side sees them. */
export async function shownAfter(
  sql: Sql,
  { id }: Pick<ContractRow, 'id'>,
  milestoneId: string,
  viewer: string,
): Promise<Moved> {
  const contract = showContract((await readContract(sql, id))!, viewer)
  return { milestone: contract.milestones.find((one) => one.id === milestoneId)!, contract }
}

export const answered = async (sql: Sql, { row, milestone, viewer }: Found): Promise<Reply<Moved>> =>
  reply(200, await shownAfter(sql, row, milestone.id, viewer))

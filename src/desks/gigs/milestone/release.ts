import type { VerbOf } from '../../../base/endpoint.ts'
import { contractLife } from '../contract/contract.ts'
import { isFrozen, isMilestoneOver, milestoneLife } from '../contract/milestone.ts'
import type { milestonesApi } from './api.ts'
import { answered, type Found, lockMilestone, mayMove, onlyFor } from './guard.ts'
import { releaseMilestone } from './settle.ts'

const isReleased = ({ milestone }: Found): boolean =>
  milestoneLife.moves.release_again.from.some((status) => status === milestone.status)

/** Whether the client's days to accept it are over: it is paid for, even if that has not been written down yet. */
const isAccepted = ({ row, milestone }: Found): boolean =>
  row.status === contractLife.moves.activate.to &&
  milestoneLife.moves.accept_in_silence.from.some((status) => status === milestone.status) &&
  !isFrozen(milestone) &&
  isMilestoneOver(milestone, row.now)

/**
 * The client pays the worker for a milestone, whether it was delivered or not. Released before, by them or because their days were
 * over: answered as it is.
 */
export const release: VerbOf<(typeof milestonesApi)['endpoints']['release']> = async ({ sql, actor }, input) => {
  const found = await lockMilestone(sql, input, actor.userId)
  onlyFor('client', found, 'Only the client of this contract releases the money of its milestones.')
  if (isReleased(found)) return answered(sql, found)
  if (isAccepted(found)) {
    await releaseMilestone(sql, found.row, found.milestone, 'accept_in_silence')
    return answered(sql, found)
  }
  mayMove(found, 'release')
  await releaseMilestone(sql, found.row, found.milestone, 'release')
  return answered(sql, found)
}

import type { VerbOf } from '../../../base/endpoint.ts'
import type { milestonesApi } from './api.ts'
import { answered, lockMilestone, mayMove, onlyFor } from './guard.ts'
import { refundMilestone } from './settle.ts'

/** The worker gives the money of a milestone back: it goes where it came from. */
export const refund: VerbOf<(typeof milestonesApi)['endpoints']['refund']> = async ({ sql, actor }, input) => {
  const found = await lockMilestone(sql, input, actor.userId)
  onlyFor(
    'worker',
    found,
    'Only the worker of this contract gives the money back; as its client ask for it with POST …/cancel.',
  )
  mayMove(found, 'give_back')
  await refundMilestone(sql, found.row, found.milestone, 'give_back')
  return answered(sql, found)
}

import type { VerbOf } from '../../../base/endpoint.ts'
import { milestoneLife } from '../contract/milestone.ts'
import { type milestonesApi, refuseMilestone } from './api.ts'
import { completeIfDone } from './complete.ts'
import { answered, lockMilestone, mayMove } from './guard.ts'
import { tellMilestone } from './tell-milestone.ts'
import { closeMilestoneTurn } from './turns.ts'

const agree = `update milestone set status = ${milestoneLife.to('approve')}, approved_at = app_now(), due_at = null, updated_at = app_now()
  where id = $1 and status in (${milestoneLife.from('approve')})`

/** The side that has not proposed a milestone agrees to it: it waits to be funded, and its days for that begin when it can be. */
export const approve: VerbOf<(typeof milestonesApi)['endpoints']['approve']> = async ({ sql, actor }, input) => {
  const found = await lockMilestone(sql, input, actor.userId)
  const { row, milestone, side, detail } = found
  if (milestone.proposed_by === actor.userId)
    throw refuseMilestone('not_your_side', detail, 'You have proposed this milestone: the other side approves it.')
  mayMove(found, 'approve')
  await sql.rows(agree, [milestone.id])
  await closeMilestoneTurn(sql, row, milestone, [side, 'approve'], true)
  await tellMilestone(sql, milestone.id, 'milestone_approved')
  await completeIfDone(sql, row.id)
  return answered(sql, found)
}

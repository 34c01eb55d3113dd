import type { Sql } from '../../../base/db.ts'
import type { VerbOf } from '../../../base/endpoint.ts'
import { stopFunding } from '../../../core/payments/funding/stop.ts'
import { milestoneLife, refOf } from '../contract/milestone.ts'
import { timers } from '../timers.ts'
import type { milestonesApi } from './api.ts'
import { completeIfDone } from './complete.ts'
import { answered, type Found, lockMilestone, mayMove, onlyFor } from './guard.ts'
import { tellMilestone } from './tell-milestone.ts'
import { closeMilestoneTurn, openMilestoneTurn, voidMilestoneTurns } from './turns.ts'

const drop = `update milestone set status = ${milestoneLife.to('drop')}, due_at = null, ended_at = app_now(), updated_at = app_now()
  where id = $1 and status in (${milestoneLife.from('drop')})`

// It does not put off the day on which undelivered work goes back anyway. One look at the clock for both: by their distance the market
// knows later why the money went back.
const ask = `with clock as materialized (select app_now() as now)
  update milestone set cancel_asked_at = clock.now, due_at = least(due_at, clock.now + interval '${timers.cancelAsked}'), updated_at = clock.now
  from clock
  where id = $1 and status in (${milestoneLife.from('ask_cancel')}) returning to_json(due_at) as due_at`

/**
 * A milestone is called off: before it is funded by either side and at once; afterwards its client asks for the money back, and has it
 * in 72 hours unless the worker has answered. Asked before: stays as it is.
 */
export const cancel: VerbOf<(typeof milestonesApi)['endpoints']['cancel']> = async ({ sql, actor }, input) => {
  const found = await lockMilestone(sql, input, actor.userId)
  const isDroppable = milestoneLife.moves.drop.from.some((status) => status === found.milestone.status)
  await (isDroppable ? callOff(sql, found) : askBack(sql, found))
  return answered(sql, found)
}

async function callOff(sql: Sql, found: Found): Promise<void> {
  const { row, milestone, side } = found
  mayMove(found, 'drop')
  await sql.rows(drop, [milestone.id])
  await stopFunding(sql, refOf(milestone))
  for (const kind of ['approve', 'fund'] as const) await closeMilestoneTurn(sql, row, milestone, [side, kind], true)
  await voidMilestoneTurns(sql, milestone)
  await tellMilestone(sql, milestone.id, 'milestone_cancelled')
  await completeIfDone(sql, row.id)
}

async function askBack(sql: Sql, found: Found): Promise<void> {
  const { row, milestone } = found
  onlyFor('client', found, 'Its client asks for the money back; as its worker give it back with POST …/refund.')
  mayMove(found, 'ask_cancel')
  if (milestone.cancel_asked_at !== null) return
  const [asked] = await sql.rows<{ due_at: string }>(ask, [milestone.id])
  await openMilestoneTurn(sql, row, milestone, ['worker', 'cancel'], asked!.due_at)
  await tellMilestone(sql, milestone.id, 'cancel_asked')
}

import type { VerbOf } from '../../../base/endpoint.ts'
import { milestoneLife, milestoneLimits, refOf } from '../contract/milestone.ts'
import { timers } from '../timers.ts'
import { type milestonesApi, refuseMilestone } from './api.ts'
import { completeIfDone } from './complete.ts'
import { answered, lockMilestone, mayMove, onlyFor } from './guard.ts'
import { tellMilestone } from './tell-milestone.ts'
import { closeMilestoneTurn, openMilestoneTurn } from './turns.ts'

const handIn = `with clock as materialized (select app_now() as now)
  update milestone set status = ${milestoneLife.to('deliver')}, delivered_at = clock.now, due_at = clock.now + interval '${timers.acceptance}',
    delivery_note = $2, delivery_attachments = files_attach($3, $4, 'output', $5), cancel_asked_at = null, updated_at = clock.now
  from clock where id = $1 and status in (${milestoneLife.from('deliver')}) returning to_json(due_at) as due_at`

/** The worker hands the work in: the client has 14 days to say something, and a cancellation that was asked for is void. */
export const deliver: VerbOf<(typeof milestonesApi)['endpoints']['deliver']> = async (
  { sql, actor },
  { note = '', attachments = [], ...ids },
) => {
  const found = await lockMilestone(sql, ids, actor.userId)
  const { row, milestone, detail } = found
  onlyFor('worker', found, 'Only the worker of this contract delivers its milestones.')
  mayMove(found, 'deliver')
  if (note.length < milestoneLimits.noteMin && attachments.length === 0)
    throw refuseMilestone('delivery_missing', detail)
  const [handed] = await sql.rows<{ due_at: string }>(handIn, [
    milestone.id,
    note,
    actor.userId,
    refOf(milestone),
    attachments,
  ])
  await closeMilestoneTurn(sql, row, milestone, ['worker', 'cancel'], true)
  await openMilestoneTurn(sql, row, milestone, ['client', 'accept'], handed!.due_at)
  await tellMilestone(sql, milestone.id, 'milestone_delivered')
  await completeIfDone(sql, row.id)
  return answered(sql, found)
}

import { reply, type VerbOf } from '../../../base/endpoint.ts'
import { newId } from '../../../base/ids.ts'
import { lockOwnContract } from '../contract/lock-contract.ts'
import { milestoneLife, milestoneLimits } from '../contract/milestone.ts'
import { readContract } from '../contract/queries.ts'
import { isAwaiting, isOver, showContract, sideOf, takesMilestones } from '../contract/show-contract.ts'
import { timers } from '../timers.ts'
import { type milestonesApi, refuseMilestone } from './api.ts'
import { shownAfter } from './guard.ts'
import { tellMilestone } from './tell-milestone.ts'
import { openMilestoneTurn, otherSide } from './turns.ts'

const proposed = `'${milestoneLife.moves.approve.from[0]}'`

const insert = `insert into milestone (id, contract_id, position, title, amount_cents, status, proposed_by, due_date, due_at, created_at, updated_at)
  select $1::uuid, $2::uuid, 1 + max(position), $3, $4::bigint, ${proposed}, $5::uuid, $6::timestamptz, app_now() + interval '${timers.proposed}',
    app_now(), app_now() from milestone where contract_id = $2`

/** A side proposes one more milestone; the other one has 7 days to approve it. */
export const propose: VerbOf<(typeof milestonesApi)['endpoints']['propose']> = async (
  { sql, actor },
  { id, title, amount_cents: amount, due_at: due },
) => {
  const was = await lockOwnContract(sql, id, actor.userId, { negotiation: false })
  const detail = { contract_id: id, can: showContract(was, actor.userId).can }
  if (isAwaiting(was) && isOver(was)) throw refuseMilestone('contract_expired', detail)
  if (!takesMilestones(was))
    throw refuseMilestone(
      'contract_wrong_state',
      detail,
      `The contract is ${was.status}: milestones are proposed once both sides have approved it and until it ends.`,
    )
  if (was.milestones.length >= milestoneLimits.perContract) throw refuseMilestone('too_many_milestones', detail)
  const ahead = due === undefined ? null : Date.parse(due) - Date.parse(was.now)
  if (ahead !== null && (ahead <= 0 || ahead > milestoneLimits.dueDays * 86_400_000))
    throw refuseMilestone('due_at_out_of_range', detail)
  const milestoneId = newId()
  await sql.rows(insert, [milestoneId, id, title, amount, actor.userId, due])
  const row = (await readContract(sql, id))!
  const milestone = row.milestones.find((one) => one.id === milestoneId)!
  await openMilestoneTurn(sql, row, milestone, [otherSide(sideOf(row, actor.userId)), 'approve'], milestone.due_at)
  await tellMilestone(sql, milestoneId, 'milestone_proposed')
  return reply(201, await shownAfter(sql, row, milestoneId, actor.userId))
}

import { reply, type VerbOf } from '../../../base/endpoint.ts'
import { negotiationFalls } from '../negotiation/fall.ts'
import { type contractsApi, refuseContract } from './api.ts'
import { contractLife } from './contract.ts'
import { endMilestones } from './end-milestones.ts'
import { lockOwnContract } from './lock-contract.ts'
import { readContract } from './queries.ts'
import { fundedMilestone, isOver, showContract, sideOf } from './show-contract.ts'
import { tellContract } from './tell-contract.ts'
import { turnsOver } from './turns.ts'

const callOff = `update contract set status = ${contractLife.to('cancel')}, cancel_reason = $2, cancelled_by = $3, due_at = null,
    ended_at = app_now(), updated_at = app_now()
  where id = $1 and status in (${contractLife.from('cancel')}) returning id`

/**
 * A side wants the contract no more. Until it is active what is funded goes back where it came from; once it is active, it can be
 * cancelled only while no milestone is funded.
 */
export const cancel: VerbOf<(typeof contractsApi)['endpoints']['cancel']> = async ({ sql, actor }, { id, reason }) => {
  const was = await lockOwnContract(sql, id, actor.userId, { negotiation: true })
  const detail = { contract_id: id, can: showContract(was, actor.userId).can }
  if (isOver(was)) throw refuseContract('contract_expired', detail)
  const funded = was.status === contractLife.moves.activate.to ? fundedMilestone(was) : undefined
  if (funded)
    throw refuseContract(
      'milestone_funded',
      { ...detail, milestone_id: funded.id },
      `Milestone ${funded.position} (“${funded.title}”) is ${funded.status}: it has to be released or refunded before the contract can be cancelled.`,
    )
  const [off] = await sql.rows(callOff, [id, reason, actor.userId])
  if (!off) throw refuseContract('contract_wrong_state', detail)
  await endMilestones(sql, was, sideOf(was, actor.userId))
  await turnsOver(sql, was, sideOf(was, actor.userId))
  await negotiationFalls(sql, was.negotiation_id, 'contract_cancelled')
  await tellContract(sql, 'updated', id)
  return reply(200, showContract((await readContract(sql, id))!, actor.userId))
}

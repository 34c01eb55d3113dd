import { reply, type VerbOf } from '../../../base/endpoint.ts'
import { revisionsMax } from '../negotiation/negotiation.ts'
import { reopenNegotiation } from '../negotiation/reopen.ts'
import { type contractsApi, refuseContract } from './api.ts'
import { contractLife } from './contract.ts'
import { endMilestones } from './end-milestones.ts'
import { lockOwnContract } from './lock-contract.ts'
import { readContract } from './queries.ts'
import { isOver, showContract, sideOf } from './show-contract.ts'
import { tellContract } from './tell-contract.ts'
import { turnsOver } from './turns.ts'

const takeBack = `update contract set status = ${contractLife.to('revise')}, client_approved_at = null, worker_approved_at = null,
    revisions = revisions + 1, revise_notes = $2, due_at = null, updated_at = app_now()
  where id = $1 and status in (${contractLife.from('revise')}) and revisions < ${revisionsMax} returning id`

/**
 * A side wants other terms: what is funded goes back where it came from, nobody has approved any more, and the negotiation goes on
 * with one fresh round for each side. The contract keeps its id.
 */
export const revise: VerbOf<(typeof contractsApi)['endpoints']['revise']> = async ({ sql, actor }, { id, notes }) => {
  const was = await lockOwnContract(sql, id, actor.userId, { negotiation: true })
  const detail = { contract_id: id, can: showContract(was, actor.userId).can }
  if (isOver(was)) throw refuseContract('contract_expired', detail)
  const [taken] = await sql.rows(takeBack, [id, notes])
  if (!taken) {
    const isRevisable = contractLife.moves.revise.from.some((status) => status === was.status)
    throw refuseContract(isRevisable ? 'too_many_revisions' : 'contract_wrong_state', detail)
  }
  await endMilestones(sql, was, sideOf(was, actor.userId))
  await turnsOver(sql, was, sideOf(was, actor.userId))
  await reopenNegotiation(sql, was.negotiation_id, actor.userId, notes)
  await tellContract(sql, 'updated', id)
  return reply(200, showContract((await readContract(sql, id))!, actor.userId))
}

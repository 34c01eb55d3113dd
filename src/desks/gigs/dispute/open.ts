import type { Sql } from '../../../base/db.ts'
import { reply, type VerbOf } from '../../../base/endpoint.ts'
import { newId } from '../../../base/ids.ts'
import { sqlList } from '../../../base/states.ts'
import { contractLife } from '../contract/contract.ts'
import { lockOwnContract } from '../contract/lock-contract.ts'
import { type MilestoneRow, milestoneLife } from '../contract/milestone.ts'
import { type ContractRow, sideOf } from '../contract/show-contract.ts'
import { freezeMilestone } from '../milestone/settle.ts'
import { timers } from '../timers.ts'
import { type disputesApi, refuseDispute } from './api.ts'
import { disputeLife, disputeLimits, disputeStates, showDispute } from './dispute.ts'
import { addEvidence } from './evidence.ts'
import { readDispute } from './queries.ts'
import { tellDispute } from './tell-dispute.ts'
import { openAnswer } from './turn.ts'

type Create = (typeof disputesApi)['endpoints']['create']

const make = `insert into dispute (id, contract_id, milestone_id, disputing_party, opened_by, respondent_id, reason, status, was_delivered,
    response_deadline, due_at, arbitration_fee_cents, created_at, updated_at)
  select $1, $2, $3, $4, $5, $6, $7, '${disputeStates[0]}', $8, now + interval '${timers.response}',
    now + interval '${timers.response}' + interval '${timers.decision}', $9, now, now from (select app_now() as now) as clock`

const tooLate = `select 1 from milestone
  where id = $1 and (due_at <= app_now() or delivered_at + interval '${timers.dispute}' <= app_now())`

const undecided = `select count(*) as n from dispute where opened_by = $1 and status not in (${sqlList(disputeLife.ended)})`

/**
 * One side of a contract disputes a milestone that holds money: it is frozen, the other side has a day to answer, and the market
 * decides three days after that if nobody else has.
 */
export const open =
  (arbitrationFeeCents: number): VerbOf<Create> =>
  async ({ sql, actor: { userId } }, wish) => {
    // One at a time for a person, or two at once would both be the twentieth.
    await sql.rows(`select account_lock($1)`, [userId])
    const row = await lockOwnContract(sql, wish.contract_id, userId, { negotiation: false })
    const milestone = row.milestones.find(({ id }) => id === wish.milestone_id)
    if (!milestone) throw refuseDispute('milestone_not_found')
    const side = sideOf(row, userId)
    if (wish.disputing_party !== side)
      throw refuseDispute('not_your_party', {
        issues: [{ path: 'disputing_party', message: `must be ${side}: that is your side of this contract` }],
      })
    await mustBeDisputable(sql, row, milestone)
    const [open] = await sql.rows<{ n: number }>(undecided, [userId])
    if (open!.n >= disputeLimits.open) throw refuseDispute('too_many_disputes')
    const id = newId()
    const respondent = side === 'client' ? row.worker_id : row.client_id
    const wasDelivered = milestone.delivered_at !== null
    await sql.rows(make, [
      id,
      row.id,
      milestone.id,
      side,
      userId,
      respondent,
      wish.reason,
      wasDelivered,
      arbitrationFeeCents,
    ])
    await addEvidence(sql, { id }, userId, wish.evidence)
    if (!(await freezeMilestone(sql, row, milestone, side)))
      throw new Error(`milestone ${milestone.id} is ${milestone.status}: it could not be frozen`)
    await tellDispute(sql, id, 'opened')
    const dispute = (await readDispute(sql, id))!
    await openAnswer(sql, dispute)
    return reply(201, showDispute(dispute, userId))
  }

/** Whether this milestone can be disputed now; the contract is locked, so that it stays so. */
async function mustBeDisputable(sql: Sql, row: ContractRow, milestone: MilestoneRow): Promise<void> {
  const detail = { contract_id: row.id, milestone_id: milestone.id }
  if (milestone.was_disputed) throw refuseDispute('disputed_already', detail)
  if (milestone.amount_cents === 0) throw refuseDispute('nothing_at_stake', detail)
  if (!milestoneLife.moves.dispute.from.some((status) => status === milestone.status))
    throw refuseDispute(
      'milestone_not_disputable',
      detail,
      `This milestone is ${milestone.status}: only one that is funded or delivered can be disputed.`,
    )
  if (row.status !== contractLife.moves.activate.to)
    throw refuseDispute(
      'contract_not_active',
      detail,
      `The contract is ${row.status}: cancel it, and what is funded goes back (POST /api/contracts/${row.id}/cancel).`,
    )
  if (milestone.chargeback_id !== null) throw refuseDispute('milestone_with_bank', detail)
  const [late] = await sql.rows(tooLate, [milestone.id])
  if (late) throw refuseDispute('dispute_too_late', detail)
}

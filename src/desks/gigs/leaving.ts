import type { Sql } from '../../base/db.ts'
import { sqlList } from '../../base/states.ts'
import { type Affair, affairsShown, type Leaving } from '../../core/accounts/leaving.ts'
import { tell } from '../../core/events/write.ts'
import { type ContractStatus, contractLife } from './contract/contract.ts'
import { type MilestoneStatus, milestoneLife } from './contract/milestone.ts'
import type { DisputeStatus } from './dispute/dispute.ts'
import { applicationLife } from './gig/application.ts'
import { gigLife } from './gig/gig.ts'
import { make, move, turn } from './negotiation/change.ts'
import { negotiationLife } from './negotiation/negotiation.ts'
import { reviewLife } from './review/review.ts'

const live = `status not in (${sqlList(contractLife.ended)})`

const openContracts = `select id, status from (
    select id, status, created_at from contract where client_id = $1 and ${live}
    union select id, status, created_at from contract where worker_id = $1 and ${live}
  ) as open order by created_at limit ${affairsShown}`

/** What a milestone holds is in flight whatever has become of its contract; without money it ends with it. */
const openMilestones = `select m.id, m.status, m.contract_id from milestone m join (
    select id from contract where client_id = $1 union select id from contract where worker_id = $1
  ) as own on own.id = m.contract_id
  where m.ended_at is null and m.status not in (${milestoneLife.from('end_with_contract')})
  order by m.created_at limit ${affairsShown}`

const openDisputes = `select id, status from (
    select id, status, created_at from dispute where opened_by = $1 and due_at is not null
    union select id, status, created_at from dispute where respondent_id = $1 and due_at is not null
  ) as open order by created_at limit ${affairsShown}`

async function affairs(sql: Sql, user: string): Promise<Affair[]> {
  const contracts = await sql.rows<{ id: string; status: ContractStatus }>(openContracts, [user])
  const milestones = await sql.rows<{ id: string; status: MilestoneStatus; contract_id: string }>(openMilestones, [
    user,
  ])
  const disputes = await sql.rows<{ id: string; status: DisputeStatus }>(openDisputes, [user])
  return [
    ...contracts.map(
      ({ id, status }): Affair => ({
        kind: 'contract',
        id,
        sentence: `Contract ${id} is ${status}: bring it to its end, or cancel it with POST /api/contracts/${id}/cancel.`,
      }),
    ),
    ...milestones.map(
      ({ id, status, contract_id: contract }): Affair => ({
        kind: 'milestone',
        id,
        sentence: `Milestone ${id} of contract ${contract} is ${status} and holds money or work: it has to be released or refunded first.`,
      }),
    ),
    ...disputes.map(
      ({ id, status }): Affair => ({
        kind: 'dispute',
        id,
        sentence: `Dispute ${id} is ${status}: it has to be resolved first, by an operator or, at its deadline_at, by the market.`,
      }),
    ),
  ]
}

// The order of locks at this desk: gig, application, negotiation.
const closeGigs = `with closing as materialized (
  select id, status from gig where owner_id = $1 and (status in (${gigLife.from('close')}) or title <> 'Deleted gig') order by id for update
), moved as (
  update gig set status = ${gigLife.to('close')}, title = 'Deleted gig', description = '', scope = '', skills = '{}', updated_at = app_now()
  from closing where gig.id = closing.id returning gig.id, owner_id, closing.status as was
), told as (
  ${tell({
    name: `'gig.updated'`,
    ref: `'gig:' || id`,
    parties: ['owner_id'],
    data: `json_build_object('gig_id', id, 'status', ${gigLife.to('close')})`,
    from: `moved where was in (${gigLife.from('close')})`,
  })}
) select id from moved`

const withdrawApplications = `with leaving as materialized (
  select id, status from application where worker_id = $1 and (status in (${applicationLife.from('leave')}) or message <> '') order by id for update
), moved as (
  update application a set message = '', updated_at = app_now(),
    status = case when leaving.status in (${applicationLife.from('leave')}) then ${applicationLife.to('leave')} else a.status end
  from leaving where a.id = leaving.id returning a.id, a.gig_id, a.worker_id, a.status, leaving.status as was
), told as (
  ${tell({
    name: `'gig.application.updated'`,
    ref: `'application:' || moved.id`,
    parties: ['owner_id', 'worker_id'],
    data: `json_build_object('application_id', moved.id, 'gig_id', gig_id, 'status', moved.status)`,
    from: `moved join gig on gig.id = gig_id where was in (${applicationLife.from('leave')})`,
  })}
) select id from moved`

// One with a contract under revision is not theirs alone to end: the contract keeps them.
const liveNegotiations = `select id from negotiation n where id in (
    select id from negotiation where client_id = $1 and state in (${negotiationLife.from('decline')})
    union all select id from negotiation where worker_id = $1 and state in (${negotiationLife.from('decline')}))
  and not exists (select from contract c where c.negotiation_id = n.id and c.${live})
  and state in (${negotiationLife.from('decline')}) order by id for update of n`

const declineText = move(`state = ${negotiationLife.to('decline')}, due_at = null`, negotiationLife.from('decline'))

/** Declines in their name, which counts as an answer; the other side's turn is nobody's. */
async function declineNegotiations(sql: Sql, user: string): Promise<void> {
  for (const { id } of await sql.rows<{ id: string }>(liveNegotiations, [user])) {
    await make(sql, declineText, id, user, 'declined', { reason: 'account_deleted' })
    await turn.answer(sql, id, user)
    await turn.end(sql, id)
  }
}

const forgetContacts = `delete from contact_share where user_id = $1 and negotiation_id in (
  select id from negotiation where client_id = $1 union all select id from negotiation where worker_id = $1)`

// What kind of contact it was is said in their own words.
const forgetKinds = `update negotiation_audit set data = '{}' where actor = $1 and event = 'contact_shared' and data::text <> '{}' and negotiation_id in (
  select id from negotiation where client_id = $1 union all select id from negotiation where worker_id = $1)`

// What was not published may hold what nobody was to read; the stars stay.
const forgetReviews = `update review set review_text = '' where reviewer_id = $1 and status <> ${reviewLife.to('publish')} and review_text <> ''`

/**
 * What keeps somebody at the gigs desk: contracts that live, milestones that hold something. Gigs close, applications are withdrawn,
 * negotiations declined; what a contract says is the other party's record too and stays.
 */
export const gigsLeaving: Leaving = {
  affairs,
  async leave(sql, user) {
    for (const statement of [closeGigs, withdrawApplications]) await sql.rows(statement, [user])
    await declineNegotiations(sql, user)
    for (const statement of [forgetContacts, forgetKinds, forgetReviews]) await sql.rows(statement, [user])
  },
}

import type { Sql } from '../../../base/db.ts'
import { newId } from '../../../base/ids.ts'
import { timers } from '../timers.ts'
import { contractLife } from './contract.ts'
import { milestoneLife } from './milestone.ts'
import { tellContract } from './tell-contract.ts'

// The negotiation's row is locked by whoever agrees; a contract of it that has ended leads nowhere any more.
const draw = `insert into contract as c (id, negotiation_id, gig_id, client_id, worker_id, title, description, scope, rate_cents, hours_per_week,
    start_date, payout_delay_days, status, due_at, created_at, updated_at)
  select $1::uuid, n.id, n.gig_id, n.client_id, n.worker_id, gig.title, gig.description, gig.scope, n.rate_cents, n.hours_per_week,
    n.start_date, n.payout_delay_days, ${contractLife.to('agree_again')}, app_now() + interval '${timers.approval}', app_now(), app_now()
  from negotiation n join gig on gig.id = n.gig_id where n.id = $2
  on conflict (negotiation_id) do update set title = excluded.title, description = excluded.description, scope = excluded.scope,
    rate_cents = excluded.rate_cents, hours_per_week = excluded.hours_per_week, start_date = excluded.start_date,
    payout_delay_days = excluded.payout_delay_days, status = excluded.status, due_at = excluded.due_at, updated_at = excluded.updated_at
    where c.status in (${contractLife.from('agree_again')})
  returning id`

const addMilestone = `insert into milestone (id, contract_id, position, title, amount_cents, status, created_at, updated_at)
  select $2::uuid, c.id, 1 + coalesce((select max(position) from milestone where contract_id = c.id), 0), c.title, c.rate_cents * c.hours_per_week,
    '${milestoneLife.moves.fund.from[0]}', app_now(), app_now() from contract c where c.id = $1`

const openTurn = `select turn_open(case client_id when $2::uuid then worker_id else client_id end, $2::uuid, 'contract:' || id, 'approve',
    rate_cents * hours_per_week, due_at) from contract where id = $1`

/**
 * Two sides have agreed on terms: the contract over them, with what the gig says copied into it and one milestone of rate times
 * hours. After a revision the same contract with the new terms and a fresh milestone. Both sides have 7 days to approve it, and it
 * is the turn of the one who has not agreed. Runs in the caller's transaction, which has locked the negotiation; answers the
 * contract's id.
 */
export async function openContract(sql: Sql, negotiationId: string, byUserId: string): Promise<string> {
  const made = newId()
  const [contract] = await sql.rows<{ id: string }>(draw, [made, negotiationId])
  if (!contract) throw new Error(`negotiation ${negotiationId} is over: its contract cannot be drawn up again`)
  await sql.rows(addMilestone, [contract.id, newId()])
  await sql.rows(openTurn, [contract.id, byUserId])
  await tellContract(sql, contract.id === made ? 'created' : 'updated', contract.id)
  return contract.id
}

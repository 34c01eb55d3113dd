import type { Database, Sql } from '../../../base/db.ts'
import { sqlList } from '../../../base/states.ts'
import { dueMilestones, dueReminders, lapseMilestones, remindOfMilestones } from '../milestone/lapse.ts'
import { negotiationFalls } from '../negotiation/fall.ts'
import { batch, makeTurnsOf } from '../turns-of-clock.ts'
import { awaiting, contractLife } from './contract.ts'
import { endMilestones } from './end-milestones.ts'
import { judgeAgain } from './follow-accounts.ts'
import { lockContract } from './lock-contract.ts'
import { isOver } from './show-contract.ts'
import { tellContract } from './tell-contract.ts'
import { turnsMissed } from './turns.ts'

const due = `select id from contract where status in (${contractLife.from('lapse')}) and due_at <= app_now() and id > $1 order by id limit ${batch}`

// Whether the worker can be paid and whether it says so: those whose message was lost, or came while they were being approved.
const unfollowed = `select c.id from contract c join app_user w on w.id = c.worker_id
  where c.status in (${sqlList(awaiting)}) and c.due_at > app_now() and c.rate_cents * c.hours_per_week > 0
    and case when w.stripe_account_status = 'active' then c.status in (${contractLife.from('account_ready')})
      else c.status in (${contractLife.from('account_lost')}) end and c.id > $1
  order by c.id limit ${batch}`

const lapse = `update contract set status = ${contractLife.to('lapse')}, due_at = null, ended_at = app_now(), updated_at = app_now()
  where id = $1 and status in (${contractLife.from('lapse')}) and due_at <= app_now() returning id`

/** A contract that was not approved or not active in time is void: what was funded goes back, and each missed turn counts. */
async function expire(sql: Sql, contractId: string): Promise<boolean> {
  const was = await lockContract(sql, contractId, { negotiation: true })
  if (!was || !isOver(was)) return false
  const [lapsed] = await sql.rows(lapse, [contractId])
  if (!lapsed) return false
  await endMilestones(sql, was, null)
  await turnsMissed(sql, was)
  await negotiationFalls(sql, was.negotiation_id, 'contract_expired')
  await tellContract(sql, 'updated', contractId)
  return true
}

const sweeps = [
  { find: due, move: expire },
  { find: unfollowed, move: judgeAgain },
  { find: dueMilestones(batch), move: lapseMilestones },
  { find: dueReminders(batch), move: remindOfMilestones },
]

/** Makes the turns of the clock that are due on contracts and their milestones. */
export const sweepContracts = (db: Database): Promise<number> => makeTurnsOf('contracts', sweeps, db)

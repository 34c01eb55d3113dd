import type { Sql } from '../../../base/db.ts'
import { sqlList } from '../../../base/states.ts'
import type { PaymentDisputed } from '../../../core/payments/funding/desk.ts'
import { holdsMoney, milestoneIdOf } from '../contract/milestone.ts'
import { readContract } from '../contract/queries.ts'
import { disputeGoesOn } from '../dispute/close.ts'
import { lapseMilestones } from './lapse.ts'
import { loseToBank } from './settle.ts'
import { tellMilestone } from './tell-milestone.ts'

const held = sqlList(holdsMoney)

const freezing = `update milestone set chargeback_id = $2, frozen_at = app_now(), updated_at = app_now()
  where id = $1 and status in (${held}) and chargeback_id is null returning id`

const passing = `update milestone set chargeback_id = $3, updated_at = app_now() where id = $1 and chargeback_id = $2`

// What was left of its time then is left of it now; the work is due as much later, unless it is there.
const thawing = `with was as materialized (
  select id, app_now() - coalesce(frozen_at, app_now()) as lost from milestone where id = $1 and chargeback_id = $2
) update milestone m set chargeback_id = null, frozen_at = null, due_at = m.due_at + lost,
    due_date = case when m.delivered_at is null then m.due_date + lost else m.due_date end, updated_at = app_now()
  from was where m.id = was.id returning extract(epoch from lost)::float8 as seconds`

/** The bank has given the money back: the milestone goes on where it was, unless another dispute over the same payment is open. */
async function goOn(sql: Sql, id: string, disputeId: string, otherId: string | null): Promise<void> {
  if (otherId !== null) return void (await sql.rows(passing, [id, disputeId, otherId]))
  const [thawed] = await sql.rows<{ seconds: number }>(thawing, [id, disputeId])
  if (!thawed) return
  await disputeGoesOn(sql, id, thawed.seconds)
  await tellMilestone(sql, id, 'milestone_thawed')
}

/**
 * The payer's bank has taken back what a milestone was funded with: nobody moves it and no timer runs until the bank has decided. Given
 * back, it goes on with the time it had left; kept, it is over, and what is still held goes back to its client. Of a milestone that has
 * ended nothing changes. Answers whether it is there to take back what was won.
 */
export const paymentDisputed: PaymentDisputed = async (sql, { ref, disputeId, otherId, status }) => {
  const id = milestoneIdOf(ref)
  const [known] = await sql.rows<{ contract_id: string }>(`select contract_id from milestone where id = $1`, [id])
  if (!id || !known) return false
  // Whatever the clock has done to it is done: released before the bank came, its money waits for the worker.
  await lapseMilestones(sql, known.contract_id)
  const { milestones } = (await readContract(sql, known.contract_id))!
  const isThere = holdsMoney.includes(milestones.find((one) => one.id === id)!.status)
  if (!isThere) return false
  if (status === 'won') await goOn(sql, id, disputeId, otherId)
  else if (status === 'lost') await loseToBank(sql, known.contract_id, id)
  else if ((await sql.rows(freezing, [id, disputeId])).length > 0) await tellMilestone(sql, id, 'milestone_frozen')
  return true
}

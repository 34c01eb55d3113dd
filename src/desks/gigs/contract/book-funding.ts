import type { Sql } from '../../../base/db.ts'
import { tell } from '../../../core/events/write.ts'
import { beginWork } from '../milestone/begin-work.ts'
import { closeMilestoneTurn } from '../milestone/turns.ts'
import { timers } from '../timers.ts'
import { contractLife } from './contract.ts'
import { type MilestoneRow, milestoneLife } from './milestone.ts'
import { readContract } from './queries.ts'
import type { ContractRow } from './show-contract.ts'
import { settleStanding } from './standing.ts'

// The work is due 30 days after the money is there and the work may begin, and overdue a fortnight later. A day that was named and has
// passed before the money came is none.
const book = `with clock as materialized (select app_now() as now), funded as (
  update milestone m set status = ${milestoneLife.to('fund')}, source = $2, fee_percent = $3::integer, fee_cents = ledger_fee(m.amount_cents, $3::integer, 0), funded_at = clock.now,
    due_date = due.at, due_at = due.at + interval '${timers.overdue}', updated_at = clock.now
  from contract c, clock, lateral (
    select coalesce((select due_date from milestone where id = $1 and due_date > clock.now),
      greatest(clock.now, c.start_date::timestamp at time zone 'UTC') + interval '${timers.delivery}') as at
  ) as due
  where m.id = $1 and c.id = m.contract_id and m.status in (${milestoneLife.from('fund')})
  returning m.id, m.contract_id, m.position, m.amount_cents, m.status, m.source, c.client_id, c.worker_id, c.gig_id, c.negotiation_id
), told as (
  ${tell({
    name: `'contract.milestone.funded'`,
    ref: `'contract:' || contract_id`,
    parties: ['client_id', 'worker_id'],
    data: `json_build_object('contract_id', contract_id, 'milestone_id', id, 'gig_id', gig_id, 'negotiation_id', negotiation_id,
      'position', position, 'amount_cents', amount_cents, 'source', source, 'status', status)`,
    from: 'funded',
  })}
) select id from funded`

/**
 * The money of a milestone is in its escrow, or comes there in the same transaction: it is funded, its fee fixed, and its contract
 * goes on. The caller has locked both; answers the contract as it is then.
 */
export async function bookFunding(sql: Sql, { row, milestone, source, feePercent }: Funded): Promise<ContractRow> {
  const [booked] = await sql.rows(book, [milestone.id, source, feePercent])
  if (!booked) throw new Error(`milestone ${milestone.id} is ${milestone.status}: it cannot be funded`)
  await closeMilestoneTurn(sql, row, milestone, ['client', 'fund'], true)
  const now = { ...(await readContract(sql, row.id))!, now: row.now }
  // The first one brings its contract on, and its worker's turn begins when it is active.
  if (now.status === contractLife.moves.activate.to) await beginWork(sql, now, milestone.id)
  return settleStanding(sql, now)
}

export interface Funded {
  /** The contract as it was locked: it was in time then. */
  readonly row: ContractRow
  readonly milestone: MilestoneRow
  /** Null at $0. */
  readonly source: 'card' | 'wallet' | null
  readonly feePercent: number
}

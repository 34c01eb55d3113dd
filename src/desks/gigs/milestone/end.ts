import type { Sql } from '../../../base/db.ts'
import { giveBack } from '../../../core/payments/funding/give-back.ts'
import { startPayout } from '../../../core/payments/payouts/start.ts'
import { type MilestoneRow, milestoneLife, refOf } from '../contract/milestone.ts'
import type { ContractRow } from '../contract/show-contract.ts'
import type { Split } from './split.ts'

type Ending =
  | 'release'
  | 'accept_in_silence'
  | 'give_back'
  | 'cancel_in_silence'
  | 'overdue'
  | 'repay_with_contract'
  | 'award'
  | 'award_nothing'
  | 'charged_back'

const ending = (move: Ending): string =>
  `update milestone set status = ${milestoneLife.to(move)}, due_at = null, ended_at = app_now(), updated_at = app_now(),
     chargeback_id = null, frozen_at = null, released_cents = $2, fee_cents = $3, arbitration_cents = $4, refunded_cents = $5
   where id = $1 and status in (${milestoneLife.from(move)}) returning id`

const endings: Readonly<Record<Ending, string>> = {
  release: ending('release'),
  accept_in_silence: ending('accept_in_silence'),
  give_back: ending('give_back'),
  cancel_in_silence: ending('cancel_in_silence'),
  overdue: ending('overdue'),
  repay_with_contract: ending('repay_with_contract'),
  award: ending('award'),
  award_nothing: ending('award_nothing'),
  charged_back: ending('charged_back'),
}

/** Writes down how a milestone has ended and where its money went. */
async function endAs(sql: Sql, move: Ending, milestone: MilestoneRow, split: Split): Promise<void> {
  const [ended] = await sql.rows(endings[move], [
    milestone.id,
    split.released,
    split.fee,
    split.arbitration,
    split.refunded,
  ])
  if (!ended) throw new Error(`milestone ${milestone.id} is ${milestone.status}: ${move} does not end it`)
}

const divide = `select ledger_post($1, $2, $2, 'USD', array_fill('escrow:' || $2::text, array[3]),
  array['pending:' || $3::text, 'platform:fees', 'platform:arbitration'], array[$4::bigint, $5::bigint, $6::bigint]) as outcome`

/**
 * Ends a milestone and sends its money where it belongs: the worker's part to what waits to be paid out, the fees to the market, the
 * rest back where it came from. For nothing, nothing moves. The caller has locked contract and milestones; what follows from it
 * (turns, news, the contract's own end) is the caller's.
 */
export async function endPaid(
  sql: Sql,
  row: ContractRow,
  milestone: MilestoneRow,
  {
    move,
    split,
  }: { readonly move: 'release' | 'accept_in_silence' | 'award' | 'award_nothing'; readonly split: Split },
): Promise<void> {
  const ref = refOf(milestone)
  await endAs(sql, move, milestone, split)
  if (milestone.amount_cents === 0) return
  const kind = move === 'award' || move === 'award_nothing' ? 'award' : 'release'
  const [posted] = await sql.rows<{ outcome: string }>(divide, [
    kind,
    ref,
    row.worker_id,
    split.released,
    split.fee,
    split.arbitration,
  ])
  if (posted!.outcome !== 'posted') throw new Error(`${ref} could not be paid: ${posted!.outcome}`)
  if (split.refunded > 0) {
    const back = await giveBack(sql, {
      ref,
      user: row.client_id,
      source: milestone.source!,
      amount: split.refunded,
    })
    if (back !== split.refunded) throw new Error(`${ref} held ${back} cents instead of ${split.refunded}`)
  }
  if (split.released > 0)
    await startPayout(sql, { ref, user: row.worker_id, amount: split.released, days: row.payout_delay_days })
}

/** Ends a milestone and gives back all that it holds, the way it came. Never more than a bank has left of it. */
export async function endUnpaid(
  sql: Sql,
  row: ContractRow,
  milestone: MilestoneRow,
  move: 'give_back' | 'cancel_in_silence' | 'overdue' | 'repay_with_contract' | 'charged_back',
): Promise<void> {
  const { amount_cents: amount, source } = milestone
  const refunded =
    amount === 0 ? 0 : await giveBack(sql, { ref: refOf(milestone), user: row.client_id, source: source!, amount })
  await endAs(sql, move, milestone, { released: 0, fee: 0, arbitration: 0, refunded })
}

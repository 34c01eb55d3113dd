import type { Sql } from '../../../base/db.ts'
import { lockContract } from '../contract/lock-contract.ts'
import { type MilestoneRow, milestoneLife } from '../contract/milestone.ts'
import type { ContractRow, Side } from '../contract/show-contract.ts'
import { disputeEndsByBank } from '../dispute/close.ts'
import { timers } from '../timers.ts'
import { completeIfDone } from './complete.ts'
import { endPaid, endUnpaid } from './end.ts'
import { splitOf, workersPart } from './split.ts'
import { tellMilestone, tellReleased } from './tell-milestone.ts'
import { closeMilestoneTurn, openMilestoneTurn, voidMilestoneTurns } from './turns.ts'

/**
 * The worker is paid for a milestone, less the market's fee as it was fixed: by the client, or because the client has said nothing.
 * Every door here runs in the caller's transaction, which has locked contract and milestones.
 */
export async function releaseMilestone(
  sql: Sql,
  row: ContractRow,
  milestone: MilestoneRow,
  move: 'release' | 'accept_in_silence',
): Promise<void> {
  const fee = milestone.fee_cents!
  const split = { released: milestone.amount_cents - fee, fee, arbitration: 0, refunded: 0 }
  await endPaid(sql, row, milestone, { move, split })
  await closeMilestoneTurn(sql, row, milestone, ['client', 'accept'], move === 'release')
  await closeMilestoneTurn(sql, row, milestone, ['worker', 'deliver'], true)
  await voidMilestoneTurns(sql, milestone)
  await tellReleased(sql, milestone.id, move === 'release' ? 'released' : 'accepted_in_silence')
  await completeIfDone(sql, row.id)
}

const why = {
  give_back: 'milestone_refunded',
  cancel_in_silence: 'milestone_cancelled',
  overdue: 'milestone_overdue',
} as const

/**
 * The money of a milestone goes back where it came from: the worker has given it back, has said nothing to a cancellation that was
 * asked for, or has not delivered in time.
 */
export async function refundMilestone(
  sql: Sql,
  row: ContractRow,
  milestone: MilestoneRow,
  move: keyof typeof why,
): Promise<void> {
  await endUnpaid(sql, row, milestone, move)
  // Asked to let it go, the worker owes an answer to that and no longer the work.
  const owed = milestone.cancel_asked_at !== null && move !== 'overdue' ? 'cancel' : 'deliver'
  await closeMilestoneTurn(sql, row, milestone, ['worker', owed], move === 'give_back' && owed === 'cancel')
  await voidMilestoneTurns(sql, milestone)
  await tellMilestone(sql, milestone.id, why[move])
  await completeIfDone(sql, row.id)
}

async function locked(sql: Sql, contractId: string, milestoneId: string): Promise<[ContractRow, MilestoneRow]> {
  const row = await lockContract(sql, contractId, { negotiation: false })
  const milestone = row?.milestones.find(({ id }) => id === milestoneId)
  if (!row || !milestone) throw new Error(`contract ${contractId} has no milestone ${milestoneId}`)
  return [row, milestone]
}

const freezing = `update milestone set status = ${milestoneLife.to('dispute')}, due_at = null, updated_at = app_now()
  where id = $1 and status in (${milestoneLife.from('dispute')}) and chargeback_id is null returning id`

/**
 * A milestone is disputed by one side: until it is decided nothing and nobody moves it. Answers false when it is in no state to be
 * disputed, or frozen by a bank; whether its timer has run out and how long ago it was delivered is the caller's to judge.
 */
export async function freezeMilestone(sql: Sql, row: ContractRow, milestone: MilestoneRow, by: Side): Promise<boolean> {
  const [frozen] = await sql.rows(freezing, [milestone.id])
  if (!frozen) return false
  await closeMilestoneTurn(sql, row, milestone, by === 'client' ? ['client', 'accept'] : ['worker', 'cancel'], true)
  await tellMilestone(sql, milestone.id, 'milestone_frozen')
  return true
}

export interface Award {
  /** 0 to 100, a whole number. */
  readonly workerShare: number
  readonly arbitrationFeeCents: number
  /** Who has decided. */
  readonly by: 'operator' | 'recommendation' | 'rules' | 'bank'
}

/** Where the money of a disputed milestone went, in cents. */
export interface Awarded {
  readonly worker_cents: number
  readonly fee_cents: number
  readonly arbitration_cents: number
  readonly refunded_cents: number
}

/**
 * A disputed milestone is divided as it was decided: released when the worker gets a part, refunded when nothing. Locks contract and
 * milestones itself if the caller has not. Answers where the money went. One that a bank has frozen waits for the bank: an error.
 */
export async function award(
  sql: Sql,
  contractId: string,
  milestoneId: string,
  { workerShare, arbitrationFeeCents: arbitrationFee }: Award,
): Promise<Awarded> {
  const [row, milestone] = await locked(sql, contractId, milestoneId)
  if (milestone.chargeback_id !== null) throw new Error(`milestone ${milestoneId} waits for its payer's bank`)
  const { amount_cents: amount, fee_percent: feePercent } = milestone
  const split = splitOf({ amount, workerShare, feePercent: feePercent!, arbitrationFee })
  const isPaid = workersPart({ amount, workerShare }) > 0
  await endPaid(sql, row, milestone, { move: isPaid ? 'award' : 'award_nothing', split })
  await closeMilestoneTurn(sql, row, milestone, ['worker', 'deliver'], isPaid)
  await voidMilestoneTurns(sql, milestone)
  if (isPaid) await tellReleased(sql, milestoneId, 'awarded')
  else await tellMilestone(sql, milestoneId, 'milestone_refunded')
  await completeIfDone(sql, contractId)
  return {
    worker_cents: split.released,
    fee_cents: split.fee,
    arbitration_cents: split.arbitration,
    refunded_cents: split.refunded,
  }
}

const thawing = `update milestone set status = ${milestoneLife.to('thaw')}, due_at = delivered_at + interval '${timers.acceptance}', updated_at = app_now()
  where id = $1 and status in (${milestoneLife.from('thaw')}) and delivered_at is not null
  returning to_json(due_at) as due_at, due_at <= app_now() as is_over`

/**
 * A dispute over delivered work has decided nothing: it goes on as if there had been none. The client's days to accept it were
 * counted from the delivery all the time: if they are over, the worker is paid at once.
 */
export async function thaw(sql: Sql, contractId: string, milestoneId: string): Promise<void> {
  const [row, milestone] = await locked(sql, contractId, milestoneId)
  const [thawed] = await sql.rows<{ due_at: string; is_over: boolean }>(thawing, [milestoneId])
  if (!thawed) throw new Error(`milestone ${milestoneId} is ${milestone.status}: there is nothing to thaw`)
  await tellMilestone(sql, milestoneId, 'milestone_thawed')
  if (thawed.is_over) await releaseMilestone(sql, row, milestone, 'accept_in_silence')
  else await openMilestoneTurn(sql, row, milestone, ['client', 'accept'], thawed.due_at)
}

/** A bank has taken the money of a milestone and keeps it: it is over, and what is still held goes back to its client. */
export async function loseToBank(sql: Sql, contractId: string, milestoneId: string): Promise<void> {
  const [row, milestone] = await locked(sql, contractId, milestoneId)
  await endUnpaid(sql, row, milestone, 'charged_back')
  await disputeEndsByBank(sql, milestoneId)
  await voidMilestoneTurns(sql, milestone)
  await tellMilestone(sql, milestoneId, 'milestone_charged_back')
  await completeIfDone(sql, contractId)
}

import type { Sql } from '../../../base/db.ts'
import { type Actor, type Body, reply, type VerbOf } from '../../../base/endpoint.ts'
import { type FundingNeeds, type FundingOrder, startFunding } from '../../../core/payments/funding/start.ts'
import { stopFunding } from '../../../core/payments/funding/stop.ts'
import { type contractsApi, refuseContract } from './api.ts'
import { bookFunding } from './book-funding.ts'
import { lockOwnContract } from './lock-contract.ts'
import { blockerOf, isMilestoneOver, type MilestoneRow, milestoneLife, refOf } from './milestone.ts'
import { type ContractRow, isAwaiting, isOver, showContract, takesMoney } from './show-contract.ts'

type Fund = (typeof contractsApi)['endpoints']['fund']

export interface FundNeeds extends FundingNeeds {
  /** What the market keeps of a milestone; fixed when it is funded. */
  readonly feePercent: number
  readonly topupUrl: string
}

interface Wish {
  readonly id: string
  readonly milestone_id: string
  readonly source: 'card' | 'wallet'
}

/**
 * The client funds a milestone. From the wallet, and at $0, it is done at once, in one transaction. By card the answer is the one
 * payment that is open for it; what has been paid is booked when the provider says so. Funded before: answered as it is.
 */
export const fund =
  (needs: FundNeeds): VerbOf<Fund> =>
  async ({ actor }, wish) => {
    const { row, order } = await needs.db.transaction((sql) => decide(sql, actor, wish, needs))
    if (!order) return reply(200, funding(row, wish, actor))
    const payment = await startFunding(needs, order)
    // The milestone may have been funded otherwise, or its contract have ended, while the provider was asked.
    const now = await needs.db.transaction((sql) => stillWanted(sql, actor, wish, order))
    if ('refused' in now) throw now.refused
    return reply(200, { ...funding(now.row, wish, actor), ...payment })
  }

function funding(row: ContractRow, { milestone_id: id }: Wish, { userId }: Actor): Body<Fund> {
  const contract = showContract(row, userId)
  const milestone = contract.milestones.find((one) => one.id === id)!
  // Secrets come last: so a replay, to which they are put back, has the same bytes.
  return { payment_intent_id: null, milestone, contract, client_secret: null }
}

const isFunded = ({ status }: MilestoneRow): boolean =>
  milestoneLife.moves.fund_again.from.some((funded) => funded === status)

/** Why a milestone cannot be funded now; null when it can. */
function refusalOf(row: ContractRow, milestone: MilestoneRow, viewer: string): Error | null {
  const detail = { contract_id: row.id, milestone_id: milestone.id, can: showContract(row, viewer).can }
  if (isAwaiting(row) && isOver(row)) return refuseContract('contract_expired', detail)
  if (!takesMoney(row))
    return refuseContract(
      'contract_wrong_state',
      detail,
      `The contract is ${row.status}: milestones are funded once both sides have approved it.`,
    )
  if (!milestoneLife.moves.fund.from.some((status) => status === milestone.status))
    return refuseContract('milestone_wrong_state', detail, `The milestone is ${milestone.status}: it cannot be funded.`)
  if (isMilestoneOver(milestone, row.now)) return refuseContract('milestone_expired', detail)
  const blocker = blockerOf(milestone, row.milestones)
  if (blocker)
    return refuseContract(
      'milestone_out_of_order',
      detail,
      `Milestone ${blocker.position} (“${blocker.title}”) is ${blocker.status}: it has to be delivered before this one can be funded.`,
    )
  return null
}

async function decide(
  sql: Sql,
  actor: Actor,
  { id, milestone_id: milestoneId, source }: Wish,
  { feePercent, topupUrl, appUrl }: FundNeeds,
): Promise<{ row: ContractRow; order?: FundingOrder }> {
  const row = await lockOwnContract(sql, id, actor.userId, { negotiation: false })
  const milestone = row.milestones.find((one) => one.id === milestoneId)
  if (!milestone) throw refuseContract('milestone_not_found', { contract_id: id })
  if (row.client_id !== actor.userId)
    throw refuseContract('not_your_side', { contract_id: id }, 'Only the client of this contract funds its milestones.')
  const amount = milestone.amount_cents
  if (amount > 0 && !actor.scopes.has('wallet:spend')) throw refuseContract('scope_missing', { scope: 'wallet:spend' })
  if (isFunded(milestone)) return { row }
  const refusal = refusalOf(row, milestone, actor.userId)
  if (refusal) throw refusal
  if (amount === 0) return { row: await bookFunding(sql, { row, milestone, source: null, feePercent }) }
  const ref = refOf(milestone)
  if (source === 'card') {
    const description = `${row.title}, milestone ${milestone.position}`
    const { lineage, spendLimitCents: spendLimit } = actor
    const returnUrl = `${appUrl}/contracts/${id}`
    return { row, order: { ref, user: actor.userId, amount, description, lineage, spendLimit, returnUrl } }
  }
  await stopFunding(sql, ref)
  await payFromWallet(sql, actor, { ref, amount, topupUrl })
  return { row: await bookFunding(sql, { row, milestone, source, feePercent }) }
}

async function payFromWallet(
  sql: Sql,
  { userId, lineage, spendLimitCents }: Actor,
  { ref, amount, topupUrl }: { ref: string; amount: number; topupUrl: string },
): Promise<void> {
  const [posted] = await sql.rows<{ outcome: string }>(
    `select ledger_post('milestone_funded', $1, $1, 'USD', array['wallet:' || $2::text], array['escrow:' || $1::text], array[$3::bigint], $4, $5) as outcome`,
    [ref, userId, amount, lineage, spendLimitCents],
  )
  if (posted!.outcome === 'posted') return
  const [wallet] = await sql.rows<{ balance: number }>(`select ledger_balance($1) as balance`, [userId])
  const isShort = wallet!.balance < amount
  throw refuseContract(isShort ? 'insufficient_balance' : 'spend_limit_reached', {
    required_cents: amount,
    balance_cents: wallet!.balance,
    topup_url: topupUrl,
  })
}

/** Whether the card payment that is open now may still be made; where it may not, it is stopped. */
async function stillWanted(
  sql: Sql,
  { userId }: Actor,
  { id, milestone_id: milestoneId }: Wish,
  { ref }: FundingOrder,
): Promise<{ row: ContractRow } | { refused: Error }> {
  const row = await lockOwnContract(sql, id, userId, { negotiation: false })
  const milestone = row.milestones.find((one) => one.id === milestoneId)!
  if (isFunded(milestone)) {
    if (milestone.source !== 'card') await stopFunding(sql, ref)
    return { row }
  }
  const refused = refusalOf(row, milestone, userId)
  if (refused) await stopFunding(sql, ref)
  return refused ? { refused } : { row }
}

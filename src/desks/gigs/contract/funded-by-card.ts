import type { FundedByCard } from '../../../core/payments/funding/desk.ts'
import { bookFunding } from './book-funding.ts'
import { lockContract } from './lock-contract.ts'
import { blockerOf, isMilestoneOver, milestoneIdOf, milestoneLife } from './milestone.ts'
import { takesMoney } from './show-contract.ts'

/**
 * The answer of this desk when a card payment has gone through, in the transaction that books it: true when its milestone waited for
 * exactly this amount and is funded now, so that the money belongs into its escrow; false when it is not wanted any more and goes back
 * to the card: the milestone has been funded otherwise, its contract is over, revised or past its deadline.
 */
export const fundedByCard =
  (feePercent: number): FundedByCard =>
  async (sql, { ref, amount }) => {
    const milestoneId = milestoneIdOf(ref)
    if (!milestoneId) return false
    const [known] = await sql.rows<{ contract_id: string }>(`select contract_id from milestone where id = $1`, [
      milestoneId,
    ])
    const row = known && (await lockContract(sql, known.contract_id, { negotiation: false }))
    const milestone = row?.milestones.find(({ id }) => id === milestoneId)
    if (!row || !milestone) return false
    const isWanted =
      milestoneLife.moves.book_card.from.some((status) => status === milestone.status) &&
      !isMilestoneOver(milestone, row.now) &&
      milestone.amount_cents === amount &&
      takesMoney(row) &&
      !blockerOf(milestone, row.milestones)
    if (!isWanted) return false
    await bookFunding(sql, { row, milestone, source: 'card', feePercent })
    return true
  }

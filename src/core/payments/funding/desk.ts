import type { Sql } from '../../../base/db.ts'

/** A payment that the provider says has succeeded. */
export interface CardFunding {
  /** The work, `milestone:<uuid>`. */
  readonly ref: string
  /** `pi_…` */
  readonly paymentId: string
  readonly amount: number
}

/**
 * Asks the desk, within the transaction that books the payment, whether its work still wants it: true when the work waited for
 * exactly this amount, and is funded now; the money is then put into `escrow:<ref>` by the same transaction. False: it goes back
 * to its card. The desk locks its own rows; asked again about work that is funded already, it says false.
 */
export type FundedByCard = (sql: Sql, funding: CardFunding) => Promise<boolean>

/** A payment whose bank has taken it back, given it back, or decided that it keeps it. */
export interface DisputedFunding extends CardFunding {
  readonly disputeId: string
  /** Another dispute over the same payment whose bank has not decided yet; null: there is none. */
  readonly otherId: string | null
  readonly status: 'taken' | 'won' | 'lost'
}

/**
 * Tells the desk, within the transaction that books it and before any money moves, that the payment for a piece of work is disputed;
 * once for each status, however many processes hear of it. Answers whether the work is still there to take money that was won back; of any
 * other status the answer is not looked at.
 */
export type PaymentDisputed = (sql: Sql, disputed: DisputedFunding) => Promise<boolean>

/** What the payments room asks the desk whose work is funded by card. */
export interface FundingDesk {
  readonly fundedByCard: FundedByCard
  /** Without it, money won back is held again unless its work has given everything back. */
  readonly paymentDisputed?: PaymentDisputed
}

/** Where no desk has work that is funded by card: whatever is paid goes back to its card. */
export const noDesk: FundingDesk = { fundedByCard: async () => false }

import type { Sql } from '../../base/db.ts'

/** Something that keeps somebody from leaving: money of theirs, or work of others, that is still in flight. */
export interface Affair {
  readonly kind:
    | 'job'
    | 'card_payment'
    | 'contract'
    | 'milestone'
    | 'dispute'
    | 'withdrawal'
    | 'refund'
    | 'auto_topup'
    | 'clearing'
    | 'payout'
    | 'balance'
  readonly id: string
  /** What they can do about it. */
  readonly sentence: string
}

/**
 * What a room has to say when somebody leaves. Core knows no desk, so `market.ts` hands these in: one for each room that keeps
 * something of people.
 */
export interface Leaving {
  /** What is still in flight; an empty list lets them go. Asked again once everything of theirs is locked. */
  readonly affairs: (sql: Sql, user: string) => Promise<readonly Affair[]>
  /**
   * Ends what may end without anybody's harm, and forgets what is theirs alone. In the transaction of the deletion, before it is
   * decided; and once more a minute later, for what had begun elsewhere on a credential that was still believed. A second time
   * it finds nothing.
   */
  readonly leave: (sql: Sql, user: string) => Promise<void>
}

/** What people are called who are no longer here. */
export const deletedName = 'Deleted user'

/** How many affairs of a kind are named at most: enough to see what it is about. */
export const affairsShown = 50

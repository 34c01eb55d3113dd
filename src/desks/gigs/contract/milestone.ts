import { life } from '../../../base/states.ts'

export const milestoneStates = [
  'proposed',
  'pending',
  'funded',
  'delivered',
  'released',
  'disputed',
  'refunded',
  'cancelled',
] as const
export type MilestoneStatus = (typeof milestoneStates)[number]

/**
 * `client` pays, `worker` works; `asked` is the side that has not proposed it; `market` is the clock, the payment provider and what
 * happens to the contract.
 */
export type MilestoneParty = 'client' | 'worker' | 'asked' | 'market'

/** The life of a milestone: the one place where a contract holds money, and every state that does has an exit of the market's own. */
export const milestoneLife = life(milestoneStates, {
  fund: { from: ['pending'], to: 'funded', by: ['client'], note: 'card or wallet to escrow; the fee is fixed' },
  book_card: {
    from: ['pending'],
    to: 'funded',
    by: ['market'],
    note: 'the card payment that its client has confirmed',
  },
  end_with_contract: {
    from: ['proposed', 'pending'],
    to: 'cancelled',
    by: ['market'],
    note: 'its contract was cancelled, revised or void',
  },
  repay_with_contract: {
    from: ['funded'],
    to: 'refunded',
    by: ['market'],
    note: 'its contract was cancelled, revised or void before it was active: money back where it came from',
  },
  unfunded: {
    from: ['pending'],
    to: 'cancelled',
    by: ['market'],
    note: 'not funded 14 days after it was approved',
  },
} satisfies Record<
  string,
  {
    from: MilestoneStatus[]
    to: MilestoneStatus | 'same'
    by: MilestoneParty[]
    verb?: string
    quiet?: boolean
    note?: string
  }
>)

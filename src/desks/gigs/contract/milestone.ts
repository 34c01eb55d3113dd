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
export type MilestoneParty = 'client' | 'worker' | 'asked' | 'operator' | 'market'

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
  approve: { from: ['proposed'], to: 'pending', by: ['asked'], note: 'both sides agree on it' },
  unapproved: { from: ['proposed'], to: 'cancelled', by: ['market'], note: 'not approved for 7 days' },
  drop: {
    from: ['proposed', 'pending'],
    to: 'cancelled',
    by: ['client', 'worker'],
    verb: 'cancel',
    note: 'holds no money yet',
  },
  deliver: { from: ['funded'], to: 'delivered', by: ['worker'], note: 'voids a cancellation that was asked for' },
  release: {
    from: ['funded', 'delivered'],
    to: 'released',
    by: ['client'],
    note: 'escrow to pending, less the fee; paid out after the agreed delay',
  },
  release_again: { from: ['released'], to: 'same', by: ['client'], verb: 'release', quiet: true, note: 'no-op' },
  accept_in_silence: {
    from: ['delivered'],
    to: 'released',
    by: ['market'],
    note: '14 days without a word from the client, with reminders at 7 and 12',
  },
  give_back: {
    from: ['funded', 'delivered'],
    to: 'refunded',
    by: ['worker'],
    verb: 'refund',
    note: 'money back where it came from',
  },
  ask_cancel: {
    from: ['funded'],
    to: 'same',
    by: ['client'],
    verb: 'cancel',
    note: 'takes effect after 72 h unless it is delivered or disputed',
  },
  cancel_in_silence: {
    from: ['funded'],
    to: 'refunded',
    by: ['market'],
    note: '72 h after a cancellation was asked for',
  },
  overdue: { from: ['funded'], to: 'refunded', by: ['market'], note: 'not delivered 14 days after it was due' },
  dispute: {
    from: ['funded', 'delivered'],
    to: 'disputed',
    by: ['client', 'worker'],
    note: 'frozen; at most 14 days after delivery, once a milestone',
  },
  award: { from: ['disputed'], to: 'released', by: ['operator', 'market'], note: 'the worker gets a part, or all' },
  award_nothing: { from: ['disputed'], to: 'refunded', by: ['operator', 'market'], note: 'the worker gets nothing' },
  thaw: {
    from: ['disputed'],
    to: 'delivered',
    by: ['market'],
    note: 'nobody decided and no rule fits: as if there had been no dispute',
  },
  charged_back: {
    from: ['funded', 'delivered', 'disputed'],
    to: 'refunded',
    by: ['market'],
    note: "the payer's bank has taken its money and keeps it",
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

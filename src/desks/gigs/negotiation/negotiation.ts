import { life } from '../../../base/states.ts'

export const negotiationStates = ['pending', 'in_progress', 'pending_owner_approval', 'approved', 'expired'] as const
export type NegotiationState = (typeof negotiationStates)[number]

/** `client` owns the gig, `worker` was shortlisted on it, `market` is the clock and what happens to the contract. */
export type NegotiationParty = 'client' | 'worker' | 'market'

/** Rounds there are before terms must be agreed on, and revisions after it, each with one fresh round a side. */
export const roundsMax = 3
export const revisionsMax = 3

/** The life of a negotiation. Nobody can be kept waiting: silence ends it. */
export const negotiationLife = life(negotiationStates, {
  propose: {
    from: ['pending', 'in_progress'],
    to: 'in_progress',
    by: ['client', 'worker'],
    verb: 'round',
    note: 'a proposal or counter, three in all',
  },
  agree: {
    from: ['in_progress'],
    to: 'pending_owner_approval',
    by: ['client', 'worker'],
    note: 'on the terms as they stand; makes the contract',
  },
  overrun: {
    from: ['in_progress'],
    to: 'expired',
    by: ['client', 'worker'],
    verb: 'round',
    quiet: true,
    note: 'a round after the last one; a contract under revision with it',
  },
  decline: {
    from: ['pending', 'in_progress'],
    to: 'expired',
    by: ['client', 'worker'],
    note: 'counts as answered; a contract under revision with it',
  },
  lapse: {
    from: ['pending', 'in_progress'],
    to: 'expired',
    by: ['market'],
    note: '7 days of silence; a contract under revision with it',
  },
  settle: {
    from: ['pending_owner_approval'],
    to: 'approved',
    by: ['market'],
    note: 'both sides have approved the contract',
  },
  reopen: {
    from: ['pending_owner_approval', 'approved'],
    to: 'in_progress',
    by: ['market'],
    note: 'a side revises the contract: one fresh round each',
  },
  fall: {
    from: ['pending_owner_approval', 'in_progress'],
    to: 'expired',
    by: ['market'],
    note: 'its contract was cancelled, or not approved for 7 days',
  },
} satisfies Record<
  string,
  {
    from: NegotiationState[]
    to: NegotiationState | 'same'
    by: NegotiationParty[]
    verb?: string
    quiet?: boolean
    note?: string
  }
>)

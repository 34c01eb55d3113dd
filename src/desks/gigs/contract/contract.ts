import { life } from '../../../base/states.ts'

export const contractStates = [
  'pending_owner_approval',
  'in_negotiation',
  'pending_freelancer_kyc',
  'pending_client_funding',
  'pending_both',
  'active',
  'completed',
  'cancelled',
  'expired',
] as const
export type ContractStatus = (typeof contractStates)[number]

/** `market` is the clock, the payment provider and what happens to the milestones. */
export type ContractParty = 'client' | 'worker' | 'market'

/** A contract on its way to being active: approved by both, waiting for money, for the worker's account, or for both. */
export const awaiting = ['pending_freelancer_kyc', 'pending_client_funding', 'pending_both'] as const

/** The life of a contract. It holds no money itself: its milestones do, and end with it. */
export const contractLife = life(contractStates, {
  approve: {
    from: ['pending_owner_approval'],
    to: 'same',
    by: ['client', 'worker'],
    note: 'the first of the two approvals',
  },
  approve_again: {
    from: ['pending_owner_approval', 'pending_freelancer_kyc', 'pending_client_funding', 'pending_both', 'active'],
    to: 'same',
    by: ['client', 'worker'],
    verb: 'approve',
    quiet: true,
    note: 'by the same side: no-op',
  },
  await_account: {
    from: ['pending_owner_approval'],
    to: 'pending_freelancer_kyc',
    by: ['client', 'worker'],
    verb: 'approve',
    note: 'the second approval; the worker cannot be paid yet',
  },
  await_funding: {
    from: ['pending_owner_approval'],
    to: 'pending_client_funding',
    by: ['client', 'worker'],
    verb: 'approve',
    note: 'the second approval; the worker can be paid, or it is for nothing',
  },
  connect_link: {
    from: ['pending_freelancer_kyc', 'pending_both'],
    to: 'same',
    by: ['worker'],
    note: 'a fresh link to the payment provider’s form',
  },
  account_ready: {
    from: ['pending_freelancer_kyc', 'pending_both'],
    to: 'pending_client_funding',
    by: ['market'],
    note: 'the worker can be paid; not funded yet',
  },
  account_lost: {
    from: ['pending_client_funding'],
    to: 'pending_both',
    by: ['market'],
    note: 'the worker can no longer be paid, and it is not funded yet',
  },
  funded_first: {
    from: ['pending_both'],
    to: 'pending_freelancer_kyc',
    by: ['client', 'market'],
    verb: 'fund',
    note: 'funded; the worker cannot be paid yet',
  },
  funded_early: {
    from: ['pending_freelancer_kyc'],
    to: 'same',
    by: ['client', 'market'],
    verb: 'fund',
    note: 'funded; the worker cannot be paid yet',
  },
  activate: {
    from: ['pending_freelancer_kyc', 'pending_client_funding', 'pending_both'],
    to: 'active',
    by: ['client', 'market'],
    verb: 'fund',
    note: 'the first milestone is funded and the worker can be paid',
  },
  revise: {
    from: ['pending_owner_approval', 'pending_freelancer_kyc', 'pending_client_funding', 'pending_both'],
    to: 'in_negotiation',
    by: ['client', 'worker'],
    note: 'at most three times; approvals cleared, money back',
  },
  agree_again: {
    from: ['in_negotiation'],
    to: 'pending_owner_approval',
    by: ['market'],
    note: 'the negotiation has come to new terms',
  },
  cancel: {
    from: [
      'pending_owner_approval',
      'in_negotiation',
      'pending_freelancer_kyc',
      'pending_client_funding',
      'pending_both',
      'active',
    ],
    to: 'cancelled',
    by: ['client', 'worker'],
    note: 'money back; an active one only while nothing is funded',
  },
  lapse: {
    from: ['pending_owner_approval', 'pending_freelancer_kyc', 'pending_client_funding', 'pending_both'],
    to: 'expired',
    by: ['market'],
    note: 'not approved for 7 days, or not active 7 days after the second approval; money back',
  },
  fall: { from: ['in_negotiation'], to: 'expired', by: ['market'], note: 'its negotiation has expired' },
  propose: {
    from: ['pending_freelancer_kyc', 'pending_client_funding', 'pending_both', 'active'],
    to: 'same',
    by: ['client', 'worker'],
    note: 'one more milestone, for the other side to approve',
  },
  complete: {
    from: ['active'],
    to: 'completed',
    by: ['market'],
    note: 'every approved milestone has ended, at least one not cancelled',
  },
  review: { from: ['completed'], to: 'same', by: ['client', 'worker'], note: 'of the other side, once' },
} satisfies Record<
  string,
  {
    from: ContractStatus[]
    to: ContractStatus | 'same'
    by: ContractParty[]
    verb?: string
    quiet?: boolean
    note?: string
  }
>)

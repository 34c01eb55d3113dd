import { z } from 'zod'
import { contract, endpoint } from '../../../base/endpoint.ts'
import { Cursor, Limit } from '../../../base/page.ts'
import { edgeRefusals, refusing } from '../../../base/refusals.ts'
import { contractStates } from './contract.ts'
import { Milestone } from './milestone.ts'
import { Contract } from './show-contract.ts'

export const contractRefusals = {
  contract_not_found: ['not_found', 'There is no such contract, or it is not yours to see.'],
  contract_wrong_state: [
    'wrong_state',
    'The contract is in a state that does not allow this; see can for what you may do.',
  ],
  contract_expired: [
    'wrong_state',
    'The time for this contract has run out: it was not approved or not active in time, and what was funded goes back.',
  ],
  not_your_side: ['forbidden', 'This is for the other side of the contract to do.'],
  too_many_revisions: [
    'wrong_state',
    'This contract has been revised three times, which is the most; approve it or cancel it.',
  ],
  negotiation_exists: [
    'conflict',
    'You two have another live negotiation about this gig; end that one before you revise this contract.',
  ],
  account_not_awaited: [
    'wrong_state',
    'Nothing is waiting for your account with the payment provider: the contract is in another state.',
  ],
  milestone_not_found: ['not_found', 'This contract has no such milestone.'],
  milestone_wrong_state: [
    'wrong_state',
    'The milestone is in a state that does not allow this; see can for what you may do.',
  ],
  milestone_expired: [
    'wrong_state',
    'The time for this milestone has run out: the market has moved it on, as its deadline_at said.',
  ],
  milestone_funded: [
    'wrong_state',
    'A milestone of this contract is funded: it has to be released or refunded before the contract can be cancelled.',
  ],
  milestone_out_of_order: ['wrong_state', 'An earlier milestone has to be delivered before this one can be funded.'],
  insufficient_balance: [
    'unpaid',
    'Your wallet does not hold enough for this milestone; top it up, or fund it by card.',
  ],
  spend_limit_reached: [
    'unpaid',
    'This key may not spend that much today; use another key or wait for tomorrow (UTC).',
  ],
  scope_missing: ['forbidden', 'This key may not spend money: it needs the scope wallet:spend.'],
  funding_stopped: [
    'wrong_state',
    'This card payment has been stopped: the milestone was funded, cancelled or changed meanwhile. Look at it again.',
  ],
  payments_unavailable: ['unavailable', 'The payment provider cannot be reached just now; try again in a moment.'],
  provider_refused: ['wrong_state', 'The payment provider refused this.'],
} as const

export const refuseContract = refusing({ ...edgeRefusals, ...contractRefusals })

const id = z.uuid().describe('Of the contract.')
const Id = z.strictObject({ id })
const Words = z.string().trim().min(1, 'is missing').max(10_000, 'must be at most 10,000 characters')

export const Funding = z.strictObject({
  client_secret: z
    .string()
    .nullable()
    .describe('For Stripe.js to confirm the card payment; null when there is none to make.'),
  payment_intent_id: z.string().nullable(),
  url: z.string().optional().describe('Where the twin stands in for Stripe: its card form; a POST to it pays.'),
  milestone: Milestone,
  contract: Contract,
})

/** Contracts between the two sides of a negotiation, from the agreement until they are active. */
export const contractsApi = contract('contracts', contractRefusals, {
  contracts: endpoint({
    route: 'GET /api/contracts',
    summary: 'The contracts you are a side of, newest first.',
    kind: 'read',
    access: 'caller',
    scope: 'gigs',
    input: z.strictObject({
      status: z.enum(contractStates).optional().describe('Only contracts in this state.'),
      limit: Limit,
      cursor: Cursor,
    }),
    answers: { 200: z.array(Contract) },
    refusals: [],
  }),
  contract: endpoint({
    route: 'GET /api/contracts/:id',
    summary: 'One contract: its terms, both approvals, its milestones and its deadline.',
    description: 'While it waits for the worker’s account, the worker’s answer carries a connect_url.',
    kind: 'read',
    access: 'caller',
    scope: 'gigs',
    input: Id,
    answers: { 200: Contract },
    refusals: ['contract_not_found'],
  }),
  approve: endpoint({
    route: 'POST /api/contracts/:id/approve',
    summary: 'Approve the contract; when both sides have, it waits for the worker’s account and for money.',
    description:
      'Both sides have 7 days for it, and then 7 more until the first milestone is funded and, if money is involved, the worker’s account with the payment provider is active. Approving again changes nothing. The worker’s answer carries a connect_url while their account is awaited.',
    kind: 'outside',
    access: 'caller',
    suspendable: true,
    scope: 'gigs',
    input: Id,
    answers: { 200: Contract },
    refusals: ['contract_not_found', 'contract_wrong_state', 'contract_expired'],
  }),
  connect_link: endpoint({
    route: 'GET /api/contracts/:id/connect-link',
    summary: 'A fresh link to the payment provider’s form, for the worker while their account is awaited.',
    description:
      'The link opens once and lives for minutes; when the form is filled in, the contract goes on by itself.',
    kind: 'read',
    access: 'caller',
    scope: 'gigs',
    input: Id,
    answers: { 200: z.strictObject({ url: z.string(), connect_url: z.string().describe('The same as url.') }) },
    refusals: [
      'contract_not_found',
      'not_your_side',
      'account_not_awaited',
      'payments_unavailable',
      'provider_refused',
    ],
  }),
  revise: endpoint({
    route: 'POST /api/contracts/:id/revise',
    summary: 'Send the contract back into negotiation, before it is active.',
    description:
      'At most three times. What is funded goes back where it came from, both approvals are cleared, and each side has one fresh round; the contract keeps its id and gets its new terms when they are agreed on.',
    kind: 'transaction',
    access: 'caller',
    scope: 'gigs',
    input: Id.extend({ notes: Words.describe('What should be different, for the other side.') }),
    answers: { 200: Contract },
    refusals: [
      'contract_not_found',
      'contract_wrong_state',
      'contract_expired',
      'too_many_revisions',
      'negotiation_exists',
    ],
    example: { input: { notes: 'Twenty hours a week are too many; let us say ten.' } },
  }),
  cancel: endpoint({
    route: 'POST /api/contracts/:id/cancel',
    summary: 'Cancel the contract; what is funded goes back where it came from.',
    description: 'Either side may until it is active, and afterwards only while none of its milestones is funded.',
    kind: 'transaction',
    access: 'caller',
    scope: 'gigs',
    input: Id.extend({ reason: Words.describe('Why, for the other side.') }),
    answers: { 200: Contract },
    refusals: ['contract_not_found', 'contract_wrong_state', 'contract_expired', 'milestone_funded'],
    example: { input: { reason: 'The project has been called off.' } },
  }),
  fund: endpoint({
    route: 'POST /api/contracts/:id/milestones/:milestone_id/fund',
    summary: 'Fund a milestone, by card or from your wallet; the money waits in escrow.',
    description:
      'By card the answer carries the `client_secret` of one payment, the same however often you ask; the milestone is funded when the payment has gone through. From the wallet, and at $0, it is funded at once. Choosing the other source stops an open card payment. A milestone that is funded is answered as it is. More than $0 needs the scope wallet:spend too.',
    kind: 'outside',
    access: 'caller',
    suspendable: true,
    scope: 'gigs',
    input: Id.extend({
      milestone_id: z.uuid().describe('Of the milestone.'),
      source: z.enum(['card', 'wallet']).default('card').describe('What it is paid from.'),
    }),
    answers: { 200: Funding },
    secrets: ['client_secret', 'url'],
    refusals: [
      'contract_not_found',
      'milestone_not_found',
      'not_your_side',
      'scope_missing',
      'contract_wrong_state',
      'contract_expired',
      'milestone_wrong_state',
      'milestone_expired',
      'milestone_out_of_order',
      'insufficient_balance',
      'spend_limit_reached',
      'funding_stopped',
      'payments_unavailable',
      'provider_refused',
    ],
    example: { input: { milestone_id: '01a20226-00b7-7bc1-9461-989abfd9ed53', source: 'wallet' } },
  }),
})

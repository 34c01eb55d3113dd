import assert from 'node:assert/strict'
import type { ContractStatus } from '../../src/desks/gigs/contract/contract.ts'
import type { Contract } from '../../src/desks/gigs/contract/show-contract.ts'
import type { ContractReview, ReviewStatus } from '../../src/desks/gigs/review/review.ts'
import { sweepGigs } from '../../src/desks/gigs/sweep.ts'
import { act, agreed, agreeOn, fundIt } from '../gigs/contract-stage.ts'
import { say, startWith } from '../gigs/gig-stage.ts'
import { move } from '../gigs/milestone-stage.ts'
import { went } from '../journeys/desk.ts'
import type { Role } from './canaries.ts'
import type { Desk } from './exhibits.ts'
import { applicationExhibit, asFreelancer, isNegotiator } from './gig-exhibits.ts'

export interface ContractExhibit {
  readonly id: string
  readonly status: ContractStatus
  readonly milestone: string
}

/** The states a contract can come into. */
export const shownContracts = [
  'pending_owner_approval',
  'in_negotiation',
  'pending_freelancer_kyc',
  'pending_client_funding',
  'pending_both',
  'active',
  'completed',
  'cancelled',
  'expired',
] as const satisfies ContractStatus[]

/** A contract of the sender with the receiver in one of its states; what each has written is for the two. */
export async function contractExhibit(desk: Desk, status: (typeof shownContracts)[number]): Promise<ContractExhibit> {
  const { canaries, market, people } = desk
  const { sender, receiver } = people
  const { gig_id: gig } = await applicationExhibit(desk, 'receiver', 'shortlisted')
  const negotiation = went(await startWith(sender, receiver, { id: gig }), 201)
  const secret = (field: string): string => canaries.make(`${field} of a contract that is ${status}`, isNegotiator)
  // The receiver cannot be paid, or the sweep would move those that wait for it; for nothing nobody needs to be.
  const rate = status === 'pending_client_funding' || status === 'completed' ? 0 : 100
  went(await say(receiver, 'round', negotiation, { rate_cents: rate, hours_per_week: 1 }))
  const contract = await agreeOn(sender, negotiation.id)
  const payable = (to: 'active' | 'pending'): Promise<unknown> =>
    market.db.rows(`update app_user set stripe_account_status = $2 where id = $1`, [receiver.userId, to])
  const bothApprove = async (): Promise<void> => {
    for (const person of [sender, receiver]) went(await act(person, 'approve', contract))
  }
  const activate = [
    () => payable('active'),
    bothApprove,
    async () => went(await fundIt(sender, contract, { source: 'wallet' })),
    () => payable('pending'),
  ]
  const finish = async (): Promise<void> => {
    const milestone = { id: contract.milestones[0]!.id, contract_id: contract.id }
    went(await move(receiver, 'deliver', milestone, { note: `It is done: ${secret('delivery')}` }))
    went(await move(sender, 'release', milestone))
  }
  const steps: Record<typeof status, (() => Promise<unknown>)[]> = {
    pending_owner_approval: [],
    in_negotiation: [async () => went(await act(sender, 'revise', contract, { notes: secret('notes') }))],
    pending_freelancer_kyc: [bothApprove],
    pending_client_funding: [bothApprove],
    pending_both: [() => payable('active'), bothApprove, () => payable('pending'), () => sweepGigs(market.db)],
    active: activate,
    completed: [...activate, finish],
    cancelled: [async () => went(await act(receiver, 'cancel', contract, { reason: secret('reason') }))],
    expired: [
      () => market.db.rows(`update contract set due_at = app_now() where id = $1`, [contract.id]),
      () => sweepGigs(market.db),
    ],
  }
  for (const step of steps[status]) await step()
  // Out of the sweep's and the clock's way: what is awaited stays so while the matrix asks.
  await market.db.rows(
    `update contract set due_at = app_now() + interval '1 year' where id = $1 and due_at is not null`,
    [contract.id],
  )
  const seen = went(await sender.ask<Contract>('GET', `/api/contracts/${contract.id}`))
  assert.equal(seen.status, status, 'the contract did not come into its state')
  return { id: contract.id, status, milestone: seen.milestones.at(-1)!.id }
}

/** A review of a contract of the sender's with the receiver, in a state; what is published is everybody's. */
export async function reviewExhibit(desk: Desk, status: ReviewStatus): Promise<string> {
  const { canaries, people } = desk
  const contract = await contractExhibit(desk, 'completed')
  const signs: Readonly<Record<ReviewStatus, string>> = {
    published: '',
    waiting: ' Write on Telegram.',
    rejected: ' Write to a@b.test.',
  }
  const isTheirs = (role: Role): boolean => role === 'sender' || role === 'operator'
  const said = canaries.make(`review that is ${status}`, (role) => status === 'published' || isTheirs(role))
  const review = went(
    await people.sender.ask<ContractReview>('POST', `/api/contracts/${contract.id}/reviews`, {
      rating: 4,
      review_text: `They have done ${said}.${signs[status]}`,
    }),
    201,
  )
  assert.equal(review.status, status)
  return review.id
}

/** A milestone of two others: no contract of the sender's has it. */
export async function foreignMilestone(desk: Desk): Promise<string> {
  const { judged, quitter } = desk.people
  const { milestones } = await asFreelancer(desk, 'quitter', () =>
    agreed({ client: judged, worker: quitter }, { rate_cents: 100, hours_per_week: 1 }),
  )
  return milestones[0]!.id
}

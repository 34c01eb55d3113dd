import type { EventKind } from '../../core/events/kind.ts'
import { timers } from './timers.ts'

const gig = '01a20226-00b5-7bc1-9461-989abfd9ed53'
const application = '01a20226-00b5-7bc1-9461-989abfd9ed54'
const negotiation = '01a20226-00b5-7bc1-9461-989abfd9ed55'
const contract = '01a20226-00b5-7bc1-9461-989abfd9ed56'
const milestone = '01a20226-00b5-7bc1-9461-989abfd9ed57'
const dispute = '01a20226-00b5-7bc1-9461-989abfd9ed58'
const client = '01a20226-00b5-7bc1-9461-989abfd9ed59'
const worker = '01a20226-00b5-7bc1-9461-989abfd9ed5a'

/** An active gig is everybody's; its words are read with `GET /api/gigs/:id`, as long as it is active. */
const ifActive: EventKind['open'] = ({ gig_id, status }) => (status === 'active' ? { gig_id, status } : null)

const terms = { rate_cents: 4500, hours_per_week: 10, start_date: '2026-12-01', payout_delay_days: 3 }
const ofNegotiation = {
  negotiation_id: negotiation,
  gig_id: gig,
  client_user_id: client,
  worker_user_id: worker,
  round_number: 1,
  ...terms,
}
const ofContract = { contract_id: contract, negotiation_id: negotiation, gig_id: gig, title: 'A site for a bakery' }
const ofMilestone = { contract_id: contract, milestone_id: milestone, gig_id: gig, negotiation_id: negotiation }

export const gigEvents: readonly EventKind[] = [
  {
    name: 'gig.created',
    when: 'You made a gig.',
    example: { gig_id: gig, owner_id: client, title: 'A site for a bakery', status: 'draft' },
    next: 'A draft is seen by nobody: `PATCH /api/gigs/:id` with `{"status": "active"}` when it is ready.',
    open: ifActive,
  },
  {
    name: 'gig.updated',
    when: 'A gig of yours was changed.',
    example: { gig_id: gig, owner_id: client, title: 'A site for a bakery', status: 'active' },
    next: 'Nothing is due. Freelancers who read the public feed: `POST /api/gigs/:id/apply`.',
    open: ifActive,
  },
  {
    name: 'gig.deleted',
    when: 'A gig of yours was deleted, and the applications with it.',
    example: { gig_id: gig, owner_id: client, title: 'A site for a bakery', status: 'active' },
    next: 'Nothing is due.',
  },
  {
    name: 'gig.application.created',
    when: 'Somebody applied; told to the owner of the gig and the applicant.',
    example: {
      application_id: application,
      gig_id: gig,
      gig_title: 'A site for a bakery',
      worker_user_id: worker,
      status: 'applied',
    },
    next: 'Owner: `PATCH /api/gigs/:id/applications/:appId` with `shortlisted` or `rejected`.',
  },
  {
    name: 'gig.application.updated',
    when: 'An application was shortlisted, rejected or taken back; told to both.',
    example: {
      application_id: application,
      gig_id: gig,
      gig_title: 'A site for a bakery',
      worker_user_id: worker,
      status: 'shortlisted',
    },
    next: 'Owner of a shortlisted one: `POST /api/negotiations`. Applicant: wait for `negotiation.created`.',
  },
  {
    name: 'negotiation.created',
    when: 'A negotiation has begun; told to both.',
    example: { ...ofNegotiation, state: 'pending', happened: 'created', by: client },
    next: `Worker: \`POST /api/negotiations/:id/round\`, or \`decline\`, within ${timers.silence}, or it expires and counts as not answered.`,
  },
  {
    name: 'negotiation.updated',
    when: 'A round, an agreement, a refusal, a contact shared, or the end; told to both.',
    example: { ...ofNegotiation, state: 'in_progress', happened: 'round', by: worker },
    next: `Whoever did not move last: \`round\`, \`agree\` or \`decline\` within ${timers.silence}, or it expires.`,
  },
  {
    name: 'contract.created',
    when: 'Both agreed, and a contract waits for both approvals; told to both.',
    example: { ...ofContract, status: 'pending_owner_approval' },
    next: `Both: \`POST /api/contracts/:id/approve\`, or \`revise\`, within ${timers.approval}, or it expires.`,
  },
  {
    name: 'contract.updated',
    when: 'A contract has another status or other milestones; told to both.',
    example: { ...ofContract, status: 'pending_client_funding' },
    next: `\`pending_freelancer_kyc\`: the worker follows \`GET /api/contracts/:id/connect-link\`. \`pending_client_funding\`: the client funds the first milestone. Each within ${timers.activation} of the second approval, or it expires.`,
  },
  {
    name: 'contract.milestone.funded',
    when: 'The money of a milestone is in escrow; told to both.',
    example: { ...ofMilestone, position: 1, amount_cents: 45000, source: 'card', status: 'funded' },
    next: `Worker: deliver before the milestone's \`due_at\`; undelivered ${timers.overdue} later it is refunded.`,
  },
  {
    name: 'contract.milestone.delivered',
    when: 'The work of a milestone is there; told to both.',
    example: { ...ofMilestone, position: 1, amount_cents: 45000, status: 'delivered' },
    next: `Client: \`release\`, or open a dispute, within ${timers.acceptance}, or it is paid.`,
  },
  {
    name: 'contract.milestone.released',
    when: 'A milestone is paid; told to both.',
    example: { ...ofMilestone, position: 1, amount_cents: 45000, status: 'released' },
    next: 'Worker: the money comes after the payout delay you agreed on. Both: the next milestone, or a review once the contract is completed.',
  },
  {
    name: 'contract.milestone.refunded',
    when: 'The money of a milestone went back to its client; told to both.',
    example: { ...ofMilestone, position: 1, amount_cents: 45000, status: 'refunded' },
    next: 'Nothing is due.',
  },
  {
    name: 'dispute.created',
    when: 'A dispute was opened and its milestone is frozen; told to both.',
    example: {
      dispute_id: dispute,
      contract_id: contract,
      milestone_id: milestone,
      disputing_party: 'client',
      status: 'open',
    },
    next: 'The other side: `POST /api/disputes/:id/respond` with evidence before `response_deadline`, 24 hours after this notice.',
  },
  {
    name: 'dispute.updated',
    when: 'A dispute was answered, recommended on or resolved; told to both.',
    example: { dispute_id: dispute, contract_id: contract, milestone_id: milestone, status: 'responded' },
    next: 'Nothing is due: without an operator it resolves itself within 72 hours.',
  },
  {
    name: 'review.published',
    when: 'A review is public; told to who wrote it and whom it is about.',
    example: { contract_id: contract, rating: 5 },
    next: 'Nothing is due.',
  },
]

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

const ofDispute = (status: string, reason: string): EventKind['example'] => ({
  dispute_id: dispute,
  contract_id: contract,
  milestone_id: milestone,
  disputing_party: 'client',
  status,
  worker_share_percent: null,
  reason,
})
const ofReview = {
  review_id: dispute,
  contract_id: contract,
  reviewer_user_id: client,
  reviewee_user_id: worker,
  rating: 5,
}

export const gigEvents: readonly EventKind[] = [
  {
    name: 'gig.created',
    when: 'You made a gig.',
    example: { gig_id: gig, owner_id: client, title: 'A site for a bakery', status: 'draft' },
    next: 'A draft is seen by nobody: `PATCH /api/gigs/:id` with `{"status": "active"}` when it is ready.',
    words: { text: 'The gig “{title}” was made; it is {status}.' },
    open: ifActive,
  },
  {
    name: 'gig.updated',
    when: 'A gig of yours was changed.',
    example: { gig_id: gig, owner_id: client, title: 'A site for a bakery', status: 'active' },
    next: 'Nothing is due. Freelancers who read the public feed: `POST /api/gigs/:id/apply`.',
    words: { text: 'The gig “{title}” was changed; it is {status}.' },
    open: ifActive,
  },
  {
    name: 'gig.deleted',
    when: 'A gig of yours was deleted, and the applications with it.',
    example: { gig_id: gig, owner_id: client, title: 'A site for a bakery', status: 'active' },
    next: 'Nothing is due.',
    words: { text: 'The gig “{title}” was deleted, and its applications with it.' },
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
    next: 'Owner: `PATCH /api/gigs/:id/applications/:application_id` with `shortlisted` or `rejected`.',
    words: { text: 'Somebody has applied to the gig “{gig_title}”: its owner shortlists or rejects them.' },
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
    words: {
      text: {
        by: 'status',
        cases: {
          shortlisted: 'An application to “{gig_title}” was shortlisted: its owner may start a negotiation.',
          rejected: 'An application to “{gig_title}” was rejected.',
        },
        otherwise: 'An application to “{gig_title}” is {status} now.',
      },
    },
  },
  {
    name: 'negotiation.created',
    when: 'A negotiation has begun; told to both.',
    example: { ...ofNegotiation, state: 'pending', happened: 'created', by: client },
    next: `Worker: \`POST /api/negotiations/:id/round\`, or \`decline\`, within ${timers.silence}, or it expires and counts as not answered.`,
    words: {
      text: `A negotiation has begun: the freelancer makes an offer, agrees or declines within ${timers.silence}, or it expires.`,
    },
  },
  {
    name: 'negotiation.updated',
    when: 'A round, an agreement, a refusal, a contact shared, or the end; told to both.',
    example: { ...ofNegotiation, state: 'in_progress', happened: 'round', by: worker },
    next: `Whoever did not move last: \`round\`, \`agree\` or \`decline\` within ${timers.silence}, or it expires.`,
    words: {
      text: {
        by: 'happened',
        cases: {
          round: `Round {round_number} of a negotiation: {rate_cents} an hour, {hours_per_week} hours a week. The other side has ${timers.silence} to answer.`,
          agreed:
            'Both sides have agreed on {rate_cents} an hour for {hours_per_week} hours a week: there is a contract to approve.',
          declined: 'A negotiation was declined.',
          expired: 'A negotiation has expired[: {reason}].',
          reopened: 'A contract goes back into negotiation, with another round for each side.',
          contact_shared: 'A contact was shared in a negotiation.',
        },
        otherwise: 'There is news in a negotiation; it is {state}.',
      },
    },
  },
  {
    name: 'contract.created',
    when: 'Both agreed, and a contract waits for both approvals; told to both.',
    example: { ...ofContract, status: 'pending_owner_approval' },
    next: `Both: \`POST /api/contracts/:id/approve\`, or \`revise\`, within ${timers.approval}, or it expires.`,
    words: {
      text: `The contract “{title}” waits for both approvals, within ${timers.approval}, or it expires.`,
      urgent: true,
    },
  },
  {
    name: 'contract.updated',
    when: 'A contract has another status, or something has happened to a milestone of it, which `reason` says; told to both.',
    example: {
      ...ofContract,
      milestone_id: milestone,
      position: 1,
      amount_cents: 45000,
      status: 'active',
      milestone_status: 'delivered',
      reason: 'milestone_delivered',
    },
    next: `\`pending_freelancer_kyc\`: the worker follows \`GET /api/contracts/:id/connect-link\`, and \`pending_client_funding\`: the client funds the first milestone, each within ${timers.activation} of the second approval, or it expires. \`milestone_proposed\`: the other side approves within ${timers.proposed}, and \`milestone_approved\`: the client funds within ${timers.unfunded}, or it is cancelled. \`milestone_delivered\`: the client releases it, or disputes it with \`POST /api/disputes/create\`, within ${timers.acceptance}, or it is paid. \`cancel_asked\`: the worker disputes it within ${timers.cancelAsked}, or the money goes back.`,
    words: {
      text: {
        by: 'reason',
        cases: {
          milestone_proposed: `A milestone[ of {amount_cents}] was proposed in “{title}”: the other side approves it within ${timers.proposed}.`,
          milestone_approved: `A milestone[ of {amount_cents}] was approved in “{title}”: the client funds it within ${timers.unfunded}.`,
          milestone_delivered: `Work was delivered in “{title}”: the client releases the milestone[ of {amount_cents}] or disputes it within ${timers.acceptance}, or it is paid.`,
          milestone_refunded: 'A milestone[ of {amount_cents}] of “{title}” was given back to its client.',
          milestone_overdue:
            'A milestone[ of {amount_cents}] of “{title}” was not delivered in time: its money went back.',
          milestone_cancelled: 'A milestone[ of {amount_cents}] of “{title}” was cancelled.',
          milestone_lapsed:
            'A milestone[ of {amount_cents}] of “{title}” was not taken further in time and is cancelled.',
          milestone_frozen: 'A bank asks for a payment back: a milestone[ of {amount_cents}] of “{title}” is frozen.',
          milestone_thawed: 'A milestone[ of {amount_cents}] of “{title}” is not frozen any more.',
          milestone_charged_back: 'A bank has taken the money of a milestone[ of {amount_cents}] of “{title}” back.',
          cancel_asked: `The client of “{title}” asks to cancel a milestone[ of {amount_cents}]: its worker may dispute that within ${timers.cancelAsked}.`,
          reminder:
            'Delivered work in “{title}” still waits for its client: release[ {amount_cents}] or dispute, or it is paid when the time is over.',
        },
        otherwise: 'The contract “{title}” is {status} now.',
      },
    },
  },
  {
    name: 'contract.milestone.funded',
    when: 'The money of a milestone is in escrow; told to both.',
    example: { ...ofMilestone, position: 1, amount_cents: 45000, source: 'card', status: 'funded' },
    next: `Worker: \`POST /api/contracts/:id/milestones/:milestone_id/deliver\` before its \`due_at\`, ${timers.delivery} from now unless a day was named; undelivered ${timers.overdue} later it is refunded.`,
    words: { text: 'A milestone of {amount_cents} is funded: its worker can begin.' },
  },
  {
    name: 'contract.milestone.released',
    when: 'A milestone is paid, because it was released, accepted in silence or awarded by a dispute (`reason`); told to both.',
    example: {
      ...ofMilestone,
      position: 1,
      amount_cents: 45000,
      status: 'released',
      released_cents: 42750,
      fee_cents: 2250,
      arbitration_cents: null,
      refunded_cents: null,
      reason: 'released',
    },
    next: 'Worker: the money comes after the payout delay you agreed on. Both: the next milestone, or `POST /api/contracts/:id/reviews` once the contract is completed.',
    words: { text: 'A milestone of {amount_cents} is released: its worker gets {released_cents}.' },
  },
  {
    name: 'dispute.created',
    when: 'A dispute was opened and its milestone is frozen; told to both.',
    example: ofDispute('open', 'opened'),
    next: `The other side: \`POST /api/disputes/:id/respond\` with evidence within ${timers.response} of this notice, or the recommendation is made without it.`,
    words: {
      text: `A dispute was opened by the {disputing_party}, and its milestone is frozen: the other side has ${timers.response} to answer with evidence.`,
      urgent: true,
    },
  },
  {
    name: 'dispute.updated',
    when: 'A dispute was answered, recommended on or resolved, its time to answer ran out, or you are reminded to answer; told to both, a reminder to the other side only.',
    example: ofDispute('responded', 'responded'),
    next: `\`reminder\`: \`POST /api/disputes/:id/respond\` within ${timers.response} of \`dispute.created\`. Otherwise nothing is due: what no operator has decided ${timers.decision} after the answer, or after the time for it, the market decides.`,
    words: {
      text: {
        by: 'reason',
        cases: {
          reminder: `A dispute waits for your evidence: you have ${timers.responseReminder} left, or it is decided without it.`,
          not_answered: 'A dispute was not answered in time.',
          responded: 'A dispute was answered with evidence.',
          recommended: 'There is a recommendation in a dispute.',
          resolved: 'A dispute is resolved[: {worker_share_percent} % go to the worker].',
        },
        otherwise: 'There is news in a dispute; it is {status}.',
      },
      urgent: true,
    },
  },
  {
    name: 'review.waiting',
    when: 'A review of yours waits for an operator, because the rules doubt it.',
    example: { ...ofReview, status: 'waiting' },
    next: `Nothing is due: without an operator it is published after ${timers.review}.`,
    words: { text: 'A review of {rating} out of 5 waits for an operator to look at it.' },
  },
  {
    name: 'review.published',
    when: 'A review is public; told to who wrote it and whom it is about.',
    example: { ...ofReview, status: 'published' },
    next: 'Nothing is due.',
    words: { text: 'A review of {rating} out of 5 is public now.' },
  },
  {
    name: 'review.rejected',
    when: 'A review is not shown, or not any more; told to who wrote it, and to whom it is about if it was public.',
    example: { ...ofReview, status: 'rejected' },
    next: 'Nothing is due.',
    words: { text: 'A review of {rating} out of 5 is not shown.' },
  },
]

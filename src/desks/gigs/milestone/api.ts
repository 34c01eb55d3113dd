import { z } from 'zod'
import { contract, endpoint } from '../../../base/endpoint.ts'
import { edgeRefusals, refusing } from '../../../base/refusals.ts'
import { AttachmentId } from '../../../core/files/attachment.ts'
import { contractRefusals } from '../contract/api.ts'
import { Milestone, milestoneLimits } from '../contract/milestone.ts'
import { Contract } from '../contract/show-contract.ts'

const { contract_not_found, contract_expired, contract_wrong_state, not_your_side } = contractRefusals
const { milestone_not_found, milestone_wrong_state, milestone_expired } = contractRefusals

export const milestoneRefusals = {
  contract_not_found,
  contract_expired,
  contract_wrong_state,
  not_your_side,
  milestone_not_found,
  milestone_wrong_state,
  milestone_expired,
  milestone_frozen: [
    'wrong_state',
    'This milestone is frozen: it is disputed, or a bank has taken its money back. Nobody moves it until that is decided.',
  ],
  too_many_milestones: [
    'wrong_state',
    `A contract has at most ${milestoneLimits.perContract} milestones in its time; agree on a new contract for more.`,
  ],
  due_at_out_of_range: ['invalid', 'due_at has to be in the future, and at most a year ahead.'],
  delivery_missing: [
    'invalid',
    `Say what you deliver: a note of at least ${milestoneLimits.noteMin} characters, or attachments (POST /api/attachments, then their ids).`,
  ],
  attachment_unusable: ['invalid', 'An attachment is unknown, not yours, not fully uploaded, or attached already.'],
} as const

export const refuseMilestone = refusing({ ...edgeRefusals, ...milestoneRefusals })

const OfContract = z.strictObject({ id: z.uuid().describe('Of the contract.') })
const Id = OfContract.extend({ milestone_id: z.uuid().describe('Of the milestone.') })

/** What every verb on a milestone answers: how it and its contract are then. */
export const Moved = z.strictObject({ milestone: Milestone, contract: Contract })

const onMilestone = [
  'contract_not_found',
  'milestone_not_found',
  'milestone_frozen',
  'contract_wrong_state',
  'milestone_wrong_state',
  'milestone_expired',
] as const

const milestoneId = '01a20226-00b7-7bc1-9461-989abfd9ed53'

/** The milestones of an active contract: one piece of work each, funded, delivered and paid for one after the other. */
export const milestonesApi = contract('milestones', milestoneRefusals, {
  propose: endpoint({
    route: 'POST /api/contracts/:id/milestones',
    summary: 'Propose one more milestone; it counts once the other side approves it, within 7 days.',
    description:
      'Either side may, from the moment both have approved the contract until it ends. The client funds milestones in their order: one can be funded when the one before it is delivered or over.',
    kind: 'transaction',
    access: 'caller',
    suspendable: true,
    scope: 'gigs',
    input: OfContract.extend({
      title: z.string().trim().min(1, 'is missing').max(200).describe('What is to be done, in a line.'),
      amount_cents: z
        .int()
        .min(0)
        .max(50_000_000)
        .refine((cents) => cents === 0 || cents >= 100, 'must be 0, or at least 100')
        .describe('In cents: 0, or 100 to 50,000,000.'),
      due_at: z.iso
        .datetime({ offset: true })
        .optional()
        .describe('When the work should be there, at most a year ahead; 30 days after it is funded unless you say.'),
    }),
    answers: { 201: Moved },
    refusals: [
      'contract_not_found',
      'contract_wrong_state',
      'contract_expired',
      'too_many_milestones',
      'due_at_out_of_range',
    ],
    example: { input: { title: 'Paint the lantern room', amount_cents: 20000 } },
  }),
  approve: endpoint({
    route: 'POST /api/contracts/:id/milestones/:milestone_id/approve',
    summary: 'Agree to a milestone that the other side has proposed; the client then has 14 days to fund it.',
    description: 'The 14 days begin when it can be funded: when the one before it is delivered or over.',
    kind: 'transaction',
    access: 'caller',
    suspendable: true,
    scope: 'gigs',
    input: Id,
    answers: { 200: Moved },
    refusals: [...onMilestone, 'contract_expired', 'not_your_side'],
    example: { input: { milestone_id: milestoneId } },
  }),
  deliver: endpoint({
    route: 'POST /api/contracts/:id/milestones/:milestone_id/deliver',
    summary: 'The worker hands in the work: a note, files, or both.',
    description:
      'The client has 14 days to release or dispute it, and is reminded after 7 and 12; a client who says nothing has accepted it. A cancellation that was asked for is void. Without this call a client may release the money all the same.',
    kind: 'transaction',
    access: 'caller',
    scope: 'gigs',
    input: Id.extend({
      note: z
        .string()
        .trim()
        .max(10_000)
        .optional()
        .describe('What was done; at least 20 characters unless there are attachments.'),
      attachments: z
        .array(AttachmentId)
        .max(milestoneLimits.attachments)
        .optional()
        .describe('Your own uploads, by id; both sides can read them from then on.'),
    }),
    answers: { 200: Moved },
    refusals: [...onMilestone, 'not_your_side', 'delivery_missing', 'attachment_unusable'],
    example: {
      input: { milestone_id: milestoneId, note: 'Both coats are on; the pictures show it from all sides.' },
    },
  }),
  release: endpoint({
    route: 'POST /api/contracts/:id/milestones/:milestone_id/release',
    summary: 'The client pays the worker for a milestone, delivered or not; for good.',
    description:
      'Out of escrow, less the fee that was fixed when it was funded; it is paid out after the agreed delay. At $0 only the status changes. A milestone that is released already is answered as it is.',
    kind: 'transaction',
    access: 'caller',
    suspendable: true,
    scope: 'gigs',
    input: Id,
    answers: { 200: Moved },
    refusals: [...onMilestone, 'not_your_side'],
    example: { input: { milestone_id: milestoneId } },
  }),
  refund: endpoint({
    route: 'POST /api/contracts/:id/milestones/:milestone_id/refund',
    summary: 'The worker gives the money of a milestone back; it goes where it came from.',
    kind: 'transaction',
    access: 'caller',
    scope: 'gigs',
    input: Id,
    answers: { 200: Moved },
    refusals: [...onMilestone, 'not_your_side'],
    example: { input: { milestone_id: milestoneId } },
  }),
  cancel: endpoint({
    route: 'POST /api/contracts/:id/milestones/:milestone_id/cancel',
    summary: 'Call a milestone off: at once before it is funded; afterwards the client asks for the money back.',
    description:
      'Not funded: either side, at once. Funded: the client asks, and 72 hours later the money goes back where it came from, unless the worker has delivered or disputed it by then. Delivered: release or dispute it.',
    kind: 'transaction',
    access: 'caller',
    scope: 'gigs',
    input: Id,
    answers: { 200: Moved },
    refusals: [...onMilestone, 'not_your_side'],
    example: { input: { milestone_id: milestoneId } },
  }),
})

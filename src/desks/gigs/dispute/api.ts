import { z } from 'zod'
import { contract, endpoint } from '../../../base/endpoint.ts'
import { Cursor, Limit } from '../../../base/page.ts'
import { edgeRefusals, refusing } from '../../../base/refusals.ts'
import { Note } from '../../../core/operators/api.ts'
import { WebsiteUrl } from '../../../core/profiles/profile.ts'
import { Dispute, disputeLimits, disputeStates, evidenceTypes, OperatorDispute } from './dispute.ts'

export const disputeRefusals = {
  dispute_not_found: ['not_found', 'There is no such dispute, or it is not yours to see.'],
  contract_not_found: ['not_found', 'There is no such contract, or it is not yours to see.'],
  milestone_not_found: ['not_found', 'This contract has no such milestone.'],
  not_your_party: ['invalid', 'disputing_party must be your own side of the contract; see your_role of the contract.'],
  disputed_already: [
    'conflict',
    'This milestone has been disputed already, and it can be once; see GET /api/disputes?contract_id=.',
  ],
  nothing_at_stake: ['wrong_state', 'This milestone is for $0: there is no money to decide about.'],
  milestone_not_disputable: [
    'wrong_state',
    'Only a milestone that is funded or delivered can be disputed, before its money has gone anywhere.',
  ],
  contract_not_active: [
    'wrong_state',
    'The contract is not active: cancel it, and what is funded goes back (POST /api/contracts/:id/cancel).',
  ],
  dispute_too_late: [
    'wrong_state',
    'The time for it is over: a delivered milestone can be disputed for 14 days, a funded one until its deadline_at.',
  ],
  milestone_with_bank: [
    'wrong_state',
    'The bank of whoever paid has taken the money back: it decides first, and nothing can be done here until it has.',
  ],
  too_many_disputes: [
    'wrong_state',
    `You have ${disputeLimits.open} open disputes, which is the most: wait until one is resolved.`,
  ],
  not_the_respondent: ['forbidden', 'Only the side that has not opened the dispute answers it.'],
  answered_already: ['wrong_state', 'You have answered this dispute already, and it can be answered once.'],
  response_too_late: ['wrong_state', 'The response_deadline is over: the dispute is decided without your answer.'],
  dispute_resolved: ['wrong_state', 'This dispute is resolved; see its resolution.'],
  dispute_over: ['wrong_state', 'The time for this dispute is over: the market is deciding it.'],
  dispute_changed: ['conflict', 'The other side has answered while this was being read; ask again.'],
  own_dispute: ['forbidden', 'You are a party to this dispute: another operator has to decide it.'],
  attachment_unusable: ['invalid', 'An attachment is unknown, not yours, not fully uploaded, or attached already.'],
  AGENT_PAUSED: [
    'unavailable',
    'This hosted agent has reached its limit of calls of a model this month (llm_quota): raise it with PATCH /api/agents/:id, or wait.',
  ],
} as const

export const refuseDispute = refusing({ ...edgeRefusals, ...disputeRefusals })

/** What a browser makes of an address and what is read there must be the same: nothing that is left out, and nobody's name before the host. */
const EvidenceUrl = WebsiteUrl.refine((url) => !/[\s\p{Cc}\p{Cf}\\]/u.test(url), {
  error: 'must not have spaces, backslashes or invisible characters in it',
}).refine((url) => !/^[^/]*\/\/[^/?#]*@/.test(url), { error: 'must not name a user before the host' })

const EvidenceGiven = z
  .strictObject({
    type: z.enum(evidenceTypes),
    url: EvidenceUrl.optional().describe('Where it is to be seen: http or https.'),
    description: z
      .string()
      .trim()
      .min(1, 'must say something, or be left out')
      .max(10_000, 'must be at most 10,000 characters')
      .optional(),
    attachment_id: z
      .uuid()
      .optional()
      .describe('An upload of your own (POST /api/attachments), attached to nothing yet.'),
  })
  .refine(
    ({ url, description, attachment_id: file }) => url !== undefined || description !== undefined || file !== undefined,
    {
      error: 'must have a description, a url or an attachment_id',
    },
  )

/** What somebody shows: up to 20 items. */
const EvidenceList = z
  .array(EvidenceGiven)
  .max(disputeLimits.evidence, `must be at most ${disputeLimits.evidence} items`)
export type EvidenceGiven = z.output<typeof EvidenceGiven>

const id = z.uuid().describe('Of the dispute.')
const Id = z.strictObject({ id })
const Status = z.enum(disputeStates).optional().describe('Only those in this state.')
const operators = { access: 'operator', scope: 'account' } as const

/** Disagreements over milestones: frozen, answered, and decided by an operator or, in the end, by the market. */
export const disputesApi = contract('disputes', disputeRefusals, {
  create: endpoint({
    route: 'POST /api/disputes/create',
    summary: 'Dispute a milestone of yours that is funded or delivered; its money is frozen until it is decided.',
    description:
      'A funded milestone at any time, a delivered one for 14 days; once a milestone. The other side has 24 hours to answer. If no operator decides within 72 hours after that, the market does: by a stored recommendation, else by fixed rules, the first that fits: nothing was delivered: the client; the other side is silent and you gave evidence: you; else it goes on as if there had been no dispute.',
    kind: 'transaction',
    access: 'caller',
    scope: 'gigs',
    input: z.strictObject({
      contract_id: z.uuid().describe('The contract, which has to be active.'),
      milestone_id: z.uuid().describe('The milestone of it that you dispute.'),
      disputing_party: z.enum(['client', 'worker']).describe('Your own side of the contract.'),
      reason: z
        .string()
        .trim()
        .min(1, 'must say what the matter is')
        .max(10_000, 'must be at most 10,000 characters')
        .describe('What the matter is, for the other side and for whoever decides.'),
      evidence: EvidenceList.default([]).describe('What you show for it.'),
    }),
    answers: { 201: Dispute },
    refusals: [
      'contract_not_found',
      'milestone_not_found',
      'not_your_party',
      'disputed_already',
      'nothing_at_stake',
      'milestone_not_disputable',
      'contract_not_active',
      'dispute_too_late',
      'milestone_with_bank',
      'too_many_disputes',
      'attachment_unusable',
    ],
    example: {
      input: {
        contract_id: '01a20226-00b5-7bc1-9461-989abfd9ed53',
        milestone_id: '01a20226-00b7-7bc1-9461-989abfd9ed53',
        disputing_party: 'client',
        reason: 'Half of the pages are missing.',
        evidence: [{ type: 'deployed_url', url: 'https://example.com/site', description: 'The third page is empty.' }],
      },
    },
  }),
  disputes: endpoint({
    route: 'GET /api/disputes',
    summary: 'The disputes you are a party to, newest first.',
    kind: 'read',
    access: 'caller',
    scope: 'gigs',
    input: z.strictObject({
      status: Status,
      contract_id: z.uuid().optional().describe('Only those of this contract.'),
      limit: Limit,
      cursor: Cursor,
    }),
    answers: { 200: z.array(Dispute) },
    refusals: ['invalid_input'],
  }),
  dispute: endpoint({
    route: 'GET /api/disputes/:id',
    summary: 'One dispute, for its two parties; with ?evidence=1 also what both have shown.',
    kind: 'read',
    access: 'caller',
    scope: 'gigs',
    input: Id.extend({ evidence: z.enum(['0', '1']).default('0').describe('1: also the list of evidence.') }),
    answers: { 200: Dispute },
    refusals: ['dispute_not_found'],
  }),
  respond: endpoint({
    route: 'POST /api/disputes/:id/respond',
    summary:
      'Answer a dispute that the other side has opened, with evidence of your own, before its response_deadline.',
    description: 'Once. What was recommended before is judged again with your answer.',
    kind: 'transaction',
    access: 'caller',
    scope: 'gigs',
    input: Id.extend({ evidence: EvidenceList.default([]).describe('What you show for your side.') }),
    answers: { 200: Dispute },
    refusals: [
      'dispute_not_found',
      'not_the_respondent',
      'answered_already',
      'response_too_late',
      'dispute_resolved',
      'attachment_unusable',
    ],
    example: { input: { evidence: [{ type: 'github_commit', url: 'https://github.com/ada/site/commit/4f1c2d' }] } },
  }),
  recommend: endpoint({
    route: 'POST /api/disputes/:id/recommend',
    summary: 'Ask how the dispute might be decided; the recommendation is stored on it.',
    description:
      'Either party may, and again when something has changed. It is what the market decides if no operator has decided otherwise in time. Without a model the fixed rules are what it is made by.',
    kind: 'outside',
    access: 'caller',
    scope: 'gigs',
    input: Id,
    answers: { 200: Dispute },
    refusals: ['dispute_not_found', 'dispute_resolved', 'dispute_over', 'dispute_changed', 'AGENT_PAUSED'],
  }),
  undecided: endpoint({
    route: 'GET /api/operator/disputes',
    summary: 'The disputes of the market, newest first; without a status those that are undecided.',
    kind: 'read',
    ...operators,
    input: z.strictObject({
      status: Status,
      dispute_id: z.uuid().optional().describe('Only this one, whatever its state, with what both sides have shown.'),
      limit: Limit,
      cursor: Cursor,
    }),
    answers: { 200: z.array(OperatorDispute) },
    refusals: ['invalid_input'],
  }),
  resolve: endpoint({
    route: 'POST /api/operator/disputes/:id/resolve',
    summary: 'Decide a dispute: the worker gets this part of the milestone, the client the rest.',
    description:
      'Fees are taken of the worker’s part only, the arbitration fee of the part of whoever is awarded less than half. Both sides read the note.',
    kind: 'transaction',
    ...operators,
    input: Id.extend({
      worker_share_percent: z.int().min(0).max(100).describe('Of what the milestone holds, before fees.'),
      note: Note.describe('Why; both parties read it, and it stands in the audit.'),
    }),
    answers: { 200: OperatorDispute },
    refusals: ['dispute_not_found', 'dispute_resolved', 'own_dispute', 'milestone_with_bank'],
    example: { input: { worker_share_percent: 60, note: 'Three of five pages are there.' } },
  }),
})

import { z } from 'zod'
import { contract, endpoint } from '../../../base/endpoint.ts'
import { Cursor, Limit } from '../../../base/page.ts'
import { edgeRefusals, refusing } from '../../../base/refusals.ts'
import { contractRefusals } from '../contract/api.ts'
import { ContractReview, OperatorReview, reviewStates } from './review.ts'

export const reviewRefusals = {
  contract_not_found: contractRefusals.contract_not_found,
  contract_not_completed: [
    'wrong_state',
    'A contract is reviewed when it is completed, and this one is not: every milestone has to be released, refunded or cancelled first.',
  ],
  review_exists: [
    'conflict',
    'You have reviewed this contract already, and a side does so once; see GET /api/contracts/<id>/reviews.',
  ],
  review_not_found: ['not_found', 'There is no such review; list them with GET /api/operator/reviews.'],
  review_published_already: ['wrong_state', 'This review is published already.'],
  review_rejected_already: ['wrong_state', 'This review is rejected already.'],
} as const

export const refuseReview = refusing({ ...edgeRefusals, ...reviewRefusals })

const ContractId = z.strictObject({ id: z.uuid().describe('Of the contract.') })
const operators = { access: 'operator', scope: 'account' } as const
const Decided = z.strictObject({
  id: z.uuid().describe('Of the review.'),
  note: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(10_000)
    .optional()
    .describe('Why; it stands in the audit, and its author sees it.'),
})

/** What the two sides of a completed contract say of each other, and what operators do about it. */
export const reviewsApi = contract('reviews', reviewRefusals, {
  review: endpoint({
    route: 'POST /api/contracts/:id/reviews',
    summary: 'Review the other side of a completed contract, once.',
    description:
      'It is published at once, unless it shows contact details, links, insults, personal data, gibberish or stars for money: what surely does is rejected, with the reason, and what may do so waits for an operator, for 7 days at most. It counts in the average if at least $10 was released between you two, once a calendar year.',
    kind: 'transaction',
    access: 'caller',
    suspendable: true,
    scope: 'gigs',
    input: ContractId.extend({
      rating: z.int().min(1).max(5).describe('1 to 5 stars.'),
      review_text: z.string().trim().max(10_000, 'must be at most 10,000 characters').default('').describe('Why.'),
    }),
    answers: { 201: ContractReview },
    refusals: ['contract_not_found', 'contract_not_completed', 'review_exists'],
    example: { input: { rating: 5, review_text: 'On time, and the tests are better than ours.' } },
  }),
  contract_reviews: endpoint({
    route: 'GET /api/contracts/:id/reviews',
    summary: 'What the two sides have said of each other: your own review, and theirs once it is published.',
    kind: 'read',
    access: 'caller',
    scope: 'gigs',
    input: ContractId,
    answers: { 200: z.array(ContractReview).describe('At most two.') },
    refusals: ['contract_not_found'],
  }),
  operator_reviews: endpoint({
    route: 'GET /api/operator/reviews',
    summary: 'Reviews for operators, newest first: those that wait for you, unless you ask for others.',
    kind: 'read',
    ...operators,
    input: z.strictObject({
      status: z.enum(reviewStates).default('waiting').describe('Only reviews in this state.'),
      limit: Limit,
      cursor: Cursor,
    }),
    answers: { 200: z.array(OperatorReview) },
    refusals: ['invalid_input'],
  }),
  publish: endpoint({
    route: 'POST /api/operator/reviews/:id/publish',
    summary: 'Publish a review that waits or was rejected.',
    kind: 'transaction',
    ...operators,
    input: Decided,
    answers: { 200: OperatorReview },
    refusals: ['review_not_found', 'review_published_already'],
    example: { input: { note: 'The number is that of a standard, not of a telephone.' } },
  }),
  reject: endpoint({
    route: 'POST /api/operator/reviews/:id/reject',
    summary: 'Reject a review that waits, or take a published one back.',
    kind: 'transaction',
    ...operators,
    input: Decided,
    answers: { 200: OperatorReview },
    refusals: ['review_not_found', 'review_rejected_already'],
    example: { input: { note: 'It names the street they live in.' } },
  }),
})

import { z } from 'zod'
import { iso } from '../../../base/page.ts'
import { life } from '../../../base/states.ts'
import { timers } from '../timers.ts'

export const reviewStates = ['waiting', 'published', 'rejected'] as const
export type ReviewStatus = (typeof reviewStates)[number]

export type ReviewParty = 'operator' | 'market'

/** The life of a review. What nobody looks at is published, so that an operator's silence hides nothing. */
export const reviewLife = life(reviewStates, {
  pass: { from: ['waiting'], to: 'published', by: ['market'], note: 'the rules find nothing' },
  refuse: { from: ['waiting'], to: 'rejected', by: ['market'], note: 'the rules are sure' },
  pass_in_silence: {
    from: ['waiting'],
    to: 'published',
    by: ['market'],
    note: 'the rules were in doubt, and no operator has decided for 7 days',
  },
  publish: { from: ['waiting', 'rejected'], to: 'published', by: ['operator'] },
  reject: { from: ['waiting', 'published'], to: 'rejected', by: ['operator'] },
} satisfies Record<
  string,
  { from: ReviewStatus[]; to: ReviewStatus | 'same'; by: ReviewParty[]; verb?: string; quiet?: boolean; note?: string }
>)

/** A review counts in averages only if at least this much was released between its two people. */
export const countsFromCents = 1_000

const timestamp = z.string().describe('ISO 8601, UTC.')

/** A review as the two sides of its contract see it. */
export const ContractReview = z
  .strictObject({
    id: z.uuid(),
    contract_id: z.uuid(),
    reviewer_user_id: z.uuid(),
    reviewee_user_id: z.uuid(),
    rating: z.int().describe('1 to 5.'),
    review_text: z.string(),
    status: z.enum(reviewStates).describe('Published: everybody sees it. Waiting: an operator looks at it first.'),
    reason: z.string().nullable().describe('Why it waits or was rejected; for its author alone.'),
    publishes_at: timestamp.nullable().describe('When it is published by itself, if it waits and no operator decides.'),
    released_cents: z.int().describe('What the contract had released when it was written.'),
    counted: z.boolean().describe('Whether it goes into the average of whom it is about.'),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'ContractReview' })
export type ContractReview = z.infer<typeof ContractReview>

/** A review as operators see it. */
export const OperatorReview = ContractReview.extend({
  reviewer_display_name: z.string(),
  reviewee_display_name: z.string(),
  moderated_by: z.string().nullable().describe('rules, clock, or the id of the operator who decided.'),
  can: z.array(z.string()).describe('What you may do with it now.'),
}).meta({ id: 'OperatorReview' })
export type OperatorReview = z.infer<typeof OperatorReview>

/** A review's row as SQL writes it into JSON. */
export interface ReviewRow {
  readonly id: string
  readonly contract_id: string
  readonly reviewer_id: string
  readonly reviewee_id: string
  readonly reviewer_name: string
  readonly reviewee_name: string
  readonly rating: number
  readonly review_text: string
  readonly status: ReviewStatus
  readonly released_cents: number
  readonly counted: boolean
  readonly moderated_by: string | null
  readonly moderation_note: string | null
  readonly publishes_at: string
  readonly created_at: string
  readonly updated_at: string
}

/** What a review's row is read as, from `review r`. */
export const reviewRow = `r.*, (select name from app_user where id = r.reviewer_id) as reviewer_name,
  (select name from app_user where id = r.reviewee_id) as reviewee_name, r.created_at + interval '${timers.review}' as publishes_at`

const isWaiting = ({ status }: ReviewRow): boolean =>
  reviewLife.moves.pass_in_silence.from.some((one) => one === status)

const show = (row: ReviewRow, isAuthor: boolean): ContractReview => ({
  id: row.id,
  contract_id: row.contract_id,
  reviewer_user_id: row.reviewer_id,
  reviewee_user_id: row.reviewee_id,
  rating: row.rating,
  review_text: row.review_text,
  status: row.status,
  reason: isAuthor ? row.moderation_note : null,
  publishes_at: isWaiting(row) ? iso(row.publishes_at) : null,
  released_cents: row.released_cents,
  counted: row.counted,
  created_at: iso(row.created_at),
  updated_at: iso(row.updated_at),
})

/** A review for one of the two sides of its contract. */
export const showReview = (row: ReviewRow, viewer: string): ContractReview => show(row, row.reviewer_id === viewer)

/** A review for an operator, with what they may do with it. */
export const showToOperator = (row: ReviewRow): OperatorReview => ({
  ...show(row, true),
  reviewer_display_name: row.reviewer_name,
  reviewee_display_name: row.reviewee_name,
  moderated_by: row.moderated_by,
  can: reviewLife.can(row.status, ['operator']),
})

import { life } from '../../../base/states.ts'

export const reviewStates = ['waiting', 'published', 'rejected'] as const
export type ReviewStatus = (typeof reviewStates)[number]

export type ReviewParty = 'operator' | 'market'

/** The life of a review. What nobody looks at is published, so that an operator's silence hides nothing. */
export const reviewLife = life(reviewStates, {
  pass: { from: ['waiting'], to: 'published', by: ['market'], note: 'the rules find nothing' },
  refuse: { from: ['waiting'], to: 'rejected', by: ['market'], note: 'the rules are sure' },
  publish: { from: ['waiting', 'rejected'], to: 'published', by: ['operator'] },
  reject: { from: ['waiting', 'published'], to: 'rejected', by: ['operator'] },
} satisfies Record<
  string,
  { from: ReviewStatus[]; to: ReviewStatus | 'same'; by: ReviewParty[]; verb?: string; quiet?: boolean; note?: string }
>)

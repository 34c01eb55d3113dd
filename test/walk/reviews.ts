import { type ContractReview, reviewLife } from '../../src/desks/gigs/review/review.ts'
import { twoSides } from '../gigs/contract-stage.ts'
import { active } from '../gigs/milestone-stage.ts'
import { decideOn, reviewIt } from '../gigs/review-stage.ts'
import { went } from '../journeys/desk.ts'
import { askersOf, clockOnly, forNothing, ids, release } from './sides.ts'
import type { Ground, Noun, Way } from './thing.ts'

const reviewWay = (
  kind: string,
  text: string,
  step?: (ground: Ground, one: ContractReview) => Promise<unknown>,
): Way => ({
  kind,
  async make(ground) {
    const sides = await twoSides(ground.market)
    const contract = await active(ground.market, sides, forNothing)
    await release(sides.client, contract.first)
    const review = went(await reviewIt(sides.client, contract.id, { rating: 2, review_text: text }), 201)
    await step?.(ground, review)
    return {
      id: review.id,
      path: { id: review.id },
      askers: await askersOf(ground, sides),
      told: ids(sides),
      ref: null,
    }
  },
})

export const reviewNoun: Noun = {
  name: 'review',
  life: reviewLife,
  table: 'review',
  column: 'status',
  // An operator may come back to it at any time; nobody has to.
  rests: ['published', 'rejected'],
  verbs: [
    { verb: 'publish', endpoint: 'reviews.publish' },
    { verb: 'reject', endpoint: 'reviews.reject' },
  ],
  ways: {
    waiting: [reviewWay('doubtful', 'What a liar.')],
    published: [reviewWay('plain', 'On time.')],
    rejected: [
      reviewWay('by the rules', 'Write to me@example.com'),
      clockOnly(
        reviewWay('by an operator', 'On time.', async ({ operator }, one) =>
          went(await decideOn(operator, 'reject', one)),
        ),
      ),
    ],
  },
}

import { reply, type VerbOf } from '../../../base/endpoint.ts'
import { audit } from '../../../core/operators/audit.ts'
import { refuseReview, type reviewsApi } from './api.ts'
import { decideReview, lockPair } from './decide.ts'
import { readReview } from './queries.ts'
import { showToOperator } from './review.ts'

type Deciding = VerbOf<(typeof reviewsApi)['endpoints']['publish' | 'reject']>

/** What the author reads when the operator has said nothing. */
const unsaid = { publish: null, reject: 'An operator has rejected it.' } as const

const refusals = { publish: 'review_published_already', reject: 'review_rejected_already' } as const

/** An operator publishes or rejects a review, with a row in the audit; of two who decide the same, one is told that it has been done. */
const deciding =
  (move: 'publish' | 'reject'): Deciding =>
  async ({ sql, actor }, { id, note }) => {
    const known = await readReview(sql, id)
    if (!known) throw refuseReview('review_not_found')
    await lockPair(sql, { by: known.reviewer_id, of: known.reviewee_id })
    const was = (await readReview(sql, id))!
    if (!(await decideReview(sql, move, id, { by: actor.userId, note: note ?? unsaid[move] })))
      throw refuseReview(refusals[move], { review_id: id })
    await audit(sql, {
      operatorId: actor.userId,
      act: `review.${move}`,
      ref: `review:${id}`,
      data: { note: note ?? null, was: was.status },
    })
    return reply(200, showToOperator((await readReview(sql, id))!))
  }

export const publishReview: Deciding = deciding('publish')
export const rejectReview: Deciding = deciding('reject')

import { reply, room } from '../../../base/endpoint.ts'
import { readOwnContract } from '../contract/queries.ts'
import { pageOf } from '../page-of.ts'
import { refuseReview, reviewsApi } from './api.ts'
import { publishReview, rejectReview } from './operate.ts'
import { readContractReviews, readReviews } from './queries.ts'
import { showReview, showToOperator } from './review.ts'
import { writeReview } from './write-review.ts'

export const reviewsRoom = () =>
  room(reviewsApi, {
    review: writeReview,
    contract_reviews: async ({ sql, actor: { userId } }, { id }) => {
      if (!(await readOwnContract(sql, id, userId))) throw refuseReview('contract_not_found')
      const rows = await readContractReviews(sql, id, userId)
      return reply(
        200,
        rows.map((row) => showReview(row, userId)),
      )
    },
    operator_reviews: ({ sql }, input) =>
      pageOf(
        input,
        (page) => readReviews(sql, input.status, page),
        (rows) => rows.map(showToOperator),
      ),
    publish: publishReview,
    reject: rejectReview,
  })

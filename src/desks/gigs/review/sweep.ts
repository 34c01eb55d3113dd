import type { Database } from '../../../base/db.ts'
import { timers } from '../timers.ts'
import { batch, makeTurnsOf } from '../turns-of-clock.ts'
import { decideReview, lockPair } from './decide.ts'
import { readReview } from './queries.ts'
import { reviewLife } from './review.ts'

const due = `select id from review
  where status in (${reviewLife.from('pass_in_silence')}) and created_at <= app_now() - interval '${timers.review}' and id > $1
  order by id limit ${batch}`

/** Publishes what has waited for an operator too long. */
export const sweepReviews = (db: Database): Promise<number> =>
  makeTurnsOf(
    'reviews',
    [
      {
        find: due,
        async move(sql, id) {
          const { reviewer_id: by, reviewee_id: of } = (await readReview(sql, id))!
          await lockPair(sql, { by, of })
          return decideReview(sql, 'pass_in_silence', id, { by: 'clock', note: null })
        },
      },
    ],
    db,
  )

import type { Database } from '../../../base/db.ts'
import { timers } from '../timers.ts'
import { decideReview, lockPair } from './decide.ts'
import { reviewLife } from './review.ts'

/** Reviews a look finds at most; it goes on until one finds fewer. */
const batch = 100

const due = `select id, reviewer_id as by, reviewee_id as of from review
  where status in (${reviewLife.from('pass_in_silence')}) and created_at <= app_now() - interval '${timers.review}' and id > $1
  order by id limit ${batch}`

/** Publishes what has waited for an operator too long, each review in a transaction of its own; any number of processes may at once. */
export async function sweepReviews(db: Database): Promise<number> {
  let moved = 0
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    const found = await db.rows<{ id: string; by: string; of: string }>(due, [after])
    for (const { id, ...pair } of found) {
      const isPublished = await db.transaction(async (sql) => {
        await lockPair(sql, pair)
        return decideReview(sql, 'pass_in_silence', id, { by: 'clock', note: null })
      })
      if (isPublished) moved++
    }
    if (found.length < batch) return moved
    after = found.at(-1)!.id
  }
}

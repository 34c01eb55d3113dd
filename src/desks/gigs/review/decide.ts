import type { Sql } from '../../../base/db.ts'
import { sqlList } from '../../../base/states.ts'
import { tell } from '../../../core/events/write.ts'
import { milestoneLife } from '../contract/milestone.ts'
import { countsFromCents, reviewLife } from './review.ts'

/**
 * One at a time for what somebody says of somebody: whether a review counts depends on their others. Taken before any row of theirs is
 * locked, by everything that decides on a review.
 */
export async function lockPair(sql: Sql, { by, of }: { readonly by: string; readonly of: string }): Promise<void> {
  await sql.rows(`select pg_advisory_xact_lock(hashtextextended('review:' || $1::uuid || $2::uuid, 0))`, [by, of])
}

/** What milestones have released, in SQL over `milestone m`: what was not given back, kept by arbitration, or taken by a bank on its way. */
export const releasedCents = `coalesce(sum(m.amount_cents - coalesce(m.refunded_cents, 0) - coalesce(m.arbitration_cents, 0)
  - coalesce((select taken_cents from payout where payout.ref = 'milestone:' || m.id), 0))
  filter (where m.status in (${sqlList([milestoneLife.moves.release.to])})), 0)`

const counts = (r: string): string => `(
    select ${releasedCents} from contract c join milestone m on m.contract_id = c.id
    where (c.client_id, c.worker_id) in ((${r}.reviewer_id, ${r}.reviewee_id), (${r}.reviewee_id, ${r}.reviewer_id))
  ) >= ${countsFromCents} and not exists (
    select from review o where o.reviewer_id = ${r}.reviewer_id and o.reviewee_id = ${r}.reviewee_id and o.counted
      and date_part('year', o.created_at at time zone 'utc') = date_part('year', ${r}.created_at at time zone 'utc'))`

const deciding = (move: 'pass' | 'refuse' | 'pass_in_silence' | 'publish' | 'reject'): string =>
  `with done as (
     update review r set status = ${reviewLife.to(move)}, moderated_at = app_now(), moderated_by = $2, moderation_note = $3,
       counted = ${reviewLife.to(move) === reviewLife.to('publish') ? counts('r') : 'false'}, updated_at = app_now()
     where r.id = $1 and r.status in (${reviewLife.from(move)})
     returning r.*
   ), was as (
     select id, status from review where id = $1
   ), told as (
     ${tell({
       name: `'review.' || done.status`,
       ref: `'review:' || done.id`,
       // Whom it is about learns of it when everybody may, and when that ends.
       parties: [
         'reviewer_id',
         `case when ${reviewLife.to('publish')} in (done.status, was.status) then reviewee_id end`,
       ],
       data: `json_build_object('review_id', done.id, 'contract_id', contract_id, 'reviewer_user_id', reviewer_id,
         'reviewee_user_id', reviewee_id, 'rating', rating, 'status', done.status)`,
       from: 'done join was using (id)',
     })}
   ) select id from done`

const decisions = {
  pass: deciding('pass'),
  refuse: deciding('refuse'),
  pass_in_silence: deciding('pass_in_silence'),
  publish: deciding('publish'),
  reject: deciding('reject'),
} as const

// The first that was published of a pair and year counts; when it is taken back, the next one does.
const inheritCount = `update review r set counted = true, updated_at = app_now()
  where r.id = (
    select n.id from review gone join review n on n.reviewer_id = gone.reviewer_id and n.reviewee_id = gone.reviewee_id
      and date_part('year', n.created_at at time zone 'utc') = date_part('year', gone.created_at at time zone 'utc')
    where gone.id = $1 and n.status = ${reviewLife.to('publish')} order by n.moderated_at, n.id limit 1)
  and not r.counted and ${counts('r')}`

/**
 * Makes a move of a review's life, with its event, in the caller's transaction and under the lock of its pair; `by` is `rules`, `clock`
 * or an operator. False: it is in no state for that.
 */
export async function decideReview(
  sql: Sql,
  move: keyof typeof decisions,
  id: string,
  { by, note }: { readonly by: string; readonly note: string | null },
): Promise<boolean> {
  const [decided] = await sql.rows(decisions[move], [id, by, note])
  if (decided && move === 'reject') await sql.rows(inheritCount, [id])
  return decided !== undefined
}

import type { Sql } from '../../base/db.ts'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { behind, decodeCursor, encodeCursor, iso } from '../../base/page.ts'
import { type profilesApi, refuseProfile } from './api.ts'
import type { Review } from './profile.ts'

/** The published reviews of somebody, newest first. What waits or was rejected is shown to nobody. */
export async function readReviews(
  { sql }: Call,
  { id, limit, cursor }: Input<typeof profilesApi.endpoints.reviews>,
): Promise<Reply<Review[]>> {
  const after = cursor === undefined ? null : decodeCursor(cursor)
  if (cursor !== undefined && !after)
    throw refuseProfile('invalid_input', { issues: [{ path: 'cursor', message: 'is not one of ours' }] })
  const [user] = await sql.rows(`select 1 from app_user where id = $1 and deleted_at is null`, [id])
  if (!user) throw refuseProfile('profile_not_found')
  const rows = await published(sql, id, limit + 1, after)
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return reply(
    200,
    page.map((review) => ({ ...review, created_at: iso(review.created_at) })),
    rows.length > limit && last ? { 'x-next-cursor': encodeCursor(last.created_at, last.id) } : {},
  )
}

/** A reviewer who has gone is not named. */
async function published(
  sql: Sql,
  reviewee: string,
  limit: number,
  after: { at: string; id: string } | null,
): Promise<Review[]> {
  const rows = await sql.rows<{ row: Review }>(
    `select row_to_json(found) as row from (
       select r.id, r.rating, r.review_text, u.id as reviewer_user_id, u.name as reviewer_display_name,
         r.released_cents, r.counted, r.created_at
       from review r left join app_user u on u.id = r.reviewer_id and u.deleted_at is null
       where r.reviewee_id = $1 and r.status = 'published'
         and ${behind('(r.created_at, r.id)', '$2', '$3')}
       order by r.created_at desc, r.id desc limit $4) as found`,
    [reviewee, after?.at, after?.id, limit],
  )
  return rows.map(({ row }) => row)
}

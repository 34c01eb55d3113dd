import { type Call, type Input, type Reply, reply } from '../../../base/endpoint.ts'
import { tell } from '../../../core/events/write.ts'
import { type gigsApi, refuseGig } from './api.ts'
import { holdOwnGig } from './queries.ts'
import { toldGig } from './told-gig.ts'

const deleteText = `with done as (
  delete from gig where id = $1 returning *
), told as (
  ${tell(toldGig('gig.deleted'))}
) select id from done`

/** Deletes a gig about which nobody has ever negotiated, and the applications to it. */
export async function deleteGig(
  { sql, actor }: Call,
  { id }: Input<(typeof gigsApi)['endpoints']['delete']>,
): Promise<Reply<{ ok: true; deleted: true }>> {
  // Whoever applies or starts to negotiate holds the gig too, so nothing can slip in between the question and the deletion.
  await holdOwnGig(sql, actor.userId, id, 'for update')
  const [negotiation] = await sql.rows(`select from negotiation where gig_id = $1 limit 1`, [id])
  if (negotiation) throw refuseGig('gig_negotiated')
  await sql.rows(`delete from application where gig_id = $1`, [id])
  await sql.rows(deleteText, [id])
  return reply(200, { ok: true, deleted: true })
}

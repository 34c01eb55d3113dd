import { reply, type VerbOf } from '../../../base/endpoint.ts'
import { newId } from '../../../base/ids.ts'
import { tell } from '../../../core/events/write.ts'
import { contractLife } from '../contract/contract.ts'
import { refuseReview, type reviewsApi } from './api.ts'
import { decideReview, lockPair, releasedCents } from './decide.ts'
import { moderate } from './moderate.ts'
import { readReview } from './queries.ts'
import { reviewLife, showReview } from './review.ts'

const writeDown = `insert into review (id, contract_id, reviewer_id, reviewee_id, rating, review_text, status, released_cents, created_at, updated_at)
  select $2, c.id, $3, $4, $5, $6, ${reviewLife.from('pass')},
    (select ${releasedCents} from milestone m where m.contract_id = c.id), app_now(), app_now()
  from contract c where c.id = $1
  on conflict (contract_id, reviewer_id) do nothing returning id`

const wait = `with waiting as (
  update review set moderated_by = 'rules', moderation_note = $2 where id = $1 returning *
) ${tell({
  name: `'review.' || status`,
  ref: `'review:' || id`,
  parties: ['reviewer_id'],
  data: `json_build_object('review_id', id, 'contract_id', contract_id, 'reviewer_user_id', reviewer_id,
    'reviewee_user_id', reviewee_id, 'rating', rating, 'status', status)`,
  from: 'waiting',
})}`

/**
 * A side of a completed contract says once what the other was like. What the rules have nothing against is published with it; what
 * they are sure of is rejected, with the reason; what they doubt waits for an operator, and no longer than 7 days.
 */
export const writeReview: VerbOf<(typeof reviewsApi)['endpoints']['review']> = async (
  { sql, actor: { userId: me } },
  { id: contractId, rating, review_text: text },
) => {
  // A completed contract changes no more: nothing has to be locked to rely on it.
  const [contract] = await sql.rows<{ status: string; other: string }>(
    `select status, case when client_id = $2 then worker_id else client_id end as other
     from contract where id = $1 and $2::uuid in (client_id, worker_id)`,
    [contractId, me],
  )
  if (!contract) throw refuseReview('contract_not_found')
  if (contract.status !== contractLife.moves.complete.to)
    throw refuseReview('contract_not_completed', { contract_id: contractId })
  await lockPair(sql, { by: me, of: contract.other })
  const id = newId()
  const [made] = await sql.rows(writeDown, [contractId, id, me, contract.other, rating, text])
  if (!made) throw refuseReview('review_exists', { contract_id: contractId })
  const { verdict, reason } = moderate(text)
  if (verdict === 'wait') await sql.rows(wait, [id, reason])
  else await decideReview(sql, verdict, id, { by: 'rules', note: reason })
  return reply(201, showReview((await readReview(sql, id))!, me))
}

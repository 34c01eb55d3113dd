import { reply, type VerbOf } from '../../../base/endpoint.ts'
import { timers } from '../timers.ts'
import { type disputesApi, refuseDispute } from './api.ts'
import { type DisputeRow, disputeLife, showDispute } from './dispute.ts'
import { addEvidence } from './evidence.ts'
import { lockDispute, readDispute, readOwnDispute } from './queries.ts'
import { recommendByRules } from './rules.ts'
import { tellDispute } from './tell-dispute.ts'
import { closeAnswer } from './turn.ts'

const answer = `update dispute set status = ${disputeLife.to('respond')}, responded_at = now, due_at = now + interval '${timers.decision}',
    recommendation = case when recommendation is not null then $2::json end, updated_at = now
  from (select app_now() as now) as clock
  where id = $1 and status in (${disputeLife.from('respond')}) and response_deadline > now returning id`

/**
 * The side that has not opened a dispute answers it, once and in time. What was recommended before was said without its answer, so
 * the rules say it again with it.
 */
export const respond: VerbOf<(typeof disputesApi)['endpoints']['respond']> = async (
  { sql, actor: { userId } },
  { id, evidence },
) => {
  await readOwnDispute(sql, id, userId)
  const row = (await lockDispute(sql, id))!
  if (row.respondent_id !== userId) throw refuseDispute('not_the_respondent')
  const recommendation = recommendByRules({ ...row, responded_at: row.now })
  const [answered] = await sql.rows(answer, [id, JSON.stringify(recommendation)])
  if (!answered) throw refusalOf(row)
  await addEvidence(sql, row, userId, evidence)
  await closeAnswer(sql, row, true)
  await tellDispute(sql, id, 'responded')
  return reply(200, showDispute((await readDispute(sql, id))!, userId))
}

function refusalOf(row: DisputeRow): Error {
  const detail = { dispute_id: row.id, can: showDispute(row, row.respondent_id).can }
  if (disputeLife.ended.includes(row.status)) return refuseDispute('dispute_resolved', detail)
  return refuseDispute(row.responded_at !== null ? 'answered_already' : 'response_too_late', detail)
}

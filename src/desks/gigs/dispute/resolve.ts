import { reply, type VerbOf } from '../../../base/endpoint.ts'
import { audit } from '../../../core/operators/audit.ts'
import { type disputesApi, refuseDispute } from './api.ts'
import { refOf, showToOperator } from './dispute.ts'
import { endDispute, lockForDecision } from './end.ts'
import { readEvidence } from './evidence.ts'
import { readDispute } from './queries.ts'

/**
 * An operator decides a dispute with any split, for good: nobody decides it after them. Also past the market's own time, as long as
 * the market has not decided. Never in their own affair, and never before a bank that has taken the money.
 */
export const resolve: VerbOf<(typeof disputesApi)['endpoints']['resolve']> = async (
  { sql, actor: { userId } },
  { id, worker_share_percent: workerShare, note },
) => {
  const row = await lockForDecision(sql, id)
  if (!row) throw refuseDispute('dispute_not_found')
  if (row.opened_by === userId || row.respondent_id === userId) throw refuseDispute('own_dispute')
  if (row.chargeback_id !== null && row.resolved_at === null) throw refuseDispute('milestone_with_bank')
  if (!(await endDispute(sql, row, { by: 'operator', workerShare, operatorId: userId, note })))
    throw refuseDispute('dispute_resolved', { dispute_id: id })
  await audit(sql, {
    operatorId: userId,
    act: 'dispute.resolve',
    ref: refOf(row),
    data: { worker_share_percent: workerShare, note },
  })
  const now = (await readDispute(sql, id))!
  return reply(200, showToOperator(now, await readEvidence(sql, now)))
}

import type { Sql } from '../../../base/db.ts'
import { tell } from '../../../core/events/write.ts'

const data = `json_build_object('dispute_id', d.id, 'contract_id', d.contract_id, 'milestone_id', d.milestone_id,
  'disputing_party', d.disputing_party, 'status', d.status, 'worker_share_percent', d.worker_share_percent, 'reason', $2::text)`

const telling = (name: 'dispute.created' | 'dispute.updated', parties: readonly string[]): string =>
  tell({ name: `'${name}'`, ref: `'dispute:' || d.id`, parties, data, from: 'dispute d where d.id = $1' })

const both = ['d.opened_by', 'd.respondent_id']
const texts = {
  opened: telling('dispute.created', both),
  // Nobody else needs to be told to answer.
  reminder: telling('dispute.updated', ['d.respondent_id']),
  changed: telling('dispute.updated', both),
} as const

/** What may have happened to a dispute, as its events call it; what its parties have written is not in them. */
export type DisputeNews = 'opened' | 'reminder' | 'not_answered' | 'responded' | 'recommended' | 'resolved'

/** Tells the parties of a dispute what has happened to it. */
export async function tellDispute(sql: Sql, id: string, news: DisputeNews): Promise<void> {
  await sql.rows(news === 'opened' || news === 'reminder' ? texts[news] : texts.changed, [id, news])
}

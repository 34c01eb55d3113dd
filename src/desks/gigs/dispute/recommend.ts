import type { Database, Sql } from '../../../base/db.ts'
import { type Call, reply, type VerbOf } from '../../../base/endpoint.ts'
import type { Log } from '../../../base/log.ts'
import { countModelCall } from '../../../core/accounts/model-call.ts'
import { type disputesApi, refuseDispute } from './api.ts'
import { type DisputeRow, disputeLife, type Evidence, isDue, type Recommendation, showDispute } from './dispute.ts'
import { readEvidence } from './evidence.ts'
import { lockDispute, readDispute, readOwnDispute } from './queries.ts'
import { recommendByRules } from './rules.ts'
import { tellDispute } from './tell-dispute.ts'

/** What a model is told of a dispute. */
export interface DisputeFile {
  readonly dispute: DisputeRow
  readonly evidence: readonly Evidence[]
}

/**
 * A model that reads disputes. It answers in its own time limit or throws; then the rules recommend. Never asked in a transaction.
 */
export interface Adviser {
  /** As `made_by` names it. */
  readonly name: string
  advise(file: DisputeFile): Promise<{ worker_share_percent: number; reasoning: string }>
}

export interface RecommendNeeds {
  readonly db: Database
  readonly log: Log
  /** Null: the rules are all there is. */
  readonly adviser: Adviser | null
}

/** Either party asks how the dispute might be decided. It is stored, and decides when nobody else has. */
export const recommend =
  ({ db, log, adviser }: RecommendNeeds): VerbOf<(typeof disputesApi)['endpoints']['recommend']> =>
  async (call, { id }) => {
    const { userId } = call.actor
    const seen = await readOwnDispute(db, id, userId)
    mustBeOpen(seen)
    const advice = adviser === null ? null : await advised(call, seen, adviser, { db, log })
    return reply(
      200,
      await db.transaction(async (sql) => {
        const row = (await lockDispute(sql, id))!
        mustBeOpen(row)
        if (advice !== null && row.responded_at !== seen.responded_at) throw refuseDispute('dispute_changed')
        await store(sql, row, advice ?? recommendByRules(row))
        return showDispute((await readDispute(sql, id))!, userId)
      }),
    )
  }

function mustBeOpen(row: DisputeRow): void {
  const detail = { dispute_id: row.id }
  if (disputeLife.ended.includes(row.status)) throw refuseDispute('dispute_resolved', detail)
  if (isDue(row)) throw refuseDispute('dispute_over', detail)
}

const save = `update dispute set recommendation = $2::json, updated_at = app_now()
  where id = $1 and status in (${disputeLife.from('recommend')}) and due_at > app_now() and recommendation::jsonb is distinct from $2::jsonb
  returning id`

/** Stores a recommendation; one that says the same as the one before is no news. */
async function store(sql: Sql, { id }: DisputeRow, recommendation: Recommendation): Promise<void> {
  const [saved] = await sql.rows(save, [id, JSON.stringify(recommendation)])
  if (saved) await tellDispute(sql, id, 'recommended')
}

/** What the model says of it; null where it cannot be asked or says nothing that makes sense. Counts against a hosted agent's month. */
async function advised(
  { actor }: Pick<Call, 'actor'>,
  dispute: DisputeRow,
  adviser: Adviser,
  { db, log }: Pick<RecommendNeeds, 'db' | 'log'>,
): Promise<Recommendation | null> {
  const seconds = await countModelCall(db, actor.agentId)
  if (seconds !== null) throw refuseDispute('AGENT_PAUSED', { retryable: true, retry_after_seconds: seconds })
  try {
    const evidence = await readEvidence(db, dispute)
    const { worker_share_percent: share, reasoning } = await adviser.advise({ dispute, evidence })
    if (!Number.isInteger(share) || share < 0 || share > 100) throw new Error(`${share} is no part in percent`)
    const recommendation = share === 0 ? 'client' : share === 100 ? 'worker' : 'split'
    return { recommendation, worker_share_percent: share, reasoning: reasoning.slice(0, 10_000), made_by: adviser.name }
  } catch (error) {
    log.warn({ err: error, dispute: dispute.id }, 'no model has read the dispute: the rules recommend')
    return null
  }
}

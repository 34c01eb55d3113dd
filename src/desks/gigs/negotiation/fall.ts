import type { Sql } from '../../../base/db.ts'
import { make, move, turn } from './change.ts'
import { negotiationLife } from './negotiation.ts'

const fallText = move(`state = ${negotiationLife.to('fall')}, due_at = null`, negotiationLife.from('fall'))

/**
 * A negotiation ends with its contract, that was cancelled or not approved in time: `why` goes into its audit. One that had come to
 * its end before stays as it is. Nobody has failed to answer in it. Runs in the caller's transaction.
 */
export async function negotiationFalls(sql: Sql, negotiationId: string, why: string): Promise<void> {
  const [open] = await sql.rows(
    `select id from negotiation where id = $1 and state in (${negotiationLife.from('fall')}) for update`,
    [negotiationId],
  )
  if (!open) return
  await make(sql, fallText, negotiationId, null, 'expired', { reason: why })
  await turn.end(sql, negotiationId)
}

import type { Database, Sql } from '../../../base/db.ts'
import { contractFalls } from '../contract/contract-falls.ts'
import { make, move, turn } from './change.ts'
import { negotiationLife } from './negotiation.ts'
import { isSilent } from './queries.ts'

const lapseText = move(`state = ${negotiationLife.to('lapse')}, due_at = null`, negotiationLife.from('lapse'))

const holdSilent = (waiting: '' | 'skip locked'): string =>
  `select client_id, worker_id from negotiation n where n.id = $1 and ${isSilent} for update ${waiting}`

/**
 * A negotiation in which nobody has said anything for 7 days is over, and a contract under revision with it; whose turn it was has
 * not answered. Runs in the caller's transaction; false: it is not that silent.
 */
export async function lapse(sql: Sql, id: string, waiting: '' | 'skip locked' = ''): Promise<boolean> {
  const [silent] = await sql.rows<{ client_id: string; worker_id: string }>(holdSilent(waiting), [id])
  if (!silent) return false
  await make(sql, lapseText, id, null, 'expired', { reason: 'silence' })
  await turn.miss(sql, id, silent.client_id)
  await turn.miss(sql, id, silent.worker_id)
  await contractFalls(sql, id)
  return true
}

/** Negotiations a sweep looks for at once; it goes on until it finds fewer. */
const batch = 50

/** Ends the negotiations that have lapsed, each in a transaction of its own; any number of processes may sweep at once. */
export async function sweepNegotiations(db: Database): Promise<number> {
  let moved = 0
  for (;;) {
    const due = await db.rows<{ id: string }>(
      `select n.id from negotiation n where ${isSilent} order by n.due_at limit ${batch}`,
    )
    let ended = 0
    for (const { id } of due) if (await db.transaction((sql) => lapse(sql, id, 'skip locked'))) ended++
    moved += ended
    // Where another process has them all, there is nothing left to do here.
    if (due.length < batch || ended === 0) return moved
  }
}

import type { Sql } from '../../../base/db.ts'
import { make, move } from './change.ts'
import { negotiationLife } from './negotiation.ts'

const settleText = move(`state = ${negotiationLife.to('settle')}, due_at = null`, negotiationLife.from('settle'))

/** Both sides have approved the contract: the negotiation is over, with a deal. Runs in the caller's transaction. */
export const settleNegotiation = (sql: Sql, negotiationId: string): Promise<void> =>
  make(sql, settleText, negotiationId, null, 'approved')

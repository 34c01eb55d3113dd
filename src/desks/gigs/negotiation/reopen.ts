import { constraintOf, type Sql } from '../../../base/db.ts'
import { timers } from '../timers.ts'
import { refuseNegotiation } from './api.ts'
import { make, move, turn } from './change.ts'
import { negotiationLife } from './negotiation.ts'

const reopenText = move(
  `state = ${negotiationLife.to('reopen')}, client_rounds = 1, worker_rounds = 1, due_at = app_now() + interval '${timers.silence}'`,
  negotiationLife.from('reopen'),
)

/**
 * A side revises the contract: there is one fresh round for each, and the other side's turn to answer. Runs in the caller's
 * transaction. Throws the refusal `negotiation_exists` (409) where the two have begun another negotiation about the gig meanwhile:
 * there is only one live one; an endpoint that reopens declares it.
 */
export async function reopenNegotiation(
  sql: Sql,
  negotiationId: string,
  byUserId: string,
  notes: string,
): Promise<void> {
  try {
    await make(sql, reopenText, negotiationId, byUserId, 'reopened', { notes })
  } catch (error) {
    if (constraintOf(error) === 'negotiation_live')
      throw refuseNegotiation(
        'negotiation_exists',
        {},
        'You two have another live negotiation about this gig; end that one before you revise this contract.',
      )
    throw error
  }
  await turn.pass(sql, negotiationId, byUserId)
}

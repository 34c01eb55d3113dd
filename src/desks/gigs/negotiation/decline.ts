import { type Call, type Input, type Reply, reply } from '../../../base/endpoint.ts'
import { contractFalls } from '../contract/contract-falls.ts'
import type { negotiationsApi } from './api.ts'
import { make, move, turn } from './change.ts'
import { mustAllow } from './explain.ts'
import { type Negotiation, negotiationLife, viewNegotiation } from './negotiation.ts'
import { holdNegotiation, readNegotiation } from './queries.ts'

const declineText = move(`state = ${negotiationLife.to('decline')}, due_at = null`, negotiationLife.from('decline'))

/** Ends a negotiation without a deal, and a contract under revision with it; to say no is an answer too. */
export async function decline(
  { sql, actor }: Call,
  { id }: Input<(typeof negotiationsApi)['endpoints']['decline']>,
): Promise<Reply<Negotiation>> {
  const held = await holdNegotiation(sql, actor.userId, id)
  mustAllow(held, actor.userId, ['decline'])
  await make(sql, declineText, id, actor.userId, 'declined')
  await turn.answer(sql, id, actor.userId)
  await turn.end(sql, id)
  await contractFalls(sql, id)
  return reply(200, viewNegotiation((await readNegotiation(sql, actor.userId, id))!, actor.userId))
}

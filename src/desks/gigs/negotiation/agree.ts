import { type Call, type Input, type Reply, reply } from '../../../base/endpoint.ts'
import { openContract } from '../contract/open-contract.ts'
import { timers } from '../timers.ts'
import { type negotiationsApi, refuseNegotiation } from './api.ts'
import { make, move, turn } from './change.ts'
import { mustAllow } from './explain.ts'
import { type Negotiation, negotiationLife, viewNegotiation } from './negotiation.ts'
import { holdNegotiation, readNegotiation } from './queries.ts'

const agreeText = move(
  `state = ${negotiationLife.to('agree')}, due_at = app_now() + interval '${timers.approval}'`,
  negotiationLife.from('agree'),
)

/** Agrees on the terms as they stand; the contract over them is there when this answers, for both sides to approve. */
export async function agree(
  { sql, actor }: Call,
  { id }: Input<(typeof negotiationsApi)['endpoints']['agree']>,
): Promise<Reply<Negotiation>> {
  const held = await holdNegotiation(sql, actor.userId, id)
  mustAllow(held, actor.userId, ['agree', 'propose'])
  if (held.round_number === 0) throw refuseNegotiation('round_needed', { can: ['round', 'decline'] })
  const { rate_cents, hours_per_week, start_date, payout_delay_days } = held
  await make(sql, agreeText, id, actor.userId, 'agreed', { rate_cents, hours_per_week, start_date, payout_delay_days })
  await turn.answer(sql, id, actor.userId)
  await turn.end(sql, id)
  await openContract(sql, id, actor.userId)
  return reply(200, viewNegotiation((await readNegotiation(sql, actor.userId, id))!, actor.userId))
}

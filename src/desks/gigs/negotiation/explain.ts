import type { Refusal } from '../../../base/errors.ts'
import { refuseNegotiation } from './api.ts'
import { type NegotiationState, negotiationLife, roleOf } from './negotiation.ts'
import type { HeldNegotiation } from './queries.ts'

/** Lets a move through that may be made from the state a negotiation is in now; else says why not. */
export function mustAllow(
  held: HeldNegotiation,
  user: string,
  moves: readonly (keyof typeof negotiationLife.moves)[],
): void {
  if (held.silent)
    throw refuseNegotiation(
      'negotiation_expired',
      { can: [] },
      'Nobody said anything for 7 days: this negotiation has expired.',
    )
  const from = moves.flatMap((move): readonly NegotiationState[] => negotiationLife.moves[move].from)
  if (!from.includes(held.state)) throw wrongState(held, user)
}

function wrongState({ state, ...held }: HeldNegotiation, user: string): Refusal {
  if (state === negotiationLife.moves.lapse.to) return refuseNegotiation('negotiation_expired', { can: [] })
  const sentence =
    state === negotiationLife.moves.agree.to
      ? 'You two have agreed: both sides now approve the contract, or revise it to negotiate again.'
      : undefined
  return refuseNegotiation(
    'negotiation_wrong_state',
    { can: negotiationLife.can(state, [roleOf(held, user)]) },
    sentence,
  )
}

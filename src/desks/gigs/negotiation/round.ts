import type { Sql } from '../../../base/db.ts'
import { type Call, type Input, type Reply, reply } from '../../../base/endpoint.ts'
import { contractFalls } from '../contract/contract-falls.ts'
import { timers } from '../timers.ts'
import { type negotiationsApi, refuseNegotiation } from './api.ts'
import { make, move, turn } from './change.ts'
import { mustAllow } from './explain.ts'
import { type Negotiation, negotiationLife, roleOf, roundsLeft, viewNegotiation } from './negotiation.ts'
import { type HeldNegotiation, holdNegotiation, readNegotiation } from './queries.ts'

type Round = Input<(typeof negotiationsApi)['endpoints']['round']>
export type Terms = Omit<Round, 'id'>

const proposeText = move(
  `state = ${negotiationLife.to('propose')}, rate_cents = $5, hours_per_week = $6, start_date = $7, payout_delay_days = $8,
    round_number = round_number + 1, client_rounds = client_rounds - (client_id = $2)::integer,
    worker_rounds = worker_rounds - (worker_id = $2)::integer, due_at = app_now() + interval '${timers.silence}'`,
  negotiationLife.from('propose'),
)
const overrunText = move(`state = ${negotiationLife.to('overrun')}, due_at = null`, negotiationLife.from('overrun'))

/** What rate times hours may come to in a week, where it is not nothing. */
const amountLeast = 100
const amountMost = 50_000_000

/** Proposes terms or counters; a round after the last one ends the negotiation, and a contract under revision with it. */
export async function round({ sql, actor }: Call, { id, ...terms }: Round): Promise<Reply<Negotiation>> {
  const held = await holdNegotiation(sql, actor.userId, id)
  mustAllow(held, actor.userId, ['propose', 'overrun'])
  const [own, other] = [roundsLeft(held, roleOf(held, actor.userId)), roundsLeft(held, otherRole(held, actor.userId))]
  if (own > 0) await propose(sql, held, actor.userId, terms)
  else if (other > 0) throw refuseNegotiation('no_round_left', { can: ['agree', 'decline'] })
  else {
    await make(sql, overrunText, id, actor.userId, 'overrun', terms)
    await turn.answer(sql, id, actor.userId)
    await turn.end(sql, id)
    await contractFalls(sql, id)
  }
  return reply(200, viewNegotiation((await readNegotiation(sql, actor.userId, id))!, actor.userId))
}

const otherRole = (held: HeldNegotiation, user: string): 'client' | 'worker' =>
  roleOf(held, user) === 'client' ? 'worker' : 'client'

/** One round in a negotiation that is locked and has one left: what is named changes, the rest stays. */
export async function propose(sql: Sql, held: HeldNegotiation, by: string, terms: Terms): Promise<void> {
  const rate = terms.rate_cents ?? held.rate_cents
  const hours = terms.hours_per_week ?? held.hours_per_week
  const amount = rate * hours
  if (amount !== 0 && (amount < amountLeast || amount > amountMost))
    throw refuseNegotiation('amount_out_of_range', { amount_cents: amount })
  const { start_date: start } = terms
  if (start && (start < held.today || start > held.furthest))
    throw refuseNegotiation(
      'start_date_unusable',
      {},
      `The start date must be from ${held.today} (today, UTC) to ${held.furthest}.`,
    )
  const more = [
    rate,
    hours,
    start === undefined ? held.start_date : start,
    terms.payout_delay_days ?? held.payout_delay_days,
  ]
  await make(sql, proposeText, held.id, by, 'round', terms, more)
  await turn.answer(sql, held.id, by)
  await turn.pass(sql, held.id, by)
}

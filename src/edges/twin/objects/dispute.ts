import type Stripe from 'stripe'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import { emit } from '../state/emit.ts'
import { page, pageShape } from '../state/page.ts'
import { change, get, getLocked, insert, setDue } from '../state/store.ts'
import { badState } from '../wire/api-error.ts'
import { text } from '../wire/params.ts'
import { book } from './balance.ts'
import { type Route, route } from './route.ts'

type Dispute = Stripe.Dispute

const id = text(255).optional()

export const disputeRoutes: readonly Route[] = [
  route(
    'GET /v1/disputes',
    { ...pageShape, charge: id, payment_intent: id },
    (call, { charge, payment_intent, ...params }) =>
      page(call, 'dispute', '/v1/disputes', params, { charge, payment_intent }),
  ),
  route('GET /v1/disputes/:id', {}, (call, _params, which) => get(call, 'dispute', which)),
]

/** How long the platform may answer; after that the dispute is lost by itself. */
const answerSeconds = 7 * 24 * 60 * 60

export interface DisputeOrder {
  readonly charge: string
  /** Less than the charge, when only a part is disputed. */
  readonly amount?: number | undefined
  readonly reason: string
}

/** The cardholder disputes a charge: its money and a fee leave the balance at once. */
export async function openDispute(call: Call, order: DisputeOrder): Promise<Dispute> {
  const charge = await getLocked(call, 'charge', order.charge)
  if (charge.status !== 'succeeded' || charge.disputed)
    throw badState(`Charge ${charge.id} cannot be disputed: it ${charge.disputed ? 'is already' : 'did not succeed'}.`)
  const left = charge.amount - charge.amount_refunded
  const amount = order.amount ?? left
  if (amount < 1 || amount > left) throw badState(`Between 1 and ${left} cents of charge ${charge.id} can be disputed.`)
  const disputeId = stripeId('du')
  const booking = await book(call, {
    type: 'adjustment',
    reporting_category: 'dispute',
    amount: -amount,
    source: disputeId,
    description: `Chargeback withdrawal for ${charge.id}`,
    fee: { amount: call.fees.disputeCents, description: 'Dispute fee' },
  })
  const dispute = await insert<'dispute'>(call, disputeOf(call, disputeId, charge, { ...order, amount }, booking))
  await setDue(call, disputeId, call.now + answerSeconds)
  const disputed = await change(call, 'charge', charge.id, { disputed: true })
  await emit(call, 'charge.dispute.created', dispute)
  await emit(call, 'charge.dispute.funds_withdrawn', dispute)
  await emit(call, 'charge.updated', disputed, { previous: { disputed: false } })
  return dispute
}

/** The platform has answered, and the bank looks at it. From here on only the bank ends it. */
export async function reviewDispute(call: Call, disputeId: string): Promise<Dispute> {
  const { status, evidence_details } = await undecided(call, disputeId)
  await setDue(call, disputeId, null)
  const after = await change(call, 'dispute', disputeId, {
    status: 'under_review',
    evidence_details: { ...evidence_details, has_evidence: true, submission_count: 1 },
  })
  await emit(call, 'charge.dispute.updated', after, { previous: { status } })
  return after
}

/** The bank decides. Won: the money comes back, the fee does not. Lost: nothing more moves. */
export async function decideDispute(call: Call, disputeId: string, status: 'won' | 'lost'): Promise<Dispute> {
  const { amount, charge, balance_transactions } = await undecided(call, disputeId)
  await setDue(call, disputeId, null)
  if (status === 'lost') {
    const lost = await change(call, 'dispute', disputeId, { status })
    await emit(call, 'charge.dispute.closed', lost)
    return lost
  }
  const booking = await book(call, {
    type: 'adjustment',
    reporting_category: 'dispute_reversal',
    amount,
    source: disputeId,
    description: `Chargeback reversal for ${String(charge)}`,
  })
  const won = await change(call, 'dispute', disputeId, {
    status,
    balance_transactions: [...balance_transactions, booking],
    is_charge_refundable: true,
  })
  await emit(call, 'charge.dispute.funds_reinstated', won)
  await emit(call, 'charge.dispute.closed', won)
  return won
}

async function undecided(call: Call, disputeId: string): Promise<Dispute> {
  const dispute = await getLocked(call, 'dispute', disputeId)
  if (dispute.status === 'won' || dispute.status === 'lost')
    throw badState(`This dispute has a status of ${dispute.status}; it is over.`)
  return dispute
}

function disputeOf(
  call: Call,
  disputeId: string,
  charge: Stripe.Charge,
  order: DisputeOrder & { amount: number },
  booking: Stripe.BalanceTransaction,
): Dispute & { object: 'dispute' } {
  return {
    id: disputeId,
    object: 'dispute',
    amount: order.amount,
    balance_transactions: [booking],
    charge: charge.id,
    created: call.now,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    // The market sends no evidence, so none of its some thirty fields is ever filled.
    evidence: { enhanced_evidence: {} } as Dispute['evidence'],
    evidence_details: {
      due_by: call.now + answerSeconds,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'manual' as never,
    },
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent,
    reason: order.reason,
    status: 'needs_response',
  }
}

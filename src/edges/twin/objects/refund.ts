import type Stripe from 'stripe'
import { z } from 'zod'
import { dollars } from '../../../base/money.ts'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import { emit } from '../state/emit.ts'
import { takeFault } from '../state/faults.ts'
import { page, pageShape } from '../state/page.ts'
import { change, get, getLocked, insert, setDue } from '../state/store.ts'
import { ApiError, badParam, badState } from '../wire/api-error.ts'
import { integer, mergeMetadata, metadata, text } from '../wire/params.ts'
import { book } from './balance.ts'
import { type Route, route } from './route.ts'

type Refund = Stripe.Refund

const id = text(255).optional()

const createShape = {
  payment_intent: id,
  charge: id,
  amount: integer(1, 99_999_999).optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  metadata: metadata().optional(),
}

export const refundRoutes: readonly Route[] = [
  route('POST /v1/refunds', createShape, create),
  route(
    'GET /v1/refunds',
    { ...pageShape, payment_intent: id, charge: id },
    (call, { payment_intent, charge, ...params }) =>
      page(call, 'refund', '/v1/refunds', params, { payment_intent, charge }),
  ),
  route('GET /v1/refunds/:id', {}, (call, _params, which) => get(call, 'refund', which)),
]

type CreateParams = z.output<z.ZodObject<typeof createShape>>

const day = 24 * 60 * 60

/** Gives back a charge or a part of it, never more than is left of it. Stripe keeps its fee. */
async function create(call: Call, params: CreateParams): Promise<Refund> {
  const charge = await getLocked(call, 'charge', await chargeOf(call, params), 'charge')
  const about = { charge: charge.id, payment_intent: charge.payment_intent as string | null }
  const refused = await takeFault(call.tx, 'refund_refused', about)
  if (refused)
    throw new ApiError(
      400,
      {
        type: 'invalid_request_error',
        message: refused.params.message ?? 'This charge cannot be refunded: the card account is closed.',
      },
      { kept: true },
    )
  const amount = await judge(call, charge, params.amount)
  const pending = await takeFault(call.tx, 'refund_pending', about)
  const fails = pending ? undefined : await takeFault(call.tx, 'refund_fails', about)
  const refund = await insert<'refund'>(call, refundOf(call, charge, params, amount))
  const booking = await book(call, {
    type: 'refund',
    reporting_category: 'refund',
    amount: -amount,
    source: refund.id,
    description: charge.description,
  })
  const made = await change(call, 'refund', refund.id, {
    balance_transaction: booking.id,
    status: pending ? 'pending' : 'succeeded',
  })
  const refunded = charge.amount_refunded + amount
  const after = await change(call, 'charge', charge.id, {
    amount_refunded: refunded,
    refunded: refunded === charge.amount,
  })
  const previous = { amount_refunded: charge.amount_refunded, refunded: charge.refunded }
  await emit(call, 'refund.created', made)
  await emit(call, 'charge.refunded', after, { previous })
  if (pending) await setDue(call, refund.id, call.now + day)
  if (fails) await failRefund(call, refund.id)
  return made
}

/** A pending refund arrives. The others are left as they are. */
export async function succeedRefund(call: Call, refundId: string): Promise<Refund> {
  const { status } = await getLocked(call, 'refund', refundId)
  await setDue(call, refundId, null)
  if (status !== 'pending') throw badState(`This refund has a status of ${status}; only a pending one can arrive.`)
  return finish(call, refundId, { status: 'succeeded' }, 'refund.updated')
}

/** The bank sends a refund back: its money is the platform's again, and the charge counts as not refunded by it. */
export async function failRefund(call: Call, refundId: string): Promise<Refund> {
  const refund = await getLocked(call, 'refund', refundId)
  await setDue(call, refundId, null)
  if (refund.status !== 'pending' && refund.status !== 'succeeded')
    throw badState(`This refund has a status of ${refund.status}; it cannot fail.`)
  const booking = await book(call, {
    type: 'refund_failure',
    reporting_category: 'refund_failure',
    amount: refund.amount,
    source: refund.id,
  })
  const charge = await getLocked(call, 'charge', String(refund.charge))
  await change(call, 'charge', charge.id, { amount_refunded: charge.amount_refunded - refund.amount, refunded: false })
  const set = {
    status: 'failed',
    failure_reason: 'lost_or_stolen_card',
    failure_balance_transaction: booking.id,
  }
  return finish(call, refundId, set, 'refund.failed')
}

/** Both of Stripe's names for the same news; an integration listens to either. */
async function finish(call: Call, refundId: string, set: Partial<Refund>, type: string): Promise<Refund> {
  const after = await change(call, 'refund', refundId, set)
  if (type !== 'refund.updated') await emit(call, 'refund.updated', after)
  await emit(call, type, after)
  await emit(call, 'charge.refund.updated', after)
  return after
}

async function chargeOf(call: Call, { charge, payment_intent }: CreateParams): Promise<string> {
  if (charge && payment_intent)
    throw badParam('charge', 'You may only specify one of these parameters: charge, payment_intent.')
  if (charge) return charge
  if (!payment_intent)
    throw badState('One of the following params should be provided for this request: payment_intent or charge.')
  const intent = await get(call, 'payment_intent', payment_intent, 'payment_intent')
  if (intent.status !== 'succeeded')
    throw badState(
      `This PaymentIntent (${payment_intent}) does not have a successful charge to refund.`,
      'payment_intent_unexpected_state',
    )
  return String(intent.latest_charge)
}

async function judge(call: Call, charge: Stripe.Charge, asked: number | undefined): Promise<number> {
  if (charge.status !== 'succeeded') throw badState(`Charge ${charge.id} was not successful; it cannot be refunded.`)
  if (charge.disputed && !(await disputeWon(call, charge.id)))
    throw badState(`Charge ${charge.id} has been charged back; cannot issue a refund.`, 'charge_disputed')
  if (charge.refunded) throw badState(`Charge ${charge.id} has already been refunded.`, 'charge_already_refunded')
  const left = charge.amount - charge.amount_refunded
  const amount = asked ?? left
  if (amount <= left) return amount
  const what = charge.amount_refunded > 0 ? 'unrefunded amount on charge' : 'charge amount'
  throw badParam('amount', `Refund amount (${dollars(amount)}) is greater than ${what} (${dollars(left)})`)
}

async function disputeWon(call: Call, charge: string): Promise<boolean> {
  const { data } = await page(call, 'dispute', '', {}, { charge })
  return data[0]?.status === 'won'
}

function refundOf(
  call: Call,
  charge: Stripe.Charge,
  params: CreateParams,
  amount: number,
): Refund & { object: 'refund' } {
  return {
    id: stripeId('re'),
    object: 'refund',
    amount,
    balance_transaction: null,
    charge: charge.id,
    created: call.now,
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: { card: { type: 'refund' }, type: 'card' },
    metadata: mergeMetadata({}, params.metadata),
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: params.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'pending',
    transfer_reversal: null,
  }
}

import type Stripe from 'stripe'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import { emit } from '../state/emit.ts'
import { page, pageShape } from '../state/page.ts'
import { change, get, insert } from '../state/store.ts'
import { text } from '../wire/params.ts'
import { book, processingFee } from './balance.ts'
import type { Decline } from './decline.ts'
import { noAddress } from './payment-method.ts'
import { type Route, route } from './route.ts'

type Charge = Stripe.Charge

const id = text(255).optional()

export const chargeRoutes: readonly Route[] = [
  route(
    'GET /v1/charges',
    { ...pageShape, customer: id, payment_intent: id, transfer_group: id },
    (call, { customer, payment_intent, transfer_group, ...params }) =>
      page(call, 'charge', '/v1/charges', params, { customer, payment_intent, transfer_group }),
  ),
  route('GET /v1/charges/:id', {}, (call, _params, which) => get(call, 'charge', which)),
]

/** Charges the card of an intent, or notes that it was declined. Only what succeeded is booked, with Stripe's fee. */
export async function chargeCard(
  call: Call,
  intent: Stripe.PaymentIntent,
  card: Stripe.PaymentMethod,
  decline: Decline | undefined,
): Promise<Charge> {
  const charge = await insert<'charge'>(call, chargeOf(call, intent, card, decline))
  if (decline) {
    await emit(call, 'charge.failed', charge)
    return charge
  }
  const booking = await book(call, {
    type: 'charge',
    reporting_category: 'charge',
    amount: charge.amount,
    source: charge.id,
    description: charge.description,
    fee: { amount: processingFee(charge.amount, call.fees), description: 'Stripe processing fees' },
  })
  const booked = await change(call, 'charge', charge.id, { balance_transaction: booking.id })
  await emit(call, 'charge.succeeded', booked)
  return booked
}

function chargeOf(
  call: Call,
  intent: Stripe.PaymentIntent,
  card: Stripe.PaymentMethod,
  decline: Decline | undefined,
): Charge & { object: 'charge' } {
  return {
    id: stripeId('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: decline ? 0 : intent.amount,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: { address: noAddress, email: card.billing_details.email, name: null, phone: null, tax_id: null },
    calculated_statement_descriptor: 'TEST MODE',
    captured: !decline,
    created: call.now,
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: { ...intent.metadata },
    on_behalf_of: null,
    outcome: null,
    paid: !decline,
    payment_intent: intent.id,
    payment_method: card.id,
    payment_method_details: null,
    receipt_email: null,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: decline ? 'failed' : 'succeeded',
    transfer_data: null,
    transfer_group: intent.transfer_group,
  }
}

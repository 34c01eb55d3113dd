import type Stripe from 'stripe'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import { emit } from '../state/emit.ts'
import { page, pageShape } from '../state/page.ts'
import { get, insert } from '../state/store.ts'
import { text } from '../wire/params.ts'
import { type Route, route } from './route.ts'

/** What a payment is for; the payer's card is always the one every Stripe user knows from testing. */
export interface PaymentOrder {
  readonly amount: number
  readonly currency: string
  readonly customer: string | null
  readonly description: string | null
  readonly email: string | null
  readonly metadata: Readonly<Record<string, string>>
}

const id = text(255).optional()

export const paymentRoutes: readonly Route[] = [
  route('GET /v1/payment_intents', { ...pageShape, customer: id }, (call, params) =>
    page(call, 'payment_intent', '/v1/payment_intents', params, { customer: params.customer }),
  ),
  route('GET /v1/payment_intents/:id', {}, (call, _params, which) => get(call, 'payment_intent', which)),
  route('GET /v1/charges', { ...pageShape, customer: id, payment_intent: id }, (call, params) =>
    page(call, 'charge', '/v1/charges', params, { customer: params.customer, payment_intent: params.payment_intent }),
  ),
  route('GET /v1/charges/:id', {}, (call, _params, which) => get(call, 'charge', which)),
  route('GET /v1/balance_transactions', { ...pageShape, source: id, type: id }, (call, params) =>
    page(call, 'balance_transaction', '/v1/balance_transactions', params, { source: params.source, type: params.type }),
  ),
  route('GET /v1/balance_transactions/:id', {}, (call, _params, which) => get(call, 'balance_transaction', which)),
]

/** What Stripe keeps of a card payment in the United States: 2.9 % rounded half up, and 30 cents. */
export function processingFee(amount: number): number {
  return Math.floor((amount * 29 + 500) / 1_000) + 30
}

/** Takes a payment that succeeds: intent, card, charge and the booking on the balance, with their events. */
export async function takePayment(call: Call, order: PaymentOrder): Promise<Stripe.PaymentIntent> {
  const ids = { intent: stripeId('pi'), charge: stripeId('ch'), booking: stripeId('txn'), card: stripeId('pm') }
  await insert<'payment_method'>(call, testCard(call, ids.card, order))
  await insert<'balance_transaction'>(call, booking(call, ids, order))
  const charge = await insert<'charge'>(call, successfulCharge(call, ids, order))
  const intent = await insert<'payment_intent'>(call, succeededIntent(call, ids, order))
  const asCreated = {
    ...intent,
    amount_received: 0,
    latest_charge: null,
    payment_method: null,
    status: 'requires_payment_method',
  }
  await emit(call, 'payment_intent.created', asCreated)
  await emit(call, 'charge.succeeded', charge)
  await emit(call, 'payment_intent.succeeded', intent)
  return intent
}

interface PaymentIds {
  readonly intent: string
  readonly charge: string
  readonly booking: string
  readonly card: string
}

const noAddress = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null }

function testCard(call: Call, card: string, order: PaymentOrder): Stripe.PaymentMethod & { object: 'payment_method' } {
  return {
    id: card,
    object: 'payment_method',
    billing_details: { address: noAddress, email: order.email, name: null, phone: null, tax_id: null },
    card: {
      brand: 'visa',
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      display_brand: 'visa',
      exp_month: 12,
      exp_year: 2034,
      fingerprint: 'twin4242twin4242',
      funding: 'credit',
      generated_from: null,
      last4: '4242',
      networks: { available: ['visa'], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created: call.now,
    // A card that was typed in for one payment belongs to that payment and to nobody.
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    type: 'card',
  }
}

/** The money is available at once: play money has no settlement to wait for, and a demo should not. */
function booking(
  call: Call,
  ids: PaymentIds,
  order: PaymentOrder,
): Stripe.BalanceTransaction & { object: 'balance_transaction' } {
  const fee = processingFee(order.amount)
  return {
    id: ids.booking,
    object: 'balance_transaction',
    amount: order.amount,
    available_on: call.now,
    balance_type: 'payments',
    created: call.now,
    currency: order.currency,
    description: order.description,
    exchange_rate: null,
    fee,
    fee_details: [
      {
        amount: fee,
        application: null,
        currency: order.currency,
        description: 'Stripe processing fees',
        type: 'stripe_fee',
      },
    ],
    net: order.amount - fee,
    reporting_category: 'charge',
    source: ids.charge,
    status: 'available',
    type: 'charge',
  }
}

function successfulCharge(call: Call, ids: PaymentIds, order: PaymentOrder): Stripe.Charge & { object: 'charge' } {
  return {
    id: ids.charge,
    object: 'charge',
    amount: order.amount,
    amount_captured: order.amount,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: ids.booking,
    billing_details: { address: noAddress, email: order.email, name: null, phone: null, tax_id: null },
    calculated_statement_descriptor: 'TEST MODE',
    captured: true,
    created: call.now,
    currency: order.currency,
    customer: order.customer,
    description: order.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: false,
    metadata: { ...order.metadata },
    on_behalf_of: null,
    outcome: null,
    paid: true,
    payment_intent: ids.intent,
    payment_method: ids.card,
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
    status: 'succeeded',
    transfer_data: null,
    transfer_group: null,
  }
}

function succeededIntent(
  call: Call,
  ids: PaymentIds,
  order: PaymentOrder,
): Stripe.PaymentIntent & { object: 'payment_intent' } {
  return {
    id: ids.intent,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: order.amount,
    amount_capturable: 0,
    amount_received: order.amount,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${ids.intent}_${stripeId('secret')}`,
    confirmation_method: 'automatic',
    created: call.now,
    currency: order.currency,
    customer: order.customer,
    customer_account: null,
    description: order.description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: ids.charge,
    livemode: false,
    managed_payments: null,
    metadata: { ...order.metadata },
    next_action: null,
    on_behalf_of: null,
    payment_method: ids.card,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'succeeded',
    transfer_group: null,
  }
}

import type Stripe from 'stripe'
import { z } from 'zod'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import { emit } from '../state/emit.ts'
import { page, pageShape } from '../state/page.ts'
import { change, find, get, getLocked, insert } from '../state/store.ts'
import { ApiError, badParam, badState } from '../wire/api-error.ts'
import { integer, list, mergeMetadata, metadata, text } from '../wire/params.ts'
import { chargeCard } from './charge.ts'
import { type Decline, declineOf } from './decline.ts'
import { cardFor, keepCard, newCard } from './payment-method.ts'
import { type Route, route } from './route.ts'

type Intent = Stripe.PaymentIntent

const id = text(255).optional()
export const flag = () => z.enum(['true', 'false']).transform((given) => given === 'true')
export const dollarsOnly = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['usd']))

const createShape = {
  amount: integer(1, 99_999_999),
  currency: dollarsOnly,
  customer: id,
  payment_method: id,
  payment_method_types: list(z.enum(['card']), 1).optional(),
  allowed_payment_method_types: list(z.enum(['card']), 1).optional(),
  automatic_payment_methods: z
    .strictObject({ enabled: flag(), allow_redirects: z.enum(['always', 'never']).optional() })
    .optional(),
  capture_method: z.enum(['automatic', 'automatic_async']).optional(),
  setup_future_usage: z.enum(['off_session', 'on_session']).optional(),
  confirm: flag().optional(),
  off_session: flag().optional(),
  error_on_requires_action: flag().optional(),
  description: text(1_000).optional(),
  metadata: metadata().optional(),
  transfer_group: text(500).optional(),
}

export const paymentIntentRoutes: readonly Route[] = [
  route('POST /v1/payment_intents', createShape, create),
  route('GET /v1/payment_intents', { ...pageShape, customer: id }, (call, { customer, ...params }) =>
    page(call, 'payment_intent', '/v1/payment_intents', params, { customer }),
  ),
  route('GET /v1/payment_intents/:id', {}, (call, _params, which) => get(call, 'payment_intent', which)),
  route(
    'POST /v1/payment_intents/:id/cancel',
    { cancellation_reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned']).optional() },
    cancel,
  ),
]

type CreateParams = z.output<z.ZodObject<typeof createShape>>

/** Opens an intent. With `confirm` a saved card is charged at once; a decline leaves the intent behind, unpaid. */
async function create(call: Call, params: CreateParams): Promise<Intent> {
  if (params.amount < 50) throw badParam('amount', 'Amount must be at least $0.50 usd', 'amount_too_small')
  if (params.off_session && !params.confirm)
    throw badParam(
      'off_session',
      'When creating a PaymentIntent, you can only specify `off_session` with `confirm=true`.',
    )
  const customer = params.customer ? (await get(call, 'customer', params.customer, 'customer')).id : null
  const card = params.payment_method ? await cardFor(call, params.payment_method, customer) : undefined
  if (params.confirm && !card)
    throw badParam(
      'payment_method',
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method.",
      'payment_intent_unexpected_state',
    )
  const decline = params.confirm && card ? await declineOf(call, { customer, payment_method: card.id }) : undefined
  const intent = await openIntent(call, {
    amount: params.amount,
    customer,
    description: params.description ?? null,
    metadata: mergeMetadata({}, params.metadata),
    setup_future_usage: params.setup_future_usage ?? null,
    transfer_group: params.transfer_group ?? null,
    allowed_payment_method_types: params.allowed_payment_method_types ?? null,
  })
  if (!card) return intent
  if (!params.confirm)
    return change(call, 'payment_intent', intent.id, { payment_method: card.id, status: 'requires_confirmation' })
  const settled = await settleIntent(call, intent, card, decline)
  if (decline) throw cardError(settled, decline)
  return settled
}

export interface IntentOrder {
  readonly amount: number
  readonly customer: string | null
  readonly description: string | null
  readonly metadata: Readonly<Record<string, string>>
  readonly setup_future_usage?: 'off_session' | 'on_session' | null
  readonly transfer_group?: string | null
  readonly allowed_payment_method_types?: 'card'[] | null
}

/** A new intent that waits for a card. */
export async function openIntent(call: Call, order: IntentOrder): Promise<Intent> {
  const intent = await insert<'payment_intent'>(call, intentOf(call, order))
  await emit(call, 'payment_intent.created', intent)
  return intent
}

/** Charges the card for an intent that waits for one: the intent succeeds, or says why it did not. */
export async function settleIntent(
  call: Call,
  intent: Intent,
  card: Stripe.PaymentMethod,
  decline?: Decline,
): Promise<Intent> {
  const charge = await chargeCard(call, intent, card, decline)
  if (decline) {
    const failed = await change(call, 'payment_intent', intent.id, {
      last_payment_error: {
        ...decline,
        type: 'card_error',
        charge: charge.id,
        payment_method: card,
      } as Stripe.PaymentIntent.LastPaymentError,
      latest_charge: charge.id,
      payment_method: null,
      status: 'requires_payment_method',
    })
    await emit(call, 'payment_intent.payment_failed', failed)
    return failed
  }
  const { customer } = intent
  if (intent.setup_future_usage && typeof customer === 'string' && card.customer === null)
    await keepCard(call, card.id, customer)
  const paid = await change(call, 'payment_intent', intent.id, {
    amount_received: intent.amount,
    last_payment_error: null,
    latest_charge: charge.id,
    payment_method: card.id,
    status: 'succeeded',
  })
  await emit(call, 'payment_intent.succeeded', paid)
  return paid
}

/** The intent of a client secret, which alone is the right to pay it; undefined when the secret fits none. */
export async function findBySecret(call: Call, secret: string, lock = false): Promise<Intent | undefined> {
  const intent = await find(call, 'payment_intent', secret.split('_secret_')[0] ?? '', lock)
  return intent?.client_secret === secret ? intent : undefined
}

/** The payer pays on the hosted page. Of any number of tries one takes money; a decline leaves it open for another card. */
export async function payIntent(call: Call, secret: string): Promise<{ decline?: Decline | undefined }> {
  const intent = await findBySecret(call, secret, true)
  if (!intent || !['requires_payment_method', 'requires_confirmation'].includes(intent.status)) return {}
  const customer = typeof intent.customer === 'string' ? await get(call, 'customer', intent.customer) : undefined
  const decline = await declineOf(call, { customer: customer?.id ?? null })
  await settleIntent(call, intent, await newCard(call, customer?.email ?? null), decline)
  return { decline }
}

/** The answer to a declined confirmation. The intent and its failed charge stay. */
export function cardError(intent: Intent, { code, decline_code, message }: Decline): ApiError {
  const charge = String(intent.latest_charge)
  const body = { type: 'card_error', code, decline_code, message, charge, payment_intent: intent } as const
  return new ApiError(402, body, { kept: true })
}

async function cancel(
  call: Call,
  params: { cancellation_reason?: Stripe.PaymentIntent.CancellationReason | undefined },
  intentId: string,
): Promise<Intent> {
  const { status } = await getLocked(call, 'payment_intent', intentId)
  if (status === 'succeeded' || status === 'canceled')
    throw badState(
      `You cannot cancel this PaymentIntent because it has a status of ${status}. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_reauthorization, requires_confirmation, requires_action, processing.`,
      'payment_intent_unexpected_state',
    )
  const canceled = await change(call, 'payment_intent', intentId, {
    canceled_at: call.now,
    cancellation_reason: params.cancellation_reason ?? null,
    status: 'canceled',
  })
  await emit(call, 'payment_intent.canceled', canceled)
  return canceled
}

function intentOf(call: Call, order: IntentOrder): Intent & { object: 'payment_intent' } {
  const intentId = stripeId('pi')
  return {
    id: intentId,
    object: 'payment_intent',
    allowed_payment_method_types: order.allowed_payment_method_types ?? null,
    amount: order.amount,
    amount_capturable: 0,
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${intentId}_${stripeId('secret')}`,
    confirmation_method: 'automatic',
    created: call.now,
    currency: 'usd',
    customer: order.customer,
    customer_account: null,
    description: order.description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: { ...order.metadata },
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: order.setup_future_usage ?? null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_group: order.transfer_group ?? null,
  }
}

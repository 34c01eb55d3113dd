import type Stripe from 'stripe'
import { z } from 'zod'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import { emit } from '../state/emit.ts'
import { page, pageShape } from '../state/page.ts'
import { change, find, get, getLocked, insert } from '../state/store.ts'
import { badState } from '../wire/api-error.ts'
import { list, mergeMetadata, metadata, text } from '../wire/params.ts'
import { type Decline, declineOf } from './decline.ts'
import { flag } from './payment-intent.ts'
import { keepCard, newCard } from './payment-method.ts'
import { type Route, route } from './route.ts'

type Intent = Stripe.SetupIntent

const createShape = {
  customer: text(255).optional(),
  usage: z.enum(['off_session', 'on_session']).optional(),
  payment_method_types: list(z.enum(['card']), 1).optional(),
  automatic_payment_methods: z
    .strictObject({ enabled: flag(), allow_redirects: z.enum(['always', 'never']).optional() })
    .optional(),
  description: text(1_000).optional(),
  metadata: metadata().optional(),
}

export const setupIntentRoutes: readonly Route[] = [
  route('POST /v1/setup_intents', createShape, create),
  route('GET /v1/setup_intents', { ...pageShape, customer: text(255).optional() }, (call, { customer, ...params }) =>
    page(call, 'setup_intent', '/v1/setup_intents', params, { customer }),
  ),
  route('GET /v1/setup_intents/:id', {}, (call, _params, id) => get(call, 'setup_intent', id)),
  route('POST /v1/setup_intents/:id/cancel', {}, cancel),
]

/** Opens the way to keep a card: whoever holds its client secret may enter one on the card form. */
async function create(call: Call, params: z.output<z.ZodObject<typeof createShape>>): Promise<Intent> {
  const customer = params.customer ? (await get(call, 'customer', params.customer, 'customer')).id : null
  const id = stripeId('seti')
  const intent = await insert<'setup_intent'>(call, {
    id,
    object: 'setup_intent',
    allowed_payment_method_types: null,
    application: null,
    automatic_payment_methods: null,
    cancellation_reason: null,
    client_secret: `${id}_${stripeId('secret')}`,
    created: call.now,
    customer,
    customer_account: null,
    description: params.description ?? null,
    excluded_payment_method_types: null,
    flow_directions: null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: false,
    managed_payments: null,
    mandate: null,
    metadata: mergeMetadata({}, params.metadata),
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: null,
    payment_method_types: ['card'],
    single_use_mandate: null,
    status: 'requires_payment_method',
    usage: params.usage ?? 'off_session',
  })
  await emit(call, 'setup_intent.created', intent)
  return intent
}

/** The intent of a client secret; undefined when the secret fits none. */
export async function findSetupBySecret(call: Call, secret: string, lock = false): Promise<Intent | undefined> {
  const intent = await find(call, 'setup_intent', secret.split('_secret_')[0] ?? '', lock)
  return intent?.client_secret === secret ? intent : undefined
}

/** A card is entered on the form: it becomes the customer's. Entering it twice keeps one card. */
export async function enterCard(call: Call, secret: string): Promise<{ decline?: Decline | undefined }> {
  const intent = await findSetupBySecret(call, secret, true)
  if (intent?.status !== 'requires_payment_method') return {}
  const customer = typeof intent.customer === 'string' ? await get(call, 'customer', intent.customer) : undefined
  const decline = await declineOf(call, { customer: customer?.id ?? null })
  if (decline) {
    const failed = await change(call, 'setup_intent', intent.id, {
      last_setup_error: { ...decline, type: 'card_error' } as Stripe.SetupIntent.LastSetupError,
    })
    await emit(call, 'setup_intent.setup_failed', failed)
    return { decline }
  }
  const card = await newCard(call, customer?.email ?? null)
  if (customer) await keepCard(call, card.id, customer.id)
  const done = await change(call, 'setup_intent', intent.id, {
    last_setup_error: null,
    payment_method: card.id,
    status: 'succeeded',
  })
  await emit(call, 'setup_intent.succeeded', done)
  return {}
}

async function cancel(call: Call, _params: object, id: string): Promise<Intent> {
  const { status } = await getLocked(call, 'setup_intent', id)
  if (status === 'succeeded' || status === 'canceled')
    throw badState(
      `You cannot cancel this SetupIntent because it has a status of ${status}. Only a SetupIntent with one of the following statuses may be canceled: requires_payment_method, requires_confirmation, requires_action.`,
      'setup_intent_unexpected_state',
    )
  const canceled = await change(call, 'setup_intent', id, { status: 'canceled' })
  await emit(call, 'setup_intent.canceled', canceled)
  return canceled
}

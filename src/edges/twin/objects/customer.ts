import type Stripe from 'stripe'
import { z } from 'zod'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import { emit } from '../state/emit.ts'
import { type PageParams, page, pageShape } from '../state/page.ts'
import { change, get, getLocked, insert } from '../state/store.ts'
import { badParam } from '../wire/api-error.ts'
import { email, mergeMetadata, metadata, text, unsettable } from '../wire/params.ts'
import { type Route, route } from './route.ts'

const fields = {
  email: unsettable(email()).optional(),
  name: unsettable(text(256)).optional(),
  description: unsettable(text()).optional(),
  phone: unsettable(text(20)).optional(),
  metadata: metadata().optional(),
  invoice_settings: z.strictObject({ default_payment_method: unsettable(text(255)).optional() }).optional(),
}

interface Fields {
  readonly email?: string | null | undefined
  readonly name?: string | null | undefined
  readonly description?: string | null | undefined
  readonly phone?: string | null | undefined
  readonly metadata?: Record<string, string> | null | undefined
  readonly invoice_settings?: { readonly default_payment_method?: string | null | undefined } | undefined
}

export const customerRoutes: readonly Route[] = [
  route('POST /v1/customers', fields, create),
  route('GET /v1/customers', { ...pageShape, email: text(512).optional() }, (call, params) =>
    page(call, 'customer', '/v1/customers', params, { email: params.email }),
  ),
  route('GET /v1/customers/:id', {}, (call, _params, id) => get(call, 'customer', id)),
  route('POST /v1/customers/:id', fields, update),
  route('GET /v1/customers/:id/payment_methods', { ...pageShape, type: z.enum(['card']).optional() }, listCards),
]

async function listCards(call: Call, params: PageParams, id: string): Promise<object> {
  await get(call, 'customer', id, 'customer')
  return page(call, 'payment_method', `/v1/customers/${id}/payment_methods`, params, { customer: id })
}

async function create(call: Call, given: Fields): Promise<Stripe.Customer> {
  const customer = await insert<'customer'>(call, {
    id: stripeId('cus', 14),
    object: 'customer',
    address: null,
    balance: 0,
    created: call.now,
    currency: null,
    default_source: null,
    delinquent: false,
    description: given.description ?? null,
    discount: null,
    email: given.email ?? null,
    invoice_prefix: stripeId('', 8).slice(1).toUpperCase(),
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: mergeMetadata({}, given.metadata),
    name: given.name ?? null,
    next_invoice_sequence: 1,
    phone: given.phone ?? null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  })
  await emit(call, 'customer.created', customer)
  return customer
}

/** Sets what was sent and leaves the rest. A call that changes nothing is no event. */
async function update(call: Call, given: Fields, id: string): Promise<Stripe.Customer> {
  const before = await getLocked(call, 'customer', id)
  const { metadata: pairs, invoice_settings: invoicing, ...plain } = given
  const sent = Object.entries(plain).filter(([, value]) => value !== undefined)
  const wanted: Partial<Stripe.Customer> = Object.fromEntries(sent)
  if (pairs !== undefined) wanted.metadata = mergeMetadata(before.metadata, pairs)
  if (invoicing?.default_payment_method !== undefined) {
    const card = invoicing.default_payment_method
    if (card !== null) await ownCard(call, card, id)
    wanted.invoice_settings = { ...before.invoice_settings, default_payment_method: card }
  }
  const previous = Object.entries(before).filter(
    ([key, old]) => key in wanted && !same(old, wanted[key as keyof Stripe.Customer]),
  )
  if (previous.length === 0) return before
  const after = await change(call, 'customer', id, wanted)
  await emit(call, 'customer.updated', after, { previous: Object.fromEntries(previous) })
  return after
}

async function ownCard(call: Call, cardId: string, customer: string): Promise<void> {
  const param = 'invoice_settings[default_payment_method]'
  const card = await get(call, 'payment_method', cardId, param)
  if (card.customer !== customer)
    throw badParam(
      param,
      'The customer does not have a payment method with the ID ' +
        `${cardId}. The payment method must be attached to the customer.`,
      'resource_missing',
    )
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

import type Stripe from 'stripe'
import { z } from 'zod'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import { emit } from '../state/emit.ts'
import { page, pageShape } from '../state/page.ts'
import { change, get, getLocked, insert } from '../state/store.ts'
import { badState } from '../wire/api-error.ts'
import { text } from '../wire/params.ts'
import { type Route, route } from './route.ts'

type PaymentMethod = Stripe.PaymentMethod

const onlyCards = z.enum(['card']).optional()

export const paymentMethodRoutes: readonly Route[] = [
  route(
    'GET /v1/payment_methods',
    { ...pageShape, customer: text(255).optional(), type: onlyCards },
    (call, { customer, ...params }) => page(call, 'payment_method', '/v1/payment_methods', params, { customer }),
  ),
  route('GET /v1/payment_methods/:id', {}, (call, _params, id) => get(call, 'payment_method', id)),
  route('POST /v1/payment_methods/:id/attach', { customer: text(255) }, attach),
  route('POST /v1/payment_methods/:id/detach', {}, detach),
]

/** A new card, always the one every Stripe user knows from testing. It belongs to nobody until it is attached. */
export function newCard(call: Call, email: string | null): Promise<PaymentMethod> {
  return insert<'payment_method'>(call, testCard(call, email))
}

/** Makes the card the customer's, to be charged when nobody is at the keyboard. */
export async function keepCard(call: Call, cardId: string, customer: string): Promise<PaymentMethod> {
  const kept = await change(call, 'payment_method', cardId, { customer })
  await emit(call, 'payment_method.attached', kept)
  return kept
}

/** The card of a parameter, judged as Stripe judges it: it must be there, and be this customer's or nobody's. */
export async function cardFor(call: Call, cardId: string, customer: string | null): Promise<PaymentMethod> {
  const card = await get(call, 'payment_method', cardId, 'payment_method')
  if (card.customer !== null && customer === null)
    throw badState(
      `The provided PaymentMethod (${cardId}) belongs to a Customer. Please include the Customer in the \`customer\` parameter.`,
    )
  if (card.customer !== null && card.customer !== customer)
    throw badState(`The customer does not have a payment method with the ID ${cardId}. It belongs to another Customer.`)
  return card
}

async function attach(call: Call, { customer }: { customer: string }, id: string): Promise<PaymentMethod> {
  await get(call, 'customer', customer, 'customer')
  const card = await getLocked(call, 'payment_method', id)
  if (card.customer === customer) return card
  if (card.customer !== null)
    throw badState(
      'The payment method you provided has already been attached to a customer.',
      'payment_method_unexpected_state',
    )
  return keepCard(call, id, customer)
}

async function detach(call: Call, _params: object, id: string): Promise<PaymentMethod> {
  const { customer } = await getLocked(call, 'payment_method', id)
  if (typeof customer !== 'string')
    throw badState(
      'The payment method you provided is not attached to a customer so detachment is impossible.',
      'payment_method_unexpected_state',
    )
  const owner = await getLocked(call, 'customer', customer)
  const left = await change(call, 'payment_method', id, { customer: null })
  // What is no longer theirs cannot be what they pay with.
  if (owner.invoice_settings.default_payment_method === id)
    await change(call, 'customer', customer, {
      invoice_settings: { ...owner.invoice_settings, default_payment_method: null },
    })
  await emit(call, 'payment_method.detached', left, { previous: { customer } })
  return left
}

export const noAddress = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null }

function testCard(call: Call, email: string | null): PaymentMethod & { object: 'payment_method' } {
  return {
    id: stripeId('pm'),
    object: 'payment_method',
    billing_details: { address: noAddress, email, name: null, phone: null, tax_id: null },
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
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    type: 'card',
  }
}

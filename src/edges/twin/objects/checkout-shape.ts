import type Stripe from 'stripe'
import { z } from 'zod'
import type { Call } from '../state/call.ts'
import { badParam } from '../wire/api-error.ts'
import { email, integer, list, mergeMetadata, metadata, text, webAddress } from '../wire/params.ts'
import { lineItemShape } from './line-item.ts'

type Session = Stripe.Checkout.Session

const day = 24 * 60 * 60

export const createShape = {
  mode: z.enum(['payment', 'subscription']),
  line_items: list(z.strictObject(lineItemShape), 100),
  success_url: webAddress(),
  cancel_url: webAddress().optional(),
  customer: text(255).optional(),
  customer_email: email().optional(),
  client_reference_id: text(200).optional(),
  metadata: metadata().optional(),
  payment_intent_data: z
    .strictObject({
      description: text(1_000).optional(),
      metadata: metadata().optional(),
      setup_future_usage: z.enum(['off_session', 'on_session']).optional(),
      transfer_group: text(500).optional(),
    })
    .optional(),
  subscription_data: z.strictObject({ description: text(500).optional(), metadata: metadata().optional() }).optional(),
  payment_method_types: list(z.enum(['card']), 1).optional(),
  expires_at: integer(0, 99_999_999_999).optional(),
}

export type CreateParams = z.output<z.ZodObject<typeof createShape>>

/** Refuses what no card can be charged. */
export function judgeTotal(total: number): void {
  const param = 'line_items'
  if (total < 50)
    throw badParam(
      param,
      "The Checkout Session's total amount due must add up to at least $0.50 usd",
      'amount_too_small',
    )
  if (total > 99_999_999)
    throw badParam(
      param,
      "The Checkout Session's total amount due must be no more than $999,999.99",
      'amount_too_large',
    )
}

function judgeEnd(call: Call, given: number | undefined): number {
  const end = given ?? call.now + day
  const rule = 'The `expires_at` timestamp must be'
  if (end < call.now + 30 * 60 - 5)
    throw badParam('expires_at', `${rule} at least 30 minutes from Checkout Session creation.`)
  if (end > call.now + day + 5)
    throw badParam('expires_at', `${rule} less than 24 hours from Checkout Session creation.`)
  return end
}

/** A session that waits to be paid. */
export function openSession(
  call: Call,
  sessionId: string,
  params: CreateParams,
  total: number,
  customer: Stripe.Customer | undefined,
): Session & { object: 'checkout.session' } {
  const payerEmail = customer?.email ?? params.customer_email ?? null
  const details = {
    address: null,
    business_name: null,
    email: payerEmail,
    individual_name: null,
    name: null,
    phone: null,
    tax_exempt: 'none',
    tax_ids: null,
  } as const
  return {
    id: sessionId,
    object: 'checkout.session',
    adaptive_pricing: { enabled: false },
    after_expiration: null,
    allow_promotion_codes: null,
    allowed_payment_method_types: null,
    amount_subtotal: total,
    amount_total: total,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    cancel_url: params.cancel_url ?? null,
    client_reference_id: params.client_reference_id ?? null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: call.now,
    currency: 'usd',
    currency_conversion: null,
    custom_fields: [],
    custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
    customer: customer?.id ?? null,
    customer_account: null,
    customer_creation: customer ? null : params.mode === 'subscription' ? 'always' : 'if_required',
    customer_details: payerEmail ? details : null,
    customer_email: params.customer_email ?? null,
    discounts: [],
    expires_at: judgeEnd(call, params.expires_at),
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    livemode: false,
    locale: null,
    managed_payments: null,
    metadata: mergeMetadata({}, params.metadata),
    mode: params.mode,
    origin_context: null,
    // Stripe makes the intent only when somebody pays.
    payment_intent: null,
    payment_link: null,
    payment_method_collection: params.mode === 'subscription' ? 'always' : 'if_required',
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    payment_status: 'unpaid',
    permissions: null,
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: null,
    subscription: null,
    success_url: params.success_url,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: 'hosted_page',
    url: `${call.pagesBase}/checkout/${sessionId}`,
    wallet_options: null,
  }
}

import type Stripe from 'stripe'
import { z } from 'zod'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import { emit } from '../state/emit.ts'
import { type Page, page, pageShape } from '../state/page.ts'
import { change, find, findHidden, get, insert } from '../state/store.ts'
import { ApiError, badParam } from '../wire/api-error.ts'
import { email, integer, list, mergeMetadata, metadata, text, webAddress } from '../wire/params.ts'
import { type Decline, declineOf } from './decline.ts'
import { type LineItem, lineItemShape, lineItems } from './line-item.ts'
import { openIntent, settleIntent } from './payment-intent.ts'
import { newCard } from './payment-method.ts'
import { type Route, route } from './route.ts'

type Session = Stripe.Checkout.Session

const day = 24 * 60 * 60

const createShape = {
  mode: z.enum(['payment']),
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
  payment_method_types: list(z.enum(['card']), 1).optional(),
  expires_at: integer(0, 99_999_999_999).optional(),
}

const id = text(255).optional()
const listShape = {
  ...pageShape,
  customer: id,
  payment_intent: id,
  status: z.enum(['open', 'complete', 'expired']).optional(),
}

export const checkoutSessionRoutes: readonly Route[] = [
  route('POST /v1/checkout/sessions', createShape, create),
  route('GET /v1/checkout/sessions', listShape, listSessions),
  route('GET /v1/checkout/sessions/:id', {}, retrieve),
  route('POST /v1/checkout/sessions/:id/expire', {}, expire),
]

type CreateParams = z.output<z.ZodObject<typeof createShape>>

/** Opens a checkout for a one-time payment. It can be paid on its page for 24 hours, or until `expires_at`. */
async function create(call: Call, params: CreateParams): Promise<Session> {
  const sessionId = stripeId('cs_test', 58)
  const items = lineItems(call, params.line_items, sessionId)
  const total = items.data.reduce((sum, item) => sum + item.amount_total, 0)
  judgeTotal(total)
  if (params.customer && params.customer_email)
    throw badParam('customer', 'You may only specify one of these parameters: customer, customer_email.')
  const customer = params.customer ? await get(call, 'customer', params.customer, 'customer') : undefined
  const session = openSession(call, sessionId, params, total, customer)
  return insert<'checkout.session'>(call, session, { line_items: items, payment: params.payment_intent_data ?? {} })
}

async function retrieve(call: Call, _params: object, sessionId: string): Promise<Session> {
  await expireOverdue(call)
  return get(call, 'checkout.session', sessionId)
}

async function listSessions(call: Call, params: z.output<z.ZodObject<typeof listShape>>): Promise<Page<Session>> {
  await expireOverdue(call)
  const { customer, payment_intent, status } = params
  return page(call, 'checkout.session', '/v1/checkout/sessions', params, { customer, payment_intent, status })
}

async function expire(call: Call, _params: object, sessionId: string): Promise<Session> {
  await expireOverdue(call)
  const expired = await leaveOpen(call, sessionId, { status: 'expired', url: null })
  if (!expired) {
    const { status } = await get(call, 'checkout.session', sessionId)
    const message = `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of \`${status}\`.`
    throw new ApiError(400, { type: 'invalid_request_error', message })
  }
  await emit(call, 'checkout.session.expired', expired)
  return expired
}

/** What the page of a session shows, or undefined when there is no such session. */
export async function viewSession(
  call: Call,
  sessionId: string,
): Promise<{ session: Session; items: LineItem[] } | undefined> {
  await expireOverdue(call)
  const session = await find(call, 'checkout.session', sessionId)
  if (!session) return undefined
  const items = (await findHidden(call, sessionId, 'line_items')) as { data: LineItem[] }
  return { session, items: items.data }
}

/**
 * The payer pays. Of any number of tries at once exactly one takes money; the others find the session as it left it. A decline
 * leaves it open for another card.
 */
export async function paySession(call: Call, sessionId: string): Promise<{ decline?: Decline | undefined }> {
  const open = await find(call, 'checkout.session', sessionId, true)
  if (open?.status !== 'open' || open.expires_at <= call.now) return {}
  const customer = typeof open.customer === 'string' ? open.customer : null
  const decline = await declineOf(call, { customer })
  if (decline) return { decline }
  const paid = await leaveOpen(call, sessionId, { status: 'complete', payment_status: 'paid', url: null })
  if (!paid) return {}
  const payment = (await findHidden(call, sessionId, 'payment')) as CreateParams['payment_intent_data']
  const intent = await openIntent(call, {
    amount: paid.amount_total ?? 0,
    customer,
    description: payment?.description ?? null,
    metadata: mergeMetadata({}, payment?.metadata),
    setup_future_usage: payment?.setup_future_usage ?? null,
    transfer_group: payment?.transfer_group ?? null,
  })
  await settleIntent(call, intent, await newCard(call, paid.customer_details?.email ?? null))
  const session = await change(call, 'checkout.session', sessionId, { payment_intent: intent.id })
  await emit(call, 'checkout.session.completed', session)
  return {}
}

/** Closes the sessions whose time is up. Reading a session does it first, so nobody sees an overdue one as open. */
export async function expireOverdue(call: Call): Promise<void> {
  const batch = 100
  const sql = `update stripe_twin.object set body = body || '{"status":"expired","url":null}' where id in (
      select id from stripe_twin.object
      where kind = 'checkout.session' and body ->> 'status' = 'open' and (body ->> 'expires_at')::bigint <= $1
      order by seq limit ${batch} for update skip locked
    ) returning body`
  for (let closed = batch; closed === batch; ) {
    const { rows } = await call.tx.query<{ body: Session }>(sql, [call.now])
    for (const { body } of rows) await emit(call, 'checkout.session.expired', body)
    closed = rows.length
  }
}

/** The one way out of `open`: a guarded statement that only the first of several callers wins, and nobody after the end. */
async function leaveOpen(call: Call, sessionId: string, set: Partial<Session>): Promise<Session | undefined> {
  const sql = `update stripe_twin.object set body = body || $2
    where id = $1 and kind = 'checkout.session' and body ->> 'status' = 'open'
      and to_timestamp((body ->> 'expires_at')::bigint) > stripe_twin.now()
    returning body`
  const left = await call.tx.query<{ body: Session }>(sql, [sessionId, JSON.stringify(set)])
  return left.rows[0]?.body
}

function judgeTotal(total: number): void {
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

function openSession(
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
    customer_creation: customer ? null : 'if_required',
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
    payment_method_collection: 'if_required',
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

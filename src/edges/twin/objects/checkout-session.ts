import type Stripe from 'stripe'
import { z } from 'zod'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import { emit } from '../state/emit.ts'
import { type Page, page, pageShape } from '../state/page.ts'
import { change, find, findHidden, get, insert } from '../state/store.ts'
import { ApiError, badParam } from '../wire/api-error.ts'
import { mergeMetadata, text } from '../wire/params.ts'
import { type CreateParams, createShape, judgeTotal, openSession } from './checkout-shape.ts'
import { createCustomer } from './customer.ts'
import { type Decline, declineOf } from './decline.ts'
import { type LineItem, lineItems } from './line-item.ts'
import { openIntent, settleIntent } from './payment-intent.ts'
import { keepCard, newCard } from './payment-method.ts'
import { type Route, route } from './route.ts'
import { startSubscription } from './subscription.ts'

type Session = Stripe.Checkout.Session

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

/** Opens a checkout for a one-time payment or a subscription. It can be paid on its page for 24 hours, or until `expires_at`. */
async function create(call: Call, params: CreateParams): Promise<Session> {
  const sessionId = stripeId('cs_test', 58)
  if (params.mode === 'subscription' && params.payment_intent_data)
    throw badParam('payment_intent_data', 'You can not pass `payment_intent_data` in `subscription` mode.')
  if (params.mode === 'payment' && params.subscription_data)
    throw badParam('subscription_data', 'You can not pass `subscription_data` in `payment` mode.')
  const items = await lineItems(call, params.line_items, params.mode, sessionId)
  const total = items.data.reduce((sum, item) => sum + item.amount_total, 0)
  judgeTotal(total)
  if (params.customer && params.customer_email)
    throw badParam('customer', 'You may only specify one of these parameters: customer, customer_email.')
  const customer = params.customer ? await get(call, 'customer', params.customer, 'customer') : undefined
  const session = openSession(call, sessionId, params, total, customer)
  return insert<'checkout.session'>(call, session, {
    line_items: items,
    payment: params.payment_intent_data ?? {},
    subscription: params.subscription_data ?? {},
  })
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
  const card = await newCard(call, paid.customer_details?.email ?? null)
  const result = paid.mode === 'subscription' ? await subscribe(call, paid, card) : await payOnce(call, paid, card)
  const session = await change(call, 'checkout.session', sessionId, result)
  await emit(call, 'checkout.session.completed', session)
  return {}
}

async function payOnce(call: Call, session: Session, card: Stripe.PaymentMethod): Promise<Partial<Session>> {
  const payment = (await findHidden(call, session.id, 'payment')) as CreateParams['payment_intent_data']
  const intent = await openIntent(call, {
    amount: session.amount_total ?? 0,
    customer: typeof session.customer === 'string' ? session.customer : null,
    description: payment?.description ?? null,
    metadata: mergeMetadata({}, payment?.metadata),
    setup_future_usage: payment?.setup_future_usage ?? null,
    transfer_group: payment?.transfer_group ?? null,
  })
  await settleIntent(call, intent, card)
  return { payment_intent: intent.id }
}

/** A subscription belongs to a customer: one is made of whoever pays without being one. */
async function subscribe(call: Call, session: Session, card: Stripe.PaymentMethod): Promise<Partial<Session>> {
  const given = (await findHidden(call, session.id, 'subscription')) as CreateParams['subscription_data']
  const items = (await findHidden(call, session.id, 'line_items')) as { data: LineItem[] }
  const customer =
    typeof session.customer === 'string'
      ? session.customer
      : (await createCustomer(call, { email: session.customer_email })).id
  await keepCard(call, card.id, customer)
  const { subscription, invoice } = await startSubscription(call, {
    customer,
    card: card.id,
    lines: items.data,
    metadata: mergeMetadata({}, given?.metadata),
    description: given?.description ?? null,
  })
  return { customer, subscription: subscription.id, invoice: invoice.id }
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

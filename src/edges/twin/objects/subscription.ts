import type Stripe from 'stripe'
import { z } from 'zod'
import type { Call } from '../state/call.ts'
import { emit } from '../state/emit.ts'
import { type Page, page, pageShape } from '../state/page.ts'
import { change, get, getLocked, insert, setDue } from '../state/store.ts'
import { noSuch } from '../wire/api-error.ts'
import { mergeMetadata, metadata, text } from '../wire/params.ts'
import { collectInvoice, writeInvoice } from './invoice.ts'
import { flag } from './payment-intent.ts'
import { cardFor } from './payment-method.ts'
import { type Route, route } from './route.ts'
import { periodFrom, type SubscriptionOrder, subscriptionOf } from './subscription-shape.ts'

type Subscription = Stripe.Subscription

const listShape = {
  ...pageShape,
  customer: text(255).optional(),
  status: z.enum(['active', 'past_due', 'incomplete', 'canceled', 'all']).optional(),
}

const updateShape = {
  cancel_at_period_end: flag().optional(),
  default_payment_method: text(255).optional(),
  metadata: metadata().optional(),
}

export const subscriptionRoutes: readonly Route[] = [
  route('GET /v1/subscriptions', listShape, listSubscriptions),
  route('GET /v1/subscriptions/:id', {}, (call, _params, id) => get(call, 'subscription', id)),
  route('POST /v1/subscriptions/:id', updateShape, update),
  route('DELETE /v1/subscriptions/:id', {}, async (call, _params, id) => {
    await running(call, id)
    return end(call, id, 'cancellation_requested')
  }),
]

/** Those that have ended are shown only to whoever asks for them, as Stripe does it. */
function listSubscriptions(
  call: Call,
  { customer, status, ...params }: z.output<z.ZodObject<typeof listShape>>,
): Promise<Page<Subscription>> {
  const wanted = status === 'all' ? undefined : (status ?? ['active', 'past_due', 'incomplete'])
  return page(call, 'subscription', '/v1/subscriptions', params, { customer, status: wanted })
}

/** Begins a subscription and collects its first invoice with a card that was just accepted. */
export async function startSubscription(
  call: Call,
  order: SubscriptionOrder,
): Promise<{ subscription: Subscription; invoice: Stripe.Invoice }> {
  const made = await insert<'subscription'>(call, subscriptionOf(call, order))
  await emit(call, 'customer.subscription.created', made)
  const { id: invoiceId } = await writeInvoice(call, made, 'subscription_create')
  const invoice = await collectInvoice(call, invoiceId, order.card, null)
  const subscription = await change(call, 'subscription', made.id, { latest_invoice: invoiceId, status: 'active' })
  await setDue(call, made.id, periodEnd(subscription))
  await emit(call, 'customer.subscription.updated', subscription, {
    previous: { latest_invoice: null, status: 'incomplete' },
  })
  return { subscription, invoice }
}

const day = 24 * 60 * 60
/** The first try and three more, three days apart; then the subscription ends unpaid. */
const retryAfterSeconds = 3 * day
const maxAttempts = 4

/** The clock acts: a period is over, a failed payment is tried again, or a cancelled subscription ends. */
export async function continueSubscription(call: Call, id: string): Promise<void> {
  const subscription = await getLocked(call, 'subscription', id)
  if (subscription.status === 'past_due') return retry(call, subscription)
  if (subscription.cancel_at_period_end) {
    await end(call, id, 'cancellation_requested')
    return
  }
  return renew(call, subscription)
}

async function renew(call: Call, before: Subscription): Promise<void> {
  const { start, end: until } = periodFrom(before.billing_cycle_anchor, periodEnd(before))
  const data = before.items.data.map((item) => ({ ...item, current_period_start: start, current_period_end: until }))
  const items = { ...before.items, data }
  const { id: invoiceId } = await writeInvoice(call, { ...before, items }, 'subscription_cycle')
  const renewed = await change(call, 'subscription', before.id, { items, latest_invoice: invoiceId })
  await emit(call, 'customer.subscription.updated', renewed, {
    previous: { items: before.items, latest_invoice: before.latest_invoice },
  })
  return collect(call, renewed, invoiceId, call.now + retryAfterSeconds)
}

async function retry(call: Call, subscription: Subscription): Promise<void> {
  const invoice = await get(call, 'invoice', String(subscription.latest_invoice))
  const last = invoice.attempt_count + 1 >= maxAttempts
  return collect(call, subscription, invoice.id, last ? null : call.now + retryAfterSeconds)
}

async function collect(
  call: Call,
  subscription: Subscription,
  invoiceId: string,
  nextAttempt: number | null,
): Promise<void> {
  const { status } = await collectInvoice(call, invoiceId, await cardOf(call, subscription), nextAttempt)
  if (status !== 'paid' && nextAttempt === null) {
    await end(call, subscription.id, 'payment_failed')
    return
  }
  await setDue(call, subscription.id, status === 'paid' ? periodEnd(subscription) : nextAttempt)
  const now = status === 'paid' ? 'active' : 'past_due'
  if (now === subscription.status) return
  const changed = await change(call, 'subscription', subscription.id, { status: now })
  await emit(call, 'customer.subscription.updated', changed, { previous: { status: subscription.status } })
}

async function end(call: Call, id: string, reason: 'cancellation_requested' | 'payment_failed'): Promise<Subscription> {
  const before = await getLocked(call, 'subscription', id)
  const ended = await change(call, 'subscription', id, {
    status: 'canceled',
    canceled_at: before.canceled_at ?? call.now,
    ended_at: call.now,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason },
  })
  await setDue(call, id, null)
  await emit(call, 'customer.subscription.deleted', ended)
  return ended
}

async function update(
  call: Call,
  params: z.output<z.ZodObject<typeof updateShape>>,
  id: string,
): Promise<Subscription> {
  const before = await running(call, id)
  const set: Partial<Subscription> = {}
  if (params.metadata !== undefined) set.metadata = mergeMetadata(before.metadata, params.metadata)
  if (params.default_payment_method)
    set.default_payment_method = (await cardFor(call, params.default_payment_method, String(before.customer))).id
  if (params.cancel_at_period_end !== undefined) {
    const ends = params.cancel_at_period_end
    set.cancel_at_period_end = ends
    set.cancel_at = ends ? periodEnd(before) : null
    set.canceled_at = ends ? call.now : null
  }
  const after = await change(call, 'subscription', id, set)
  const previous = Object.fromEntries(Object.keys(set).map((key) => [key, before[key as keyof Subscription]]))
  await emit(call, 'customer.subscription.updated', after, { previous })
  return after
}

/** One that has not ended: for Stripe an ended one is not there any more when it is to be changed. */
async function running(call: Call, id: string): Promise<Subscription> {
  const subscription = await getLocked(call, 'subscription', id)
  if (subscription.status === 'canceled') throw noSuch('subscription', id)
  return subscription
}

async function cardOf(call: Call, { customer, default_payment_method }: Subscription): Promise<string | null> {
  if (typeof default_payment_method === 'string') {
    const card = await get(call, 'payment_method', default_payment_method)
    if (card.customer === customer) return card.id
  }
  const owner = await get(call, 'customer', String(customer))
  const { default_payment_method: usual } = owner.invoice_settings
  return typeof usual === 'string' ? usual : null
}

const periodEnd = (subscription: Subscription): number => subscription.items.data[0]!.current_period_end

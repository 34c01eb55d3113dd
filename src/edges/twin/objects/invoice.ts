import type Stripe from 'stripe'
import { z } from 'zod'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import { emit } from '../state/emit.ts'
import { page, pageShape } from '../state/page.ts'
import { change, changeHidden, find, get, insert } from '../state/store.ts'
import { text } from '../wire/params.ts'
import { declineOf } from './decline.ts'
import { type BillingReason, invoiceOf } from './invoice-shape.ts'
import { openIntent, settleIntent } from './payment-intent.ts'
import { type Route, route } from './route.ts'

type Invoice = Stripe.Invoice
type Payment = Stripe.InvoicePayment

const id = text(255).optional()

export const invoiceRoutes: readonly Route[] = [
  route(
    'GET /v1/invoices',
    { ...pageShape, customer: id, subscription: id, status: z.enum(['open', 'paid']).optional() },
    (call, { customer, subscription, status, ...params }) =>
      page(call, 'invoice', '/v1/invoices', params, { customer, status, invoiced_subscription: subscription }),
  ),
  route('GET /v1/invoices/:id', {}, (call, _params, which) => get(call, 'invoice', which)),
  route(
    'GET /v1/invoice_payments',
    {
      ...pageShape,
      invoice: id,
      payment: z.strictObject({ type: z.enum(['payment_intent']), payment_intent: id }).optional(),
    },
    (call, { invoice, payment, ...params }) =>
      page(call, 'invoice_payment', '/v1/invoice_payments', params, {
        invoice,
        invoiced_intent: payment?.payment_intent,
      }),
  ),
]

const descriptions: Readonly<Record<BillingReason, string>> = {
  subscription_create: 'Subscription creation',
  subscription_cycle: 'Subscription update',
}

/**
 * Writes the invoice of a subscription's current period, with the intent that will pay it. There is one a period, whatever the
 * clock does. Stripe leaves a renewal open for changes for an hour first; here it is final at once.
 */
export async function writeInvoice(
  call: Call,
  subscription: Stripe.Subscription,
  reason: BillingReason,
): Promise<Invoice> {
  const customer = await get(call, 'customer', String(subscription.customer))
  const period = `${subscription.id}:${subscription.items.data[0]!.current_period_start}`
  const body = invoiceOf(call, subscription, customer, reason)
  const invoice = await insert<'invoice'>(call, body, { subscription_period: period })
  const draft = {
    ...invoice,
    status: 'draft',
    status_transitions: { ...invoice.status_transitions, finalized_at: null },
  }
  await emit(call, 'invoice.created', draft)
  await emit(call, 'invoice.finalized', invoice)
  const intent = await openIntent(call, {
    amount: invoice.amount_due,
    customer: customer.id,
    description: descriptions[reason],
    metadata: {},
  })
  await keepPayment(call, {
    id: stripeId('inpay'),
    object: 'invoice_payment',
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: call.now,
    currency: 'usd',
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { payment_intent: intent.id, type: 'payment_intent' },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  })
  return invoice
}

/** Tries to collect an invoice. A card that is gone or declined leaves it open, to be tried again at `nextAttempt`. */
export async function collectInvoice(
  call: Call,
  invoiceId: string,
  cardId: string | null,
  nextAttempt: number | null,
): Promise<Invoice> {
  const invoice = await get(call, 'invoice', invoiceId)
  const customer = String(invoice.customer)
  const card = cardId === null ? undefined : await find(call, 'payment_method', cardId)
  const usable = card?.customer === customer ? card : undefined
  const attempts = { attempt_count: invoice.attempt_count + 1, attempted: true }
  const decline = usable && (await declineOf(call, { customer, payment_method: usable.id }))
  const payment = (await page(call, 'invoice_payment', '', {}, { invoice: invoiceId })).data[0]!
  if (usable) {
    const intent = await get(call, 'payment_intent', String(payment.payment.payment_intent))
    await settleIntent(call, intent, usable, decline)
  }
  if (!usable || decline) {
    const failed = await change(call, 'invoice', invoiceId, { ...attempts, next_payment_attempt: nextAttempt })
    await emit(call, 'invoice.payment_failed', failed)
    return failed
  }
  await keepPayment(call, {
    ...payment,
    object: 'invoice_payment',
    amount_paid: invoice.amount_due,
    status: 'paid',
    status_transitions: { canceled_at: null, paid_at: call.now },
  })
  const paid = await change(call, 'invoice', invoiceId, {
    ...attempts,
    amount_paid: invoice.amount_due,
    amount_remaining: 0,
    next_payment_attempt: null,
    status: 'paid',
    status_transitions: { ...invoice.status_transitions, paid_at: call.now },
  })
  await emit(call, 'invoice.paid', paid)
  await emit(call, 'invoice.payment_succeeded', paid)
  return paid
}

/** Keeps the payment by itself and, for whoever expands `payments`, beside its invoice. */
async function keepPayment(call: Call, payment: Payment & { object: 'invoice_payment' }): Promise<void> {
  if (await find(call, 'invoice_payment', payment.id)) await change(call, 'invoice_payment', payment.id, payment)
  else await insert<'invoice_payment'>(call, payment)
  const payments = { object: 'list', data: [payment], has_more: false, url: '/v1/invoice_payments' }
  await changeHidden(call, String(payment.invoice), { payments })
}

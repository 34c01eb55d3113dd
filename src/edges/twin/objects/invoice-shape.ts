import type Stripe from 'stripe'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'

type Invoice = Stripe.Invoice
type Subscription = Stripe.Subscription

export type BillingReason = 'subscription_create' | 'subscription_cycle'

/** The amount of one period. */
export const periodAmount = (subscription: Subscription): number =>
  subscription.items.data.reduce((sum, item) => sum + (item.quantity ?? 1) * (item.price.unit_amount ?? 0), 0)

/** A finished invoice of one period of a subscription, waiting to be paid. */
export function invoiceOf(
  call: Call,
  subscription: Subscription,
  customer: Stripe.Customer,
  reason: BillingReason,
): Invoice & { object: 'invoice' } {
  const invoiceId = stripeId('in')
  const amount = periodAmount(subscription)
  const { metadata, items } = subscription
  const lines = items.data.map((item) => lineOf(invoiceId, subscription, item))
  return {
    id: invoiceId,
    object: 'invoice',
    account_country: 'US',
    account_name: null,
    account_tax_ids: null,
    amount_due: amount,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: amount,
    amount_shipping: 0,
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: true,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null,
    billing_reason: reason,
    collection_method: 'charge_automatically',
    created: call.now,
    currency: 'usd',
    custom_fields: null,
    customer: customer.id,
    customer_account: null,
    customer_address: null,
    customer_email: customer.email,
    customer_name: customer.name ?? null,
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: 'none',
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    due_date: null,
    effective_at: call.now,
    ending_balance: 0,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
    lines: { object: 'list', data: lines, has_more: false, url: `/v1/invoices/${invoiceId}/lines` },
    livemode: false,
    metadata: {},
    next_payment_attempt: null,
    number: `${customer.invoice_prefix ?? 'TWIN'}-${stripeId('', 4).slice(1).toUpperCase()}`,
    on_behalf_of: null,
    parent: {
      quote_details: null,
      subscription_details: { metadata, subscription: subscription.id },
      type: 'subscription_details',
    },
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    // Stripe means the period before, which for the first invoice is the moment of signing up.
    period_end: call.now,
    period_start: call.now,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: 'open',
    status_transitions: { finalized_at: call.now, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal: amount,
    subtotal_excluding_tax: amount,
    test_clock: null,
    total: amount,
    total_discount_amounts: [],
    total_excluding_tax: amount,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: null,
  }
}

function lineOf(invoice: string, subscription: Subscription, item: Stripe.SubscriptionItem): Stripe.InvoiceLineItem {
  const amount = (item.quantity ?? 1) * (item.price.unit_amount ?? 0)
  return {
    id: stripeId('il'),
    object: 'line_item',
    amount,
    currency: 'usd',
    description: `${item.quantity ?? 1} × plan (at $${(item.price.unit_amount ?? 0) / 100} / month)`,
    discount_amounts: [],
    discountable: true,
    discounts: [],
    invoice,
    livemode: false,
    metadata: subscription.metadata,
    parent: {
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: false,
        proration_details: null,
        subscription: subscription.id,
        subscription_item: item.id,
      },
      type: 'subscription_item_details',
    },
    period: { end: item.current_period_end, start: item.current_period_start },
    pretax_credit_amounts: [],
    pricing: {
      price_details: { price: item.price.id, product: String(item.price.product) },
      type: 'price_details',
      unit_amount_decimal: item.price.unit_amount_decimal,
    },
    quantity: item.quantity ?? 1,
    quantity_decimal: null,
    subscription: subscription.id,
    subtotal: amount,
    taxes: [],
  }
}

import type Stripe from 'stripe'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import type { LineItem } from './line-item.ts'

type Subscription = Stripe.Subscription

export interface Period {
  readonly start: number
  readonly end: number
}

/** So many months after the day it all began; in a month that has no such day, its last. */
export function monthsAfter(anchor: number, months: number): number {
  const from = new Date(anchor * 1_000)
  const to = new Date(from)
  to.setUTCDate(1)
  to.setUTCMonth(from.getUTCMonth() + months)
  const lastDay = new Date(Date.UTC(to.getUTCFullYear(), to.getUTCMonth() + 1, 0)).getUTCDate()
  to.setUTCDate(Math.min(from.getUTCDate(), lastDay))
  return Math.floor(to.getTime() / 1_000)
}

/** The period that begins at `start` for a subscription that began at `anchor`. */
export function periodFrom(anchor: number, start: number): Period {
  let months = 1
  while (monthsAfter(anchor, months) <= start) months += 1
  return { start, end: monthsAfter(anchor, months) }
}

export interface SubscriptionOrder {
  readonly customer: string
  readonly card: string
  readonly lines: readonly LineItem[]
  readonly metadata: Readonly<Record<string, string>>
  readonly description: string | null
}

/** A subscription in its first period, not yet paid. */
export function subscriptionOf(call: Call, order: SubscriptionOrder): Subscription & { object: 'subscription' } {
  const subscriptionId = stripeId('sub')
  const period = periodFrom(call.now, call.now)
  const items = order.lines.map((line) => itemOf(call, subscriptionId, line, period))
  return {
    id: subscriptionId,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: call.now,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: null, type: 'classic' },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: 'charge_automatically',
    created: call.now,
    currency: 'usd',
    customer: order.customer,
    customer_account: null,
    days_until_due: null,
    default_payment_method: order.card,
    default_source: null,
    default_tax_rates: [],
    description: order.description,
    discounts: [],
    ended_at: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    items: {
      object: 'list',
      data: items,
      has_more: false,
      url: `/v1/subscription_items?subscription=${subscriptionId}`,
    },
    latest_invoice: null,
    livemode: false,
    managed_payments: null,
    metadata: { ...order.metadata },
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: 'off',
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: call.now,
    status: 'incomplete',
    test_clock: null,
    transfer_data: null,
    trial_end: null,
    trial_settings: { end_behavior: { billing_cycle_anchor: null, missing_payment_method: 'create_invoice' } },
    trial_start: null,
  }
}

function itemOf(call: Call, subscription: string, line: LineItem, { start, end }: Period): Stripe.SubscriptionItem {
  // On the wire the decimal is text; the SDK's type is what it makes of it.
  const price = line.price as unknown as Stripe.Price
  return {
    id: stripeId('si', 14),
    object: 'subscription_item',
    billing_thresholds: null,
    created: call.now,
    current_period_end: end,
    current_period_start: start,
    current_trial: null,
    discounts: [],
    metadata: {},
    plan: planOf(price),
    price,
    quantity: line.quantity ?? 1,
    subscription,
    tax_rates: [],
  }
}

/** The older name of a price, which items still carry. */
function planOf(price: Stripe.Price): Stripe.Plan {
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: 'per_unit',
    created: price.created,
    currency: price.currency,
    interval: 'month',
    interval_count: 1,
    livemode: false,
    metadata: price.metadata,
    meter: null,
    nickname: null,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: 'licensed',
  }
}

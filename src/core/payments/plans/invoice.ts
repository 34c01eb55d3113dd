import type Stripe from 'stripe'
import type { Database } from '../../../base/db.ts'
import { tell } from '../../events/write.ts'
import { idOf } from '../stripe.ts'
import { isTier, planCredits } from './plan.ts'
import { subscriptionChanged } from './subscription.ts'

const bookInvoice = `with booked as (
  insert into plan_invoice (id, subscription_id, user_id, tier, amount_cents, credits, payment_intent_id, booked_at)
  select $1, s.id, s.user_id, s.tier, $3, $4, $5, app_now() from plan_subscription s where s.id = $2
  on conflict (id) do nothing returning id, user_id, tier, amount_cents, credits
), sold as (
  select ledger_post('credits_sold', 'invoice:' || id, 'invoice:' || id, 'USD', array['platform:stripe'], array['platform:credits_sold'], array[amount_cents]) from booked
), given as (
  select ledger_post('credits_given', 'invoice:' || id, 'invoice:' || id, 'CREDIT', array['platform:credits'], array['credits:' || user_id], array[credits::bigint]) from booked
), told as (
  ${tell({
    name: `'credits.added'`,
    ref: `'invoice:' || id`,
    parties: ['user_id'],
    data: `json_build_object('credits', credits, 'subscription_tier', tier)`,
    from: 'booked',
  })}
) select (select count(*) from sold) + (select count(*) from given) as posts from booked`

/** Invoices that begin a month; any other (a proration by hand) is money for credits, and gives none. */
const monthly: readonly (string | null)[] = ['subscription_create', 'subscription_cycle']

/**
 * Something has happened to an invoice: it is read again. A paid one gives a month's credits, once, and its dollars are booked as
 * received for credits; of any other only its subscription is looked at.
 */
export async function invoiceChanged(db: Database, stripe: Stripe, id: string): Promise<void> {
  const invoice = await stripe.invoices.retrieve(id, { expand: ['payments'] })
  const subscription = idOf(invoice.parent?.subscription_details?.subscription)
  if (!subscription || !(await subscriptionChanged(db, stripe, subscription))) return
  if (invoice.status === 'paid') await bookPaid(db, stripe, invoice, subscription)
  else if (invoice.status === 'open' && invoice.attempt_count > 0) await tellOfFailure(db, invoice, subscription)
}

async function bookPaid(db: Database, stripe: Stripe, invoice: Stripe.Invoice, subscription: string): Promise<void> {
  // Credits are worth money at this market: what cost nothing gives none.
  if (invoice.amount_paid === 0) return
  if (invoice.currency !== 'usd')
    throw new Error(`The invoice ${invoice.id} is in ${invoice.currency}; the ledger keeps dollars.`)
  const [plan] = await db.rows<{ tier: string }>(`select tier from plan_subscription where id = $1`, [subscription])
  const credits = isTier(plan?.tier) && monthly.includes(invoice.billing_reason) ? planCredits[plan.tier] : 0
  const payment = invoice.payments?.data.find(({ status }) => status === 'paid')?.payment.payment_intent
  await db.rows(bookInvoice, [invoice.id, subscription, invoice.amount_paid, credits, idOf(payment)])
  await bookFee(db, stripe, invoice.id)
}

const bookInvoiceFee = `with moved as (
  update plan_invoice set fee_cents = $2 where id = $1 and fee_cents is null returning id, payment_intent_id, fee_cents
) select ledger_post('stripe_fee', 'invoice:' || id, 'fee:' || payment_intent_id, 'USD', array['platform:stripe'], array['platform:processing'], array[fee_cents]) from moved`

/** What the provider kept of an invoice's payment, once; thrown when it does not know yet, so that it is asked again. */
async function bookFee(db: Database, stripe: Stripe, id: string): Promise<void> {
  const [invoice] = await db.rows<{ payment: string | null }>(
    `select payment_intent_id as payment from plan_invoice where id = $1 and fee_cents is null`,
    [id],
  )
  if (!invoice?.payment) return
  const { latest_charge: charge } = await stripe.paymentIntents.retrieve(invoice.payment, {
    expand: ['latest_charge.balance_transaction'],
  })
  const transaction = typeof charge === 'object' ? charge?.balance_transaction : null
  if (typeof transaction !== 'object' || transaction === null)
    throw new Error(`The provider does not say yet what it kept of the invoice ${id}.`)
  await db.rows(bookInvoiceFee, [id, transaction.fee])
}

const tellFailure = `with failed as (
  insert into plan_failure (invoice_id, attempt, user_id, failed_at)
  select $1, $3::integer, user_id, app_now() from plan_subscription where id = $2 on conflict do nothing returning invoice_id, attempt, user_id
), told as (
  ${tell({
    name: `'plan.payment_failed'`,
    ref: `'invoice:' || invoice_id`,
    parties: ['user_id'],
    data: `json_build_object('invoice_id', invoice_id, 'attempt', attempt)`,
    from: 'failed',
  })}
) select invoice_id from failed`

/** The person is told of each try that failed, once. */
async function tellOfFailure(db: Database, { id, attempt_count }: Stripe.Invoice, subscription: string): Promise<void> {
  await db.rows(tellFailure, [id, subscription, attempt_count])
}

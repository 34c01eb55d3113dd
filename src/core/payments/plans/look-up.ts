import type Stripe from 'stripe'
import type { Database } from '../../../base/db.ts'
import type { Log } from '../../../base/log.ts'
import { findSession } from '../look-up.ts'
import { idOf } from '../stripe.ts'
import { planDisputeChanged } from './dispute.ts'
import { invoiceChanged } from './invoice.ts'
import { subscriptionChanged } from './subscription.ts'

/** Something has happened to the checkout of a plan: once it is paid, its subscription and its invoices are read. */
export async function planCheckoutChanged(
  db: Database,
  stripe: Stripe,
  session: Stripe.Checkout.Session,
): Promise<void> {
  const { kind, plan_checkout_id: id } = session.metadata ?? {}
  if (kind !== 'credits_plan' || !id) return
  // The answer that told us its id may have been lost.
  await db.rows(`update plan_checkout set status = 'open', session_id = $2 where id = $1 and status = 'asked'`, [
    id,
    session.id,
  ])
  const subscription = idOf(session.subscription)
  if (session.status === 'complete' && subscription) await readSubscription(db, stripe, subscription)
  if (session.status === 'complete' || session.status === 'expired') {
    await db.rows(`update plan_checkout set status = $3 where id = $1 and session_id = $2 and status = 'open'`, [
      id,
      session.id,
      session.status,
    ])
  }
}

/** A subscription and those of its paid invoices that nobody here has seen. */
async function readSubscription(db: Database, stripe: Stripe, id: string): Promise<void> {
  if (!(await subscriptionChanged(db, stripe, id))) return
  for await (const invoice of stripe.invoices.list({ subscription: id, status: 'paid', limit: 100 })) {
    const [known] = await db.rows(`select 1 from plan_invoice where id = $1 and fee_cents is not null`, [invoice.id])
    // Newest first: what is known, and all before it, has been read.
    if (known) break
    await invoiceChanged(db, stripe, invoice.id)
  }
}

interface Due {
  readonly id: string
  readonly session_id: string | null
  readonly customer: string | null
}

/**
 * Asks the provider about what it may have told us of in vain: checkouts of plans that are still open, running plans every hour
 * (a month's invoice may have been paid), open disputes.
 */
export async function lookUpPlans(db: Database, stripe: Stripe, log: Log): Promise<void> {
  const checkouts = await db.rows<Due>(
    `select c.id, session_id, stripe_customer_id as customer from plan_checkout c join app_user u on u.id = user_id
     where status in ('asked', 'open') and c.created_at < app_now() - interval '2 minutes'
       and (status = 'open' or c.created_at > app_now() - interval '3 days')
     order by looked_up_at nulls first, c.created_at limit 100`,
  )
  for (const { id, session_id, customer } of checkouts) {
    await trying(log, { plan_checkout_id: id }, async () => {
      const session = session_id
        ? await stripe.checkout.sessions.retrieve(session_id)
        : await findSession(stripe, customer, id)
      if (session) await planCheckoutChanged(db, stripe, session)
    })
    await db.rows(`update plan_checkout set looked_up_at = app_now() where id = $1`, [id])
  }
  const running = await db.rows<{ id: string }>(
    `select id from plan_subscription where live and (looked_up_at is null or looked_up_at < app_now() - interval '1 hour')
     order by looked_up_at nulls first limit 100`,
  )
  for (const { id } of running) {
    await trying(log, { subscription: id }, () => readSubscription(db, stripe, id))
    await db.rows(`update plan_subscription set looked_up_at = app_now() where id = $1`, [id])
  }
  const disputes = await db.rows<{ id: string }>(
    `select id from plan_dispute where status = 'taken' and (looked_up_at is null or looked_up_at < app_now() - interval '1 hour')
     order by looked_up_at nulls first limit 50`,
  )
  for (const { id } of disputes) {
    await trying(log, { dispute: id }, () => planDisputeChanged(db, stripe, id))
    await db.rows(`update plan_dispute set looked_up_at = app_now() where id = $1`, [id])
  }
}

async function trying(log: Log, what: object, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    log.warn({ ...what, err: error }, 'the payment provider could not be asked about a plan')
  }
}

import type Stripe from 'stripe'
import type { Database } from '../../base/db.ts'
import type { ProviderNeeds } from './intent.ts'
import { cancelSubscription, isPlan } from './plans/subscription.ts'
import { isDefiniteNo } from './stripe.ts'

interface Farewell {
  readonly id: string
  readonly customer: string
  readonly tries: number
}

// Longer than all of it takes; whoever dies over it leaves it to be taken up again.
const claim = `update farewell set tries = tries + 1, due_at = app_now() + interval '5 minutes'
  where id = (select id from farewell where done_at is null and due_at <= app_now() order by due_at limit 1 for update skip locked)
  returning id, customer, tries`

/**
 * Ends at the payment provider what people have there who have left: plans, open checkouts, cards being saved and saved, and their
 * name and address. Each step finds nothing more to do the second time, so what broke off is simply begun again, until all of it
 * has gone well. Answers how many it looked at.
 */
export async function bidFarewells({ db, stripe, log }: ProviderNeeds): Promise<number> {
  for (let seen = 0; ; seen++) {
    const [one] = await db.rows<Farewell>(claim)
    if (!one) return seen
    try {
      await endAll(db, stripe, one.customer)
      await db.rows(`update farewell set done_at = app_now() where id = $1 and done_at is null`, [one.id])
    } catch (error) {
      log.warn({ farewell_id: one.id, err: error }, 'not everything of somebody who left has ended at the provider yet')
      await db.rows(`update farewell set due_at = app_now() + make_interval(secs => $2::integer) where id = $1`, [
        one.id,
        Math.min(3_600, 2 * 2 ** Math.min(one.tries, 11)),
      ])
    }
  }
}

async function endAll(db: Database, stripe: Stripe, customer: string): Promise<void> {
  for await (const session of stripe.checkout.sessions.list({ customer, status: 'open', limit: 100 }))
    await unlessOver(stripe.checkout.sessions.expire(session.id))
  for await (const subscription of stripe.subscriptions.list({ customer, limit: 100 }))
    if (isPlan(subscription)) await cancelSubscription(db, stripe, subscription.id)
  for await (const setup of stripe.setupIntents.list({ customer, limit: 100 }))
    if (!['succeeded', 'canceled'].includes(setup.status)) await unlessOver(stripe.setupIntents.cancel(setup.id))
  for await (const card of stripe.customers.listPaymentMethods(customer, { limit: 100 }))
    await unlessOver(stripe.paymentMethods.detach(card.id))
  await stripe.customers.update(customer, { name: '', email: '' })
}

/** What has ended in the meantime refuses to be ended. */
async function unlessOver(ending: Promise<unknown>): Promise<void> {
  try {
    await ending
  } catch (error) {
    if (!isDefiniteNo(error)) throw error
  }
}

import type Stripe from 'stripe'
import type { Database } from '../../base/db.ts'
import type { Log } from '../../base/log.ts'
import { bookTopUp } from './book-top-up.ts'

interface OpenTopUp {
  readonly id: string
  readonly session_id: string | null
  readonly customer: string | null
}

/**
 * Asks the provider about top-ups that are still open: a webhook that never came costs a delay, not the money. One whose session
 * nobody here knows, because the process died before it had noted it, is searched among the sessions of its person.
 */
export async function lookUpOpenTopUps(db: Database, stripe: Stripe, log: Log): Promise<void> {
  const open = await db.rows<OpenTopUp>(
    `select topup.id, session_id, stripe_customer_id as customer from topup join app_user u on u.id = user_id
     where status in ('asked', 'open') and topup.created_at < app_now() - interval '2 minutes'
       and (status = 'open' or topup.created_at > app_now() - interval '3 days')
     order by looked_up_at nulls first, topup.created_at limit 100`,
  )
  for (const { id, session_id, customer } of open) {
    try {
      const session = session_id
        ? await stripe.checkout.sessions.retrieve(session_id)
        : await findSession(stripe, customer, id)
      if (session) await bookTopUp(db, session)
    } catch (error) {
      log.warn({ topup_id: id, session_id, err: error }, 'an open top-up could not be looked up')
    }
    // Whoever was asked about longest ago comes first, so that none is passed over however many are open.
    await db.rows(`update topup set looked_up_at = app_now() where id = $1`, [id])
  }
}

/** Sessions of one person that are looked through at most. */
const sessionsMost = 1_000

/**
 * The checkout that was made for an intent, by the reference it carries; undefined when the provider has none. Intents are searched
 * for three days, so what is older by the provider's own clock is not theirs.
 */
export async function findSession(
  stripe: Stripe,
  customer: string | null,
  intent: string,
): Promise<Stripe.Checkout.Session | undefined> {
  // The customer comes before the session: without one there is none.
  if (!customer) return undefined
  const gte = Math.floor(Date.now() / 1000) - 3 * 86_400 - 3_600
  let seen = 0
  for await (const session of stripe.checkout.sessions.list({ customer, created: { gte }, limit: 100 })) {
    if (session.client_reference_id === intent) return session
    if (++seen === sessionsMost) break
  }
  return undefined
}

import type Stripe from 'stripe'
import type { Sql } from '../../base/db.ts'
import { providerAway } from './stripe.ts'

/** The provider's customer of a person: made once, under a key made from the person's id, and kept. */
export async function ensureCustomer(sql: Sql, stripe: Stripe, user: string): Promise<string> {
  const [known] = await sql.rows<{ stripe_customer_id: string | null; email: string; name: string }>(
    `select stripe_customer_id, email, name from app_user where id = $1`,
    [user],
  )
  if (known!.stripe_customer_id) return known!.stripe_customer_id
  let made: Stripe.Customer
  try {
    made = await stripe.customers.create(
      { email: known!.email, name: known!.name, metadata: { user_id: user } },
      { idempotencyKey: `customer:${user}` },
    )
  } catch (error) {
    throw providerAway(error)
  }
  const [kept] = await sql.rows<{ stripe_customer_id: string }>(
    `update app_user set stripe_customer_id = coalesce(stripe_customer_id, $2) where id = $1 returning stripe_customer_id`,
    [user, made.id],
  )
  return kept!.stripe_customer_id
}

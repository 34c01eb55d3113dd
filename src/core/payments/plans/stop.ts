import { type Call, type Reply, reply } from '../../../base/endpoint.ts'
import { providerAway } from '../stripe.ts'
import { refusePlan } from './api.ts'
import type { Tier } from './plan.ts'
import type { PlanNeeds } from './room.ts'
import { cancelSubscription, isPlan } from './subscription.ts'

/**
 * Ends every plan of the caller at the provider, which alone knows them all: one whose message is still on its way is ended too.
 * Asked again, it finds none.
 */
export async function stopPlan(
  { sql, actor }: Call,
  { db, stripe }: Pick<PlanNeeds, 'db' | 'stripe'>,
): Promise<Reply<{ ok: true; subscription_tier: 'free' | Tier }>> {
  const [user] = await sql.rows<{ customer: string | null }>(
    `select stripe_customer_id as customer from app_user where id = $1`,
    [actor.userId],
  )
  let stopped = 0
  try {
    if (user!.customer) {
      for await (const subscription of stripe.subscriptions.list({ customer: user!.customer, limit: 100 })) {
        if (!isPlan(subscription)) continue
        await cancelSubscription(db, stripe, subscription.id)
        stopped++
      }
    }
  } catch (error) {
    throw providerAway(error)
  }
  if (stopped === 0) throw refusePlan('plan_not_found')
  const [now] = await sql.rows<{ tier: 'free' | Tier }>(
    `select subscription_tier as tier from app_user where id = $1`,
    [actor.userId],
  )
  return reply(200, { ok: true, subscription_tier: now!.tier })
}

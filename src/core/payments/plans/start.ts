import type Stripe from 'stripe'
import { type Call, type Input, type Reply, reply } from '../../../base/endpoint.ts'
import { newId } from '../../../base/ids.ts'
import { ensureCustomer } from '../customer.ts'
import { providerAway } from '../stripe.ts'
import { type plansApi, refusePlan } from './api.ts'
import { planCredits, type Tier } from './plan.ts'
import type { PlanNeeds } from './room.ts'

/**
 * Starts a plan: an intent row, then the provider's checkout under a key made from its id, then the address where the person pays.
 * Nothing is given here; credits come with each invoice that the provider says is paid.
 */
export async function startPlan(
  { sql, actor, remember }: Call,
  { tier }: Input<typeof plansApi.endpoints.checkout>,
  { stripe, appUrl, prices }: PlanNeeds,
): Promise<Reply<{ url: string }>> {
  if (actor.spendLimitCents !== null) throw refusePlan('plan_and_mandate')
  const [running] = await sql.rows(`select 1 from plan_subscription where user_id = $1 and live and tier = $2`, [
    actor.userId,
    tier,
  ])
  if (running) throw refusePlan('plan_running')
  const id = remember?.effectId ?? newId()
  await sql.rows(
    `insert into plan_checkout (id, user_id, tier, created_at) values ($1, $2, $3, app_now()) on conflict (id) do nothing`,
    [id, actor.userId, tier],
  )
  const customer = await ensureCustomer(sql, stripe, actor.userId)
  let session: Stripe.Checkout.Session
  try {
    session = await stripe.checkout.sessions.create(
      checkout({ id, tier, customer, user: actor.userId, appUrl, prices }),
      {
        idempotencyKey: `plan:${id}`,
      },
    )
  } catch (error) {
    throw providerAway(error)
  }
  await sql.rows(`update plan_checkout set status = 'open', session_id = $2 where id = $1 and status = 'asked'`, [
    id,
    session.id,
  ])
  return reply(200, { url: session.url! })
}

interface Order extends Pick<PlanNeeds, 'appUrl' | 'prices'> {
  readonly id: string
  readonly tier: Tier
  readonly customer: string
  readonly user: string
}

function checkout({ id, tier, customer, user, appUrl, prices }: Order): Stripe.Checkout.SessionCreateParams {
  const metadata = { kind: 'credits_plan', plan_checkout_id: id, tier, user_id: user }
  const name = `clawrk ${tier}: ${planCredits[tier]} credits a month`
  return {
    mode: 'subscription',
    customer,
    client_reference_id: id,
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: 'usd',
          unit_amount: prices[tier],
          recurring: { interval: 'month' },
          product_data: { name },
        },
      },
    ],
    metadata,
    subscription_data: { metadata },
    success_url: `${appUrl}/wallet?plan=${tier}`,
    cancel_url: `${appUrl}/wallet`,
  }
}

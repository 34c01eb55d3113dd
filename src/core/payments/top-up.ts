import type Stripe from 'stripe'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import { dollars } from '../../base/money.ts'
import type { paymentsApi } from './api.ts'
import { ensureCustomer } from './customer.ts'
import { providerAway } from './stripe.ts'

/**
 * Starts a top-up: an intent row first, then the provider's checkout under a key made from that row's id, then the address where
 * the person pays. No money moves here; it moves when the provider says it was paid.
 */
export async function topUp(
  { sql, actor, remember }: Call,
  { amount_cents: amount }: Input<typeof paymentsApi.endpoints.topup>,
  stripe: Stripe,
  appUrl: string,
): Promise<Reply<{ url: string }>> {
  const id = remember?.effectId ?? newId()
  await sql.rows(
    `insert into topup (id, user_id, amount_cents, created_at) values ($1, $2, $3, app_now()) on conflict (id) do nothing`,
    [id, actor.userId, amount],
  )
  const session = await createCheckout(stripe, {
    id,
    amount,
    user: actor.userId,
    customer: await ensureCustomer(sql, stripe, actor.userId),
    appUrl,
  })
  await sql.rows(`update topup set status = 'open', session_id = $2, url = $3 where id = $1 and status = 'asked'`, [
    id,
    session.id,
    session.url,
  ])
  return reply(200, { url: session.url! })
}

interface Checkout {
  readonly id: string
  readonly amount: number
  readonly user: string
  readonly customer: string
  readonly appUrl: string
}

async function createCheckout(
  stripe: Stripe,
  { id, amount, user, customer, appUrl }: Checkout,
): Promise<Stripe.Checkout.Session> {
  const metadata = { kind: 'wallet_topup', topup_id: id, user_id: user }
  try {
    return await stripe.checkout.sessions.create(
      {
        mode: 'payment',
        customer,
        client_reference_id: id,
        line_items: [
          {
            quantity: 1,
            price_data: {
              currency: 'usd',
              unit_amount: amount,
              product_data: { name: `Wallet top-up ${dollars(amount)}` },
            },
          },
        ],
        metadata,
        payment_intent_data: { metadata },
        success_url: `${appUrl}/wallet?topup=${id}`,
        cancel_url: `${appUrl}/wallet`,
      },
      { idempotencyKey: `topup:${id}` },
    )
  } catch (error) {
    throw providerAway(error)
  }
}

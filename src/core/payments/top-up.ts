import type Stripe from 'stripe'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { failpoint } from '../../base/failpoint.ts'
import { newId } from '../../base/ids.ts'
import { dollars } from '../../base/money.ts'
import type { paymentsApi } from './api.ts'
import { ensureCustomer } from './customer.ts'
import { findSession } from './look-up.ts'
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
  failpoint('topup', 'before_intent')
  const [intent] = await sql.rows<{ url: string | null; fresh: boolean }>(
    `insert into topup (id, user_id, amount_cents, created_at) values ($1, $2, $3, app_now())
     on conflict (id) do update set amount_cents = topup.amount_cents returning url, xmax = 0 as fresh`,
    [id, actor.userId, amount],
  )
  failpoint('topup', 'after_intent')
  if (intent!.url) return reply(200, { url: intent!.url })
  const customer = await ensureCustomer(sql, stripe, actor.userId)
  // Whoever asked before may have died with the answer, and the provider forgets its keys after a day.
  const made = intent!.fresh ? undefined : await sessionOf(stripe, customer, id)
  failpoint('topup', 'before_call')
  const session =
    made?.status === 'open' ? made : await createCheckout(stripe, { id, amount, user: actor.userId, customer, appUrl })
  failpoint('topup', 'before_booking')
  await sql.rows(
    `update topup set status = 'open', session_id = $2, url = $3 where id = $1 and status in ('asked', 'expired')`,
    [id, session.id, session.url],
  )
  failpoint('topup', 'after_booking')
  return reply(200, { url: session.url! })
}

async function sessionOf(stripe: Stripe, customer: string, id: string): Promise<Stripe.Checkout.Session | undefined> {
  try {
    return await findSession(stripe, customer, id)
  } catch (error) {
    throw providerAway(error)
  }
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

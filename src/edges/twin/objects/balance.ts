import type Stripe from 'stripe'
import { stripeId } from '../ids.ts'
import type { Call, Fees } from '../state/call.ts'
import { page, pageShape } from '../state/page.ts'
import { get, insert } from '../state/store.ts'
import { text } from '../wire/params.ts'
import { type Route, route } from './route.ts'

type Booking = Stripe.BalanceTransaction

const id = text(255).optional()

export const balanceRoutes: readonly Route[] = [
  route('GET /v1/balance_transactions', { ...pageShape, source: id, type: id }, (call, { source, type, ...params }) =>
    page(call, 'balance_transaction', '/v1/balance_transactions', params, { source, type }),
  ),
  route('GET /v1/balance_transactions/:id', {}, (call, _params, which) => get(call, 'balance_transaction', which)),
  route('GET /v1/balance', {}, balance),
]

/** What Stripe keeps of a card payment, rounded half up. */
export function processingFee(amount: number, { cardPermille, cardFixedCents }: Fees): number {
  return Math.floor((amount * cardPermille + 500) / 1_000) + cardFixedCents
}

export interface Entry {
  readonly type: 'charge' | 'refund' | 'refund_failure' | 'transfer' | 'transfer_refund' | 'adjustment'
  readonly reporting_category: string
  /** What comes in is positive, what goes out negative. */
  readonly amount: number
  readonly source: string
  readonly description?: string | null
  readonly fee?: { readonly amount: number; readonly description: string }
}

/**
 * Books money in or out of the platform's balance. It is available at once: play money has no settlement to wait for, and a
 * demo should not.
 */
export function book(
  call: Call,
  { type, reporting_category, amount, source, description, fee }: Entry,
): Promise<Booking> {
  const taken = fee?.amount ?? 0
  return insert<'balance_transaction'>(call, {
    id: stripeId('txn'),
    object: 'balance_transaction',
    amount,
    available_on: call.now,
    balance_type: 'payments',
    created: call.now,
    currency: 'usd',
    description: description ?? null,
    exchange_rate: null,
    fee: taken,
    fee_details: fee
      ? [{ amount: taken, application: null, currency: 'usd', description: fee.description, type: 'stripe_fee' }]
      : [],
    net: amount - taken,
    reporting_category,
    source,
    status: 'available',
    type,
  })
}

/** The platform's balance: the sum of all that was booked. */
async function balance(call: Call): Promise<object> {
  const { rows } = await call.tx.query<{ net: number }>(
    `select coalesce(sum((body ->> 'net')::bigint), 0)::float8 as net from stripe_twin.object where kind = 'balance_transaction'`,
  )
  const amount = rows[0]!.net
  const inDollars = (cents: number) => ({ amount: cents, currency: 'usd', source_types: { card: cents } })
  return {
    object: 'balance',
    available: [inDollars(amount)],
    livemode: false,
    pending: [inDollars(0)],
  } satisfies Stripe.Balance
}

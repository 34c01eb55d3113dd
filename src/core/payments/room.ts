import { type Call, reply, room } from '../../base/endpoint.ts'
import { readWallet } from '../ledger/queries.ts'
import { paymentsApi } from './api.ts'
import { readAutoTopUp, setAutoTopUp } from './auto-topup.ts'
import { setupPaymentMethod } from './card.ts'
import { connect, connectStatus } from './connect.ts'
import type { ProviderNeeds } from './intent.ts'
import { refund } from './refund.ts'
import { topUp } from './top-up.ts'
import { withdraw } from './withdraw.ts'

export interface PaymentsNeeds extends ProviderNeeds {
  readonly appUrl: string
  readonly withdrawHoldDays: number
  /** Whether the twin stands in for Stripe: then it has a page for what Stripe has a browser library for. */
  readonly twin: boolean
}

export const paymentsRoom = (needs: PaymentsNeeds) =>
  room(paymentsApi, {
    balance: async (call, { limit }) => {
      const { pending_cents: pending, ...wallet } = await readWallet(
        call.sql,
        call.actor.userId,
        needs.withdrawHoldDays,
        limit,
      )
      return reply(200, { ...wallet, pending_cents: pending + (await inClearing(call)) })
    },
    topup: (call, input) => topUp(call, input, needs.stripe, needs.appUrl),
    withdraw: (call, input) => withdraw(call, input, needs),
    refund: (call, input) => refund(call, input, needs),
    setup_payment_method: (call) => setupPaymentMethod(call, needs.stripe, needs.twin ? formOf(needs.appUrl) : null),
    auto_topup: async ({ sql, actor }) => reply(200, await readAutoTopUp(sql, actor.userId)),
    set_auto_topup: (call, input) => setAutoTopUp(call, input),
    connect: (call) => connect(call, needs),
    connect_status: (call) => connectStatus(call, needs),
  })

/** What has left the wallet, or what waited to be paid out, for the provider and has not been answered yet. */
async function inClearing({ sql, actor }: Call): Promise<number> {
  const [row] = await sql.rows<{ cents: number }>(
    `select coalesce(sum(amount_cents), 0)::bigint as cents from provider_intent
     where user_id = $1 and status = 'asked' and kind in ('withdrawal', 'card_refund', 'payout')`,
    [actor.userId],
  )
  return row!.cents
}

/** The twin's page for typing a card in; it leads back to the wallet. */
const formOf =
  (appUrl: string) =>
  (secret: string): string =>
    `${appUrl}/twin/setup/${secret}?return_url=${encodeURIComponent(`${appUrl}/wallet?card=saved`)}`

import type Stripe from 'stripe'
import { idOf } from '../stripe.ts'

/** One movement of the provider's balance, or what was kept of one. */
export interface ProviderLine {
  /** The balance transaction. */
  readonly id: string
  readonly what: string
  readonly is_fee: boolean
  readonly amount: number
  readonly currency: string
  /** What the ledger may call it by. */
  readonly names: readonly string[]
  /** Seconds since 1970, by the provider's clock. */
  readonly created: number
}

/** What a platform does with its own money at the provider is none of the ledger's: pay-outs to its bank, bills of the provider. */
const ownAffairs = /^(payout|topup|reserve|stripe_|tax_fee|network_cost|contribution|climate)/

/** Everything in the provider's balance since a moment (all of it without one), but for the platform's own affairs. */
export async function readProviderLines(stripe: Stripe, since: number | null): Promise<ProviderLine[]> {
  const created = since === null ? {} : { created: { gte: since } }
  const names = await readNames(stripe, created)
  const lines: ProviderLine[] = []
  for await (const entry of stripe.balanceTransactions.list({ limit: 100, ...created })) {
    if (ownAffairs.test(entry.type)) continue
    const source = idOf(entry.source)
    const line = {
      id: entry.id,
      what: `${entry.reporting_category.replaceAll('_', ' ')} ${source ?? entry.id}`,
      currency: entry.currency,
      names: [entry.id, ...(source ? [source] : []), ...(names.get(source ?? '') ?? [])],
      created: entry.created,
    }
    lines.push({ ...line, is_fee: false, amount: entry.amount })
    if (entry.fee !== 0) lines.push({ ...line, is_fee: true, amount: entry.fee })
  }
  return lines
}

/** Names of the objects behind the entries, by their ids: the payment a charge belongs to, and the intents of ours they carry. */
async function readNames(stripe: Stripe, created: { created?: { gte: number } }): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>()
  const page = { limit: 100, ...created }
  for await (const charge of stripe.charges.list(page)) {
    const payment = idOf(charge.payment_intent)
    names.set(charge.id, [...(payment ? [payment] : []), ...intentsOf(charge.metadata)])
  }
  for await (const refund of stripe.refunds.list(page)) names.set(refund.id, intentsOf(refund.metadata))
  for await (const transfer of stripe.transfers.list(page)) {
    names.set(transfer.id, intentsOf(transfer.metadata))
    for (const reversal of transfer.reversals.data) names.set(reversal.id, intentsOf(transfer.metadata))
  }
  return names
}

/** Everything we ask for carries the id of its intent; a person's id says nothing of what was asked. */
const intentsOf = (metadata: Stripe.Metadata | null | undefined): string[] =>
  Object.entries(metadata ?? {})
    .filter(([name]) => name.endsWith('_id') && name !== 'user_id')
    .map(([, value]) => value)

import type Stripe from 'stripe'
import type { Sql } from '../../../base/db.ts'
import { life } from '../../../base/states.ts'

export type FundingStatus = 'asked' | 'open' | 'stopping' | 'stopped' | 'paid' | 'given_back' | 'unwanted'

/** A payment by card for one piece of work: at most one of it is wanted at a time. Money is held from `paid` on, by the escrow of the work. */
export const fundingLife = life(
  ['asked', 'open', 'stopping', 'stopped', 'paid', 'given_back', 'unwanted'] as const,
  {
    note: { from: ['asked'], to: 'open', by: ['provider'], note: 'the payment is there, and waits for a card' },
    pay: { from: ['asked', 'open'], to: 'paid', by: ['provider'], note: 'the work wanted it: its money is in escrow' },
    stop: {
      from: ['asked', 'open'],
      to: 'stopping',
      by: ['market'],
      note: 'the work wants it no more, or at another amount; or 15 days have passed',
    },
    cancel: {
      from: ['asked', 'open', 'stopping'],
      to: 'stopped',
      by: ['provider'],
      note: 'it cannot succeed any more',
    },
    turn_back: {
      from: ['asked', 'open', 'stopping', 'stopped'],
      to: 'unwanted',
      by: ['provider'],
      note: 'it succeeded and nobody wants it: back to its card',
    },
    give_back: { from: ['paid'], to: 'given_back', by: ['market'], note: 'the work was not done: back to its card' },
  } as const,
)

export interface Funding {
  readonly id: string
  readonly ref: string
  readonly user_id: string
  readonly amount_cents: number
  readonly description: string
  readonly status: FundingStatus
  readonly payment_intent_id: string | null
  /** When it was written, by real time, in seconds since 1970. */
  readonly asked_seconds: number
  /** Whether no work waits for a payment as long as that. */
  readonly is_old: boolean
}

// Work that was approved and is not funded is cancelled after 14 days; who forgets to say so must not leave a payment open for ever.
export const fundingRow = `id, ref, user_id, amount_cents, description, status, payment_intent_id,
  extract(epoch from asked_at)::float8 as asked_seconds, created_at < app_now() - interval '15 days' as is_old`

/** The payment that is asked for a piece of work just now, if there is one. */
export async function readWanted(sql: Sql, ref: string): Promise<Funding | undefined> {
  const [funding] = await sql.rows<Funding>(
    `select ${fundingRow} from card_funding where ref = $1 and status in (${fundingLife.from('stop')})`,
    [ref],
  )
  return funding
}

export async function readFunding(sql: Sql, id: string): Promise<Funding | undefined> {
  const [funding] = await sql.rows<Funding>(`select ${fundingRow} from card_funding where id = $1`, [id])
  return funding
}

/** The id of a payment is kept whatever has become of it; answers the status it has then. */
export async function notePayment(sql: Sql, { id }: Funding, payment: string): Promise<FundingStatus> {
  const [noted] = await sql.rows<{ status: FundingStatus }>(
    `update card_funding set payment_intent_id = $2, status = case when status in (${fundingLife.from('note')}) then ${fundingLife.to('note')} else status end
     where id = $1 and coalesce(payment_intent_id, $2) = $2 returning status`,
    [id, payment],
  )
  return noted!.status
}

const stopped = `with moved as (
  update card_funding set status = ${fundingLife.to('cancel')}, ended_at = app_now() where id = $1 and status in (${fundingLife.from('cancel')})
  returning lineage, counted_on, amount_cents
) select ledger_mandate_back(lineage, counted_on, amount_cents) from moved where lineage is not null`

/** It cannot succeed any more: nothing was spent. */
export async function noteStopped(sql: Sql, { id }: Funding): Promise<void> {
  await sql.rows(stopped, [id])
}

/**
 * The payment that was made for a funding, by the id it carries: its answer was lost, and the provider forgets its keys after a day.
 * Undefined: the provider has none.
 */
export async function findPayment(
  stripe: Stripe,
  customer: string | null,
  { id, asked_seconds }: Funding,
): Promise<Stripe.PaymentIntent | undefined> {
  // The customer comes before the payment: without one there is none.
  if (!customer) return undefined
  // Newest first: older than the funding, by more than clocks may differ, it cannot be.
  for await (const payment of stripe.paymentIntents.list({ customer, limit: 100 })) {
    if (payment.metadata.funding_id === id) return payment
    if (payment.created < asked_seconds - 3_600) break
  }
  return undefined
}

/** The funding a payment was made for; undefined when it is none of them. */
export const fundingIdOf = ({ metadata }: Stripe.PaymentIntent): string | undefined =>
  metadata.kind === 'funding' ? metadata.funding_id : undefined

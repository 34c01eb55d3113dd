import StripeSdk, { type Stripe } from 'stripe'
import type { Database } from '../../../base/db.ts'
import { failpoint } from '../../../base/failpoint.ts'
import { newId } from '../../../base/ids.ts'
import { ensureCustomer } from '../customer.ts'
import type { ProviderNeeds } from '../intent.ts'
import { isDefiniteNo, providerAway, sentenceOf } from '../stripe.ts'
import { bookFunding } from './book.ts'
import type { FundingDesk } from './desk.ts'
import {
  type Funding,
  findPayment,
  fundingLife,
  fundingRow,
  notePayment,
  noteStopped,
  readFunding,
  readWanted,
} from './funding.ts'
import { refuseFunding } from './refusals.ts'
import { settleFunding } from './settle.ts'
import { stopFunding } from './stop.ts'

export interface FundingNeeds extends ProviderNeeds {
  readonly desk: FundingDesk
  readonly appUrl: string
  /** Whether the twin stands in for Stripe: then it has a page for what Stripe has a browser library for. */
  readonly twin: boolean
}

export interface FundingOrder {
  /** The work, `milestone:<uuid>`. */
  readonly ref: string
  readonly user: string
  readonly amount: number
  /** What the payer reads beside the amount. */
  readonly description: string
  readonly lineage: string
  /** What the caller's key may spend a day; null: as much as there is. */
  readonly spendLimit: number | null
  /** Where the twin's page leads back to; the address of the market without it. */
  readonly returnUrl?: string
}

export interface StartedFunding {
  readonly client_secret: string
  readonly payment_intent_id: string
  /** The twin's page for the card, where the twin stands in for the provider. */
  readonly url?: string
}

/**
 * Begins the payment of a piece of work by card, outside of any transaction; asked again for the same amount it answers the same
 * payment, and one of another amount is stopped first. No money moves here: when the payment succeeds the desk is asked
 * (`fundedByCard`), which may have happened when this answers.
 *
 * Throws `payments_unavailable` without an answer of the provider, `provider_refused` with a definite no, `spend_limit_reached` for
 * a key that may not spend that much today, and `funding_stopped` when the work has let go of the payment meanwhile.
 */
export async function startFunding(needs: FundingNeeds, order: FundingOrder): Promise<StartedFunding> {
  const { db, stripe } = needs
  failpoint('funding', 'before_intent')
  for (let turns = 0; turns < 5; turns++) {
    const { funding, fresh } = await openFunding(needs, order)
    if (!funding) continue
    if (fresh) failpoint('funding', 'after_intent')
    const customer = await ensureCustomer(db, stripe, order.user)
    const payment = await paymentOf(needs, funding, customer, fresh)
    failpoint('funding', 'before_booking')
    await notePayment(db, funding, payment.id)
    failpoint('funding', 'after_booking')
    if (payment.status === 'canceled') {
      await noteStopped(db, funding)
      continue
    }
    if (payment.status === 'succeeded') await bookFunding(db, payment, needs.desk)
    const { status } = (await readFunding(db, funding.id))!
    if (status === 'stopping' || status === 'stopped' || status === 'unwanted') throw refuseFunding('funding_stopped')
    return { client_secret: payment.client_secret!, payment_intent_id: payment.id, ...pageOf(needs, order, payment) }
  }
  throw refuseFunding('funding_stopped')
}

interface Opened {
  /** Undefined: it has changed just now; look again. */
  readonly funding: Funding | undefined
  readonly fresh: boolean
}

/** The one payment of this work at this amount: the one that is there, or a new row for it, after the older one of another amount. */
async function openFunding(needs: FundingNeeds, order: FundingOrder): Promise<Opened> {
  const { db, log } = needs
  const known = await readWanted(db, order.ref)
  if (known && known.amount_cents === order.amount && known.user_id === order.user)
    return { funding: known, fresh: false }
  if (known) {
    await stopFunding(db, order.ref)
    try {
      // So that what was counted of it against a limit counts no more; without an answer that comes later.
      await settleFunding(needs, { ...known, status: 'stopping' })
    } catch (error) {
      log.warn({ funding: known.id, err: error }, 'an older payment could not be stopped yet; it is tried again')
    }
  }
  return { funding: await writeFunding(db, order), fresh: true }
}

/** The row, and the limit of the key counted, together or not at all; undefined when there is one by somebody else now. */
async function writeFunding(
  db: Database,
  { ref, user, amount, description, lineage, spendLimit }: FundingOrder,
): Promise<Funding | undefined> {
  return db.transaction(async (sql) => {
    const [made] = await sql.rows<Funding>(
      `insert into card_funding (id, ref, user_id, amount_cents, description, lineage, counted_on, created_at, due_at)
       values ($1, $2, $3, $4, $5, $6, case when $6::text is not null then (app_now() at time zone 'UTC')::date end, app_now(), app_now() + interval '1 minute')
       on conflict (ref) where status in (${fundingLife.from('stop')}) do nothing returning ${fundingRow}`,
      [newId(), ref, user, amount, description, spendLimit === null ? null : lineage],
    )
    if (!made || spendLimit === null) return made
    const [counted] = await sql.rows<{ ok: boolean }>(`select ledger_mandate_take($1, $2, $3) as ok`, [
      lineage,
      spendLimit,
      amount,
    ])
    if (!counted!.ok) throw refuseFunding('spend_limit_reached', { required_cents: amount })
    return made
  })
}

/** The provider's payment of a funding: read again, found by what it carries, or made under a key from the row's id. */
async function paymentOf(
  { db, stripe }: FundingNeeds,
  funding: Funding,
  customer: string,
  fresh: boolean,
): Promise<Stripe.PaymentIntent> {
  try {
    if (funding.payment_intent_id) return await stripe.paymentIntents.retrieve(funding.payment_intent_id)
    const made = fresh ? undefined : await findPayment(stripe, customer, funding)
    if (made) return made
    failpoint('funding', 'before_call')
    return await stripe.paymentIntents.create(
      {
        amount: funding.amount_cents,
        currency: 'usd',
        customer,
        allowed_payment_method_types: ['card'],
        description: funding.description,
        transfer_group: funding.ref,
        metadata: { kind: 'funding', funding_id: funding.id, user_id: funding.user_id },
      },
      { idempotencyKey: `funding:${funding.id}` },
    )
  } catch (error) {
    if (!isDefiniteNo(error)) {
      // A 500 is what its key answers for a day. Nobody has the secret of what it may have made, so whoever asks next asks anew.
      if (error instanceof StripeSdk.errors.StripeAPIError && !funding.payment_intent_id)
        await stopFunding(db, funding.ref)
      throw providerAway(error)
    }
    if (!funding.payment_intent_id) await noteStopped(db, funding)
    throw refuseFunding(
      'provider_refused',
      { reason: sentenceOf(error) },
      `The payment provider refused, and nothing was charged: ${sentenceOf(error)}`,
    )
  }
}

function pageOf({ appUrl, twin }: FundingNeeds, { returnUrl }: FundingOrder, payment: Stripe.PaymentIntent): object {
  if (!twin) return {}
  return { url: `${appUrl}/twin/pay/${payment.client_secret}?return_url=${encodeURIComponent(returnUrl ?? appUrl)}` }
}

import type Stripe from 'stripe'
import type { Database } from '../../../base/db.ts'
import type { ProviderNeeds } from '../intent.ts'
import { isDefiniteNo } from '../stripe.ts'
import { bookFunding } from './book.ts'
import type { FundingDesk } from './desk.ts'
import { type Funding, findPayment, fundingIdOf, fundingRow, notePayment, noteStopped, readFunding } from './funding.ts'
import { stopFunding } from './stop.ts'

export interface SettleNeeds extends ProviderNeeds {
  readonly desk: FundingDesk
}

/** Whoever has written a row and not yet heard of the provider may still be asking: a call takes no longer, with all its tries. */
const askingSeconds = 180

/** Asks the provider what has become of a payment and books it; one that is to be stopped is cancelled there. */
export async function settleFunding(needs: SettleNeeds, funding: Funding): Promise<void> {
  const { db, stripe } = needs
  const payment = funding.payment_intent_id
    ? await stripe.paymentIntents.retrieve(funding.payment_intent_id)
    : await findPayment(stripe, await customerOf(db, funding.user_id), funding)
  if (payment) {
    await fundingSays(needs, funding, payment)
    return
  }
  // A payment that is made after this carries a secret that nobody was told: it cannot be paid.
  if (funding.status === 'stopping' && Date.now() / 1000 - funding.asked_seconds > askingSeconds)
    await noteStopped(db, funding)
}

async function fundingSays(
  { db, stripe, desk }: SettleNeeds,
  funding: Funding,
  payment: Stripe.PaymentIntent,
): Promise<void> {
  const status = await notePayment(db, funding, payment.id)
  if (payment.status === 'succeeded') await bookFunding(db, payment, desk)
  else if (payment.status === 'canceled') await noteStopped(db, funding)
  else if (status === 'stopping') {
    const now = await cancelled(stripe, payment.id)
    if (now.status === 'canceled') await noteStopped(db, funding)
    else await bookFunding(db, now, desk)
  }
}

/** A payment after it was cancelled; as it is, when that was refused because it has just succeeded or been cancelled. */
async function cancelled(stripe: Stripe, payment: string): Promise<Stripe.PaymentIntent> {
  try {
    return await stripe.paymentIntents.cancel(payment)
  } catch (error) {
    if (!isDefiniteNo(error)) throw error
    return stripe.paymentIntents.retrieve(payment)
  }
}

async function customerOf(db: Database, user: string): Promise<string | null> {
  const [row] = await db.rows<{ customer: string | null }>(
    `select stripe_customer_id as customer from app_user where id = $1`,
    [user],
  )
  return row?.customer ?? null
}

/** Something has happened to a payment: one for a piece of work is booked as it is now. */
export async function fundingChanged(
  needs: Pick<SettleNeeds, 'db' | 'desk'>,
  payment: Stripe.PaymentIntent,
): Promise<void> {
  const id = fundingIdOf(payment)
  const funding = id ? await readFunding(needs.db, id) : undefined
  if (!funding) return
  if (payment.status === 'succeeded') await bookFunding(needs.db, payment, needs.desk)
  else if (payment.status === 'canceled') {
    await notePayment(needs.db, funding, payment.id)
    await noteStopped(needs.db, funding)
  }
}

const batch = 50

// In its first day every minute, so that a message that never came costs no more; a payment that is forgotten costs less and less.
const takeDue = `update card_funding set due_at = app_now() + case when status <> 'stopping' and created_at < app_now() - interval '1 day' then interval '10 minutes' else interval '1 minute' end
  where id in (
    select id from card_funding where status in ('asked', 'open', 'stopping') and due_at <= app_now() order by due_at limit ${batch} for update skip locked
  ) returning ${fundingRow}`

/**
 * Looks at payments that are open, and ends those that are to be stopped. Any number of processes may. Answers whether there is
 * probably more to do.
 */
export async function lookUpFundings(needs: SettleNeeds): Promise<boolean> {
  const due = await needs.db.rows<Funding>(takeDue)
  for (const funding of due) {
    try {
      const isForgotten = funding.is_old && funding.status !== 'stopping'
      if (isForgotten) await stopFunding(needs.db, funding.ref)
      await settleFunding(needs, isForgotten ? { ...funding, status: 'stopping' } : funding)
    } catch (error) {
      needs.log.warn({ funding: funding.id, err: error }, 'an open payment could not be looked up')
    }
  }
  return due.length === batch
}

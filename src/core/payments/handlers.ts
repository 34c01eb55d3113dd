import type Stripe from 'stripe'
import type { Database } from '../../base/db.ts'
import { chargeChanged } from './auto-charge.ts'
import { bookTopUp } from './book-top-up.ts'
import { cardSetupChanged } from './card.ts'
import { refundChanged } from './card-refund.ts'
import { chargeback } from './chargeback.ts'
import { accountChanged } from './connect-account.ts'
import type { FundingDesk } from './funding/desk.ts'
import { fundingChanged } from './funding/settle.ts'
import { planDisputeChanged } from './plans/dispute.ts'
import { invoiceChanged } from './plans/invoice.ts'
import { planCheckoutChanged } from './plans/look-up.ts'
import { subscriptionChanged } from './plans/subscription.ts'

/**
 * Reads an object at the provider and books what it finds. Asked any number of times, in any order and by several processes at once,
 * it books once. It throws when the provider gives no answer: then it is asked again.
 */
export type Handler = (db: Database, stripe: Stripe, objectId: string, desk: FundingDesk) => Promise<unknown>

/** What is done about each type of event; `family.*` stands for every type of a family that has no line of its own. */
export const handlers: Readonly<Record<string, Handler>> = {
  'account.updated': accountChanged,
  'charge.dispute.*': async (db, stripe, id, desk) => {
    // Each knows its own payments by their ids; a dispute concerns one of them.
    await chargeback(db, stripe, desk, id)
    await planDisputeChanged(db, stripe, id)
  },
  'charge.refund.*': refundChanged,
  'charge.refunded': async (db, stripe, charge) => {
    for await (const { id } of stripe.refunds.list({ charge, limit: 100 })) await refundChanged(db, stripe, id)
  },
  'checkout.session.*': async (db, stripe, id) => {
    const session = await stripe.checkout.sessions.retrieve(id)
    await bookTopUp(db, session)
    await planCheckoutChanged(db, stripe, session)
  },
  'customer.subscription.*': subscriptionChanged,
  'invoice.paid': invoiceChanged,
  'invoice.payment_failed': invoiceChanged,
  'payment_intent.*': async (db, stripe, id, desk) => {
    const payment = await stripe.paymentIntents.retrieve(id)
    await chargeChanged(db, payment)
    await fundingChanged({ db, desk }, payment)
  },
  'refund.*': refundChanged,
  'setup_intent.*': cardSetupChanged,
}

/** Who works on a type of event; undefined: nobody here, it is not ours. */
export const handlerOf = (type: string): Handler | undefined =>
  handlers[type] ?? handlers[type.replace(/\.[^.]+$/, '.*')]

import type Stripe from 'stripe'
import type { Database } from '../../base/db.ts'
import { paymentChanged } from './auto-charge.ts'
import { bookTopUp } from './book-top-up.ts'
import { cardSetupChanged } from './card.ts'
import { refundChanged } from './card-refund.ts'
import { chargeback } from './chargeback.ts'
import { accountChanged } from './connect-account.ts'

/**
 * Reads an object at the provider and books what it finds. Asked any number of times, in any order and by several processes at once,
 * it books once. It throws when the provider gives no answer: then it is asked again.
 */
export type Handler = (db: Database, stripe: Stripe, objectId: string) => Promise<void>

/** What is done about each type of event; `family.*` stands for every type of a family that has no line of its own. */
export const handlers: Readonly<Record<string, Handler>> = {
  'account.*': async (db, stripe, id) => void (await accountChanged(db, stripe, id)),
  'charge.dispute.*': chargeback,
  'payment_intent.*': paymentChanged,
  'refund.*': refundChanged,
  'setup_intent.*': cardSetupChanged,
  'checkout.session.*': async (db, stripe, id) => bookTopUp(db, await stripe.checkout.sessions.retrieve(id)),
}

/** Who works on a type of event; undefined: nobody here, it is not ours. */
export const handlerOf = (type: string): Handler | undefined =>
  handlers[type] ?? handlers[type.replace(/\.[^.]+$/, '.*')]

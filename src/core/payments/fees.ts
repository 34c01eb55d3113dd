import type Stripe from 'stripe'
import type { Database } from '../../base/db.ts'
import type { Log } from '../../base/log.ts'

const bookFee = `with moved as (
  update card_payment set fee_cents = $2 where id = $1 and fee_cents is null returning id
) select ledger_post('stripe_fee', 'payment:' || id, 'fee:' || id, 'USD', array['platform:stripe'], array['platform:processing'], array[$2::bigint]) from moved`

/** Books what the provider keeps of each card payment, as its own books say. Answers how many payments it looked at. */
export async function bookFees(db: Database, stripe: Stripe, log: Log): Promise<number> {
  const due = await db.rows<{ id: string }>(
    `select id from card_payment where fee_cents is null and fee_due_at <= app_now() order by fee_due_at limit 50`,
  )
  for (const { id } of due) {
    try {
      const payment = await stripe.paymentIntents.retrieve(id, { expand: ['latest_charge.balance_transaction'] })
      const charge = payment.latest_charge
      const transaction = charge && typeof charge !== 'string' ? charge.balance_transaction : null
      if (transaction && typeof transaction !== 'string') {
        await db.rows(bookFee, [id, transaction.fee])
        continue
      }
    } catch (error) {
      log.warn({ payment: id, err: error }, 'the fee of a payment could not be read')
    }
    await db.rows(
      `update card_payment set fee_due_at = app_now() + interval '1 minute' where id = $1 and fee_cents is null`,
      [id],
    )
  }
  return due.length
}

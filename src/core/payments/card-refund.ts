import type Stripe from 'stripe'
import type { Database } from '../../base/db.ts'
import { tell } from '../events/write.ts'
import { bookOutcome, confirmed, declined, type Errand, intentLife, type Outcome, readIntent } from './intent.ts'

/** The work whose payment goes back, or the refund of a top-up itself. */
const about = `coalesce(ref, 'card_refund:' || id)`

const bookRefund = `with ${confirmed('card_refund')}, posted as (
  select ledger_post('card_refund_paid', ${about}, 'card_refund:' || id, 'USD', array['clearing:' || id], array['platform:stripe'], array[amount_cents]) from moved
), told as (
  ${tell({
    name: `'wallet.refunded'`,
    ref: `'card_refund:' || id`,
    parties: ['user_id'],
    data: `json_strip_nulls(json_build_object('card_refund_id', id, 'amount_cents', amount_cents, 'status', 'paid', 'ref', ref))`,
    from: 'moved',
  })}
) select (select count(*) from posted) as posts from moved`

const refusal = (posting: 'returned' | 'bounced', from: string): string => `posted as (
  select ledger_post('card_refund_${posting}', ${about}, 'card_refund:' || id, 'USD', array[${from}], array['wallet:' || user_id], array[amount_cents]) from moved
), open_again as (
  update card_payment p set refunded_cents = refunded_cents - moved.amount_cents from moved where p.id = moved.target
), told as (
  ${tell({
    name: `'wallet.refunded'`,
    ref: `'card_refund:' || id`,
    parties: ['user_id'],
    data: `json_strip_nulls(json_build_object('card_refund_id', id, 'amount_cents', amount_cents, 'status', 'refused', 'reason', reason, 'ref', ref))`,
    from: 'moved',
  })}
) select (select count(*) from posted) as posts from moved`

const returnRefund = `with ${declined('card_refund')}, ${refusal('returned', `'clearing:' || id`)}`

const bounceRefund = `with moved as (
  update provider_intent set status = ${intentLife.to('bounce')}, reason = $2
  where id = $1 and kind = 'card_refund' and status in (${intentLife.from('bounce')}) returning id, user_id, amount_cents, target, reason, ref
), ${refusal('bounced', `'platform:stripe'`)}`

function outcomeOf({ id, status, failure_reason: failure }: Stripe.Refund): Outcome {
  if (status === 'succeeded') return { is: 'done', object: id }
  if (status !== 'failed' && status !== 'canceled') return { is: 'open' }
  return { is: 'refused', reason: `The card's bank did not take the refund${failure ? ` (${failure})` : ''}.` }
}

/** Card money on its way back to the card it came from: unspent top-ups, or what a piece of work was funded with. */
export const cardRefundErrand: Errand = {
  async ask(stripe, { id, user_id, amount_cents, target }) {
    const refund = await stripe.refunds.create(
      { payment_intent: target!, amount: amount_cents, metadata: { kind: 'card_refund', intent_id: id, user_id } },
      { idempotencyKey: `card_refund:${id}` },
    )
    return outcomeOf(refund)
  },
  async lookUp(stripe, { id, target }) {
    for await (const refund of stripe.refunds.list({ payment_intent: target!, limit: 100 })) {
      if (refund.metadata?.intent_id === id) return outcomeOf(refund)
    }
    return null
  },
  book: async (sql, { id }, object) => void (await sql.rows(bookRefund, [id, object])),
  undo: async (sql, { id }, reason) => void (await sql.rows(returnRefund, [id, reason])),
}

/** Something has happened to a refund: it is read again. One that the bank sends back later is money of the wallet again. */
export async function refundChanged(db: Database, stripe: Stripe, refundId: string): Promise<void> {
  const refund = await stripe.refunds.retrieve(refundId)
  const { kind, intent_id: id } = refund.metadata ?? {}
  const intent = kind === 'card_refund' && id ? await readIntent(db, id) : undefined
  if (intent?.kind !== 'card_refund') return
  const outcome = outcomeOf(refund)
  if (intent.status === 'asked') await bookOutcome(db, cardRefundErrand, intent, outcome)
  else if (intent.object_id === refund.id && outcome.is === 'refused')
    await db.rows(bounceRefund, [intent.id, outcome.reason])
}

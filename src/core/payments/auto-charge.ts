import type Stripe from 'stripe'
import type { Database } from '../../base/db.ts'
import { tell } from '../events/write.ts'
import { bookOutcome, confirmed, declined, type Errand, type Outcome, readIntent } from './intent.ts'

// Held while a charge ends, so that none is started that does not see how (auto-topup.sql).
const gate = `gate as materialized (
  select user_id from auto_topup where user_id = (select user_id from provider_intent where id = $1) for update
), `

const bookCharge = `with ${gate}${confirmed('auto_topup', 'gate')}, posted as (
  select ledger_post('auto_topup', 'auto_topup:' || id, 'auto_topup:' || object_id, 'USD', array['platform:stripe'], array['wallet:' || user_id], array[amount_cents]) from moved
), paid as (
  insert into card_payment (id, user_id, amount_cents, fee_due_at, created_at) select object_id, user_id, amount_cents, app_now(), app_now() from moved
), told as (
  ${tell({
    name: `'wallet.topped_up'`,
    ref: `'auto_topup:' || id`,
    parties: ['user_id'],
    data: `json_build_object('auto_topup_id', id, 'amount_cents', amount_cents)`,
    from: 'moved',
  })}
) select (select count(*) from posted) as posts from moved`

const today = `(app_now() at time zone 'UTC')::date`

const pauseCharges = `with ${gate}${declined('auto_topup', 'gate')}, paused as (
  update auto_topup a set paused_at = app_now(), paused_reason = moved.reason,
    day_cents = case when day = ${today} then greatest(0, day_cents - moved.amount_cents) else day_cents end
  from moved where a.user_id = moved.user_id
), told as (
  ${tell({
    name: `'wallet.auto_topup_paused'`,
    ref: `'auto_topup:' || id`,
    parties: ['user_id'],
    data: `json_build_object('auto_topup_id', id, 'amount_cents', amount_cents, 'reason', reason)`,
    from: 'moved',
  })}
) select id from moved`

async function outcomeOf(
  stripe: Stripe,
  { id, status, last_payment_error: error }: Stripe.PaymentIntent,
): Promise<Outcome> {
  if (status === 'succeeded') return { is: 'done', object: id }
  if (status === 'processing') return { is: 'open' }
  // Nobody is there to confirm it: it must not succeed later, after its owner has been told that it failed.
  if (status !== 'canceled') {
    try {
      await stripe.paymentIntents.cancel(id)
    } catch {
      // Perhaps it has just succeeded: whoever looks it up again will know.
      return { is: 'open' }
    }
  }
  return { is: 'refused', reason: error?.message ?? 'The bank wants its customer to confirm the payment in person.' }
}

/** The saved card is charged because the wallet has run low. */
export const autoTopUpErrand: Errand = {
  async ask(stripe, { id, user_id, amount_cents, target, customer }) {
    const payment = await stripe.paymentIntents.create(
      {
        amount: amount_cents,
        currency: 'usd',
        customer: customer!,
        payment_method: target!,
        confirm: true,
        off_session: true,
        metadata: { kind: 'auto_topup', intent_id: id, user_id },
      },
      { idempotencyKey: `auto_topup:${id}` },
    )
    return outcomeOf(stripe, payment)
  },
  async lookUp(stripe, { id, customer, asked_seconds }) {
    // Newest first: older than the intent, by more than clocks may differ, it cannot be.
    for await (const payment of stripe.paymentIntents.list({ customer: customer!, limit: 100 })) {
      if (payment.metadata.intent_id === id) return outcomeOf(stripe, payment)
      if (payment.created < asked_seconds - 3_600) break
    }
    return null
  },
  book: async (sql, { id }, object) => void (await sql.rows(bookCharge, [id, object])),
  undo: async (sql, { id }, reason) => void (await sql.rows(pauseCharges, [id, reason])),
}

const lowWallets = `select a.user_id as id from auto_topup a
  where a.enabled and a.paused_at is null and ledger_balance(a.user_id) < a.threshold_cents limit 200`

/**
 * Writes an intent for each wallet that is below its owner's threshold: one in flight per wallet, and no more a day than the owner
 * allows. Not for whoever owes after a chargeback. Answers the intents.
 */
export async function startCharges(db: Database): Promise<string[]> {
  const started: string[] = []
  for (const { id: user } of await db.rows<{ id: string }>(lowWallets)) {
    const [made] = await db.rows<{ id: string | null }>(`select auto_topup_start($1) as id`, [user])
    if (made!.id) started.push(made!.id)
  }
  return started
}

/** Something has happened to a payment: it is booked if it is one of a saved card whose answer was lost. */
export async function chargeChanged(db: Database, payment: Stripe.PaymentIntent): Promise<void> {
  const { kind, intent_id: id } = payment.metadata
  const intent = kind === 'auto_topup' && id ? await readIntent(db, id) : undefined
  // While it is being asked for, whoever asks books it; an answer that says less than a success is theirs to judge.
  if (intent?.kind === 'auto_topup' && intent.status === 'asked' && payment.status === 'succeeded')
    await bookOutcome(db, autoTopUpErrand, intent, { is: 'done', object: payment.id })
}

import type Stripe from 'stripe'
import type { Database, Sql } from '../../../base/db.ts'
import { tell } from '../../events/write.ts'
import { lockCredits } from '../../ledger/queries.ts'
import { idOf } from '../stripe.ts'

interface Disputed {
  readonly id: string
  readonly user_id: string
  readonly amount_cents: number
  readonly credits: number
}

/**
 * A payer's bank takes the price of a month's credits back, or gives it back: the dispute is read again and booked as it is now,
 * in whatever order and however often its messages come.
 */
export async function planDisputeChanged(db: Database, stripe: Stripe, disputeId: string): Promise<void> {
  const dispute = await stripe.disputes.retrieve(disputeId)
  const payment = idOf(dispute.payment_intent)
  if (!payment) return
  const [invoice] = await db.rows<Disputed>(
    `select id, user_id, amount_cents, credits from plan_invoice where payment_intent_id = $1`,
    [payment],
  )
  if (!invoice) return
  // An inquiry has not taken anything yet, and may never.
  const hasTaken = dispute.balance_transactions.some(({ amount }) => amount < 0)
  if (hasTaken) await db.transaction((sql) => takeCreditsBack(sql, dispute, invoice))
  if (dispute.status === 'won') await db.transaction((sql) => giveCreditsAgain(sql, dispute.id, invoice))
  if (dispute.status === 'lost')
    await db.rows(`update plan_dispute set status = 'lost' where id = $1 and status = 'taken'`, [dispute.id])
  for (const { id, fee } of dispute.balance_transactions)
    if (fee !== 0) await db.transaction((sql) => bookFee(sql, dispute.id, id, fee))
}

const told = tell({
  name: `'credits.charged_back'`,
  ref: `'dispute:' || id`,
  parties: ['user_id'],
  data: `json_build_object('dispute_id', id, 'credits', credits_taken, 'debt_cents', owed_cents, 'status', status)`,
  from: 'moved',
})

/**
 * Takes back the credits that an invoice gave, as many as are left. For the missing ones their price is owed: it comes out of the
 * wallet, and what that cannot bear is debt. The rest of the price comes out of what was received for credits.
 */
async function takeCreditsBack(sql: Sql, { id, amount }: Stripe.Dispute, invoice: Disputed): Promise<void> {
  // The lock comes first: two at once shall not find the same credits.
  const left = await lockCredits(sql, invoice.user_id)
  // A bank may take a part: then as many credits as that part has paid for.
  const share = Math.min(1, amount / invoice.amount_cents)
  const due = Math.ceil(invoice.credits * share)
  const taken = Math.min(left, due)
  const owed = due === 0 ? 0 : Math.round((amount * (due - taken)) / due)
  const moved = await sql.rows(
    `with moved as (
       insert into plan_dispute (id, invoice_id, user_id, amount_cents, credits_taken, owed_cents, status, created_at)
       values ($1, $2, $3, $4, $5, $6, 'taken', app_now()) on conflict (id) do nothing returning id, user_id, credits_taken, owed_cents, status
     ), told as (${told}) select 1 from moved`,
    [id, invoice.id, invoice.user_id, amount, taken, owed],
  )
  if (moved.length === 0) return
  await sql.rows(
    `select ledger_post('credits_charged_back', 'dispute:' || $1, 'dispute:' || $1, 'CREDIT', array['credits:' || $2], array['platform:credits'], array[$3::bigint]),
       ledger_post('credits_unsold', 'dispute:' || $1, 'dispute:' || $1, 'USD', array['platform:credits_sold'], array['platform:stripe'], array[$4::bigint])`,
    [id, invoice.user_id, taken, amount - owed],
  )
  if (owed > 0) await sql.rows(`select ledger_chargeback($1, 'dispute:' || $2, $3)`, [invoice.user_id, id, owed])
}

/** The bank has given it back: the same legs reversed. */
async function giveCreditsAgain(sql: Sql, id: string, invoice: Disputed): Promise<void> {
  // First what is locked first when they are taken: two that wait for each other would both be turned away.
  await lockCredits(sql, invoice.user_id)
  const [dispute] = await sql.rows<{
    user_id: string
    amount_cents: number
    credits_taken: number
    owed_cents: number
  }>(
    `with moved as (
       update plan_dispute set status = 'won' where id = $1 and status <> 'won' returning id, user_id, amount_cents, credits_taken, owed_cents, status
     ), told as (${told}) select user_id, amount_cents, credits_taken, owed_cents from moved`,
    [id],
  )
  if (!dispute) return
  const { user_id, amount_cents, credits_taken, owed_cents } = dispute
  await sql.rows(
    `select ledger_post('credits_won_back', 'dispute:' || $1, 'dispute:' || $1, 'CREDIT', array['platform:credits'], array['credits:' || $2], array[$3::bigint]),
       ledger_post('credits_resold', 'dispute:' || $1, 'dispute:' || $1, 'USD', array['platform:stripe'], array['platform:credits_sold'], array[$4::bigint])`,
    [id, user_id, credits_taken, amount_cents - owed_cents],
  )
  if (owed_cents > 0) await sql.rows(`select ledger_chargeback_won($1, 'dispute:' || $2)`, [user_id, id])
}

async function bookFee(sql: Sql, dispute: string, transaction: string, fee: number): Promise<void> {
  const fresh = await sql.rows(
    `insert into provider_fee (id, fee_cents, booked_at) values ($1, $2, app_now()) on conflict do nothing returning 1`,
    [transaction, fee],
  )
  if (fresh.length === 0) return
  const [from, to] = fee > 0 ? ['stripe', 'processing'] : ['processing', 'stripe']
  await sql.rows(
    `select ledger_post('stripe_fee', 'dispute:' || $1, 'fee:' || $2, 'USD', array['platform:' || $3], array['platform:' || $4], array[$5::bigint])`,
    [dispute, transaction, from, to, Math.abs(fee)],
  )
}

import type Stripe from 'stripe'
import type { Database, Sql } from '../../../base/db.ts'
import { newId } from '../../../base/ids.ts'
import type { FundingDesk } from './desk.ts'
import { type Funding, fundingIdOf, fundingLife, readFunding } from './funding.ts'

const paid = `with moved as (
  update card_funding set status = ${fundingLife.to('pay')}, payment_intent_id = $2, ended_at = app_now()
  where id = $1 and status in (${fundingLife.from('pay')}) returning id, ref, user_id
), kept as (
  insert into card_payment (id, user_id, amount_cents, funding_id, fee_due_at, created_at) select $2, user_id, $3, id, app_now(), app_now() from moved
) select ledger_post('funding', ref, 'funding:' || $2, 'USD', array['platform:stripe'], array['escrow:' || ref], array[$3::bigint]) from moved`

// The whole of it is on its way back at once: nothing of it may be given back a second time.
const turnedBack = `with moved as (
  update card_funding set status = ${fundingLife.to('turn_back')}, payment_intent_id = $2, ended_at = app_now()
  where id = $1 and status in (${fundingLife.from('turn_back')}) returning id, ref, user_id
), kept as (
  insert into card_payment (id, user_id, amount_cents, refunded_cents, funding_id, fee_due_at, created_at) select $2, user_id, $3, $3, id, app_now(), app_now() from moved
), asked as (
  insert into provider_intent (id, kind, user_id, amount_cents, target, ref, created_at, due_at) select $4::uuid, 'card_refund', user_id, $3, $2, ref, app_now(), app_now() from moved
) select ledger_post('funding', ref, 'funding:' || $2, 'USD', array['platform:stripe'], array['clearing:' || $4], array[$3::bigint]) from moved`

/** The work was funded and its payment was stopped at the same moment: whoever comes next finds one of the two. */
class Crossed extends Error {}

/**
 * Books a payment that has succeeded, once, however often it is asked and in whatever order: into the escrow of its work if the desk
 * wants it, else on its way back to its card. Of any other payment nothing happens.
 */
export async function bookFunding(db: Database, payment: Stripe.PaymentIntent, desk: FundingDesk): Promise<void> {
  const id = fundingIdOf(payment)
  if (!id || payment.status !== 'succeeded') return
  for (let turns = 1; ; turns++) {
    try {
      return await db.transaction((sql) => bookOnce(sql, id, payment, desk))
    } catch (error) {
      if (!(error instanceof Crossed) || turns === 3) throw error
    }
  }
}

// The desk is asked before the row is locked: it locks its contract first, and so does whoever stops a payment.
async function bookOnce(sql: Sql, id: string, payment: Stripe.PaymentIntent, desk: FundingDesk): Promise<void> {
  const funding = await readFunding(sql, id)
  if (!funding) return
  const { amount_received: amount } = payment
  if (await isWanted(sql, funding, payment, desk)) {
    if ((await sql.rows(paid, [id, payment.id, amount])).length === 0) throw new Crossed()
  } else {
    await sql.rows(turnedBack, [id, payment.id, amount, newId()])
  }
}

async function isWanted(
  sql: Sql,
  { status, ref, amount_cents }: Funding,
  { id: paymentId, amount_received: amount }: Stripe.PaymentIntent,
  desk: FundingDesk,
): Promise<boolean> {
  const waits: readonly string[] = fundingLife.moves.pay.from
  return waits.includes(status) && amount === amount_cents && (await desk.fundedByCard(sql, { ref, paymentId, amount }))
}

import type Stripe from 'stripe'
import type { Database } from '../../base/db.ts'
import { idOf } from './stripe.ts'

const paidTopUp = `with moved as (
  update topup set status = 'paid', session_id = $2, paid_at = app_now() where id = $1::uuid and amount_cents = $3 and status in ('asked', 'open', 'expired')
  returning id, user_id, amount_cents
), posted as (
  select ledger_post('topup', 'topup:' || id, 'topup:' || $2, 'USD', array['platform:stripe'], array['wallet:' || user_id], array[amount_cents]) as outcome
  from moved
), kept as (
  insert into card_payment (id, user_id, amount_cents, fee_due_at, created_at)
  select $4, user_id, amount_cents, app_now(), app_now() from moved where $4::text is not null
), told as (
  select event_write('wallet.topped_up', 'topup:' || id, array[user_id], json_build_object('topup_id', id, 'amount_cents', amount_cents)) from moved
) select (select count(*) from posted) as posts, (select count(*) from told) as tellings from moved`

/** Books what the provider says of a checkout: paid money is in the wallet once, however often this is asked. */
export async function bookTopUp(db: Database, session: Stripe.Checkout.Session): Promise<void> {
  const id = session.metadata?.topup_id
  if (session.metadata?.kind !== 'wallet_topup' || !id) return
  // The answer that told us the session's id may have been lost: the session itself names the intent.
  await db.rows(`update topup set status = 'open', session_id = $2, url = $3 where id = $1 and status = 'asked'`, [
    id,
    session.id,
    session.url,
  ])
  if (session.payment_status === 'paid') {
    await db.rows(paidTopUp, [id, session.id, session.amount_total, idOf(session.payment_intent)])
  } else if (session.status === 'expired') {
    await db.rows(`update topup set status = 'expired' where id = $1 and session_id = $2 and status = 'open'`, [
      id,
      session.id,
    ])
  }
}

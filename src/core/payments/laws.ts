import type { Law } from '../ledger/laws.ts'
import { intentLife } from './intent.ts'
import { payoutLife } from './payouts/payout.ts'

/** What must hold between the ledger and what the provider was asked for; the ledger knows no provider, so the payments room says it. */
export const paymentLaws: readonly Law[] = [
  {
    name: 'what is reserved for the provider belongs to an open intent, and all of it',
    query: `select id::text as place, format('%s %s over %s, yet %s in clearing', kind, status, amount_cents, ledger_clearing(id::text)) as detail
      from provider_intent where kind in ('withdrawal', 'card_refund', 'payout')
        and ledger_clearing(id::text) <> case when status = 'asked' then amount_cents else 0 end`,
  },
  {
    name: 'what has gone back to a card is what its refunds say',
    query: `select p.id as place, format('refunded %s, refunds %s', p.refunded_cents, coalesce(r.sum, 0)) as detail
      from card_payment p left join (
        select target, sum(amount_cents) as sum from provider_intent where kind = 'card_refund' and status <> 'refused' group by target
      ) as r on r.target = p.id where p.refunded_cents <> coalesce(r.sum, 0)`,
  },
  {
    name: 'every payment for a piece of work that has succeeded was booked, once and to the cent, and no other',
    query: `select f.id::text as place, format('%s: %s of %s booked', f.status, ledger_posted('funding', 'funding:' || f.payment_intent_id), coalesce(p.amount_cents, 0)) as detail
      from card_funding f left join card_payment p on p.funding_id = f.id
      where (p.id is not null) <> (f.status in ('paid', 'given_back', 'unwanted')) or p.id <> f.payment_intent_id
        or ledger_posted('funding', 'funding:' || f.payment_intent_id) <> coalesce(p.amount_cents, 0)`,
  },
  {
    name: 'what waits to be paid out to somebody is what their payouts say',
    query: `select coalesce(p.user_id, w.user_id)::text as place, format('pending %s, waiting payouts %s', coalesce(p.cents, 0), coalesce(w.cents, 0)) as detail
      from ledger_pendings() as p (user_id, cents) full join (
        select user_id, sum(amount_cents - taken_cents) as cents from payout where status in (${payoutLife.from('to_wallet')}) group by user_id
      ) as w using (user_id) where coalesce(p.cents, 0) <> coalesce(w.cents, 0)`,
  },
  {
    name: 'every payout that the provider is asked for, or has made, has an intent of exactly its rest, and no other has one',
    query: `select coalesce(p.id, i.id)::text as place, format('payout %s over %s less %s, intent %s over %s', p.status, p.amount_cents, p.taken_cents, i.status, i.amount_cents) as detail
      from (select * from payout where status in (${payoutLife.from('pay')}, ${payoutLife.to('pay')})) as p
      full join (select * from provider_intent where kind = 'payout' and status <> ${intentLife.to('refuse')}) as i on i.id = p.intent_id
      where p.id is null or i.id is null or i.amount_cents <> p.amount_cents - p.taken_cents or i.ref <> p.ref or i.user_id <> p.user_id
        or (p.status = ${payoutLife.to('pay')}) <> (i.status = ${intentLife.to('confirm')})`,
  },
  {
    name: 'what came into a wallet of a payout is its rest, once',
    query: `select id::text as place, format('%s over %s less %s, yet %s came', status, amount_cents, taken_cents, ledger_posted('payout_in_wallet', 'payout:' || id)) as detail
      from payout where ledger_posted('payout_in_wallet', 'payout:' || id) <> case when status = ${payoutLife.to('to_wallet')} then amount_cents - taken_cents else 0 end`,
  },
]

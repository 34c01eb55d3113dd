import type { Law } from '../ledger/laws.ts'

/** What must hold between the ledger and what the provider was asked for; the ledger knows no provider, so the payments room says it. */
export const paymentLaws: readonly Law[] = [
  {
    name: 'what is reserved for the provider belongs to an open intent, and all of it',
    query: `select id::text as place, format('%s %s over %s, yet %s in clearing', kind, status, amount_cents, ledger_clearing(id::text)) as detail
      from provider_intent where kind in ('withdrawal', 'card_refund')
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
]

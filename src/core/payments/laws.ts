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
]

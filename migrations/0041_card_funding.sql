-- Work that is funded by card: a payment for one piece of work, from being asked for until its money is in escrow or back on its card.

-- ── core/payments ───────────────────────────────────────────────────────────────────────────────────────────────────────
create table card_funding (
  id uuid primary key,                        -- the provider's idempotency key is made from it
  ref text not null,                          -- the work, `milestone:<uuid>`
  user_id uuid not null references app_user,
  amount_cents bigint not null check (amount_cents between 50 and 99999999),
  description text not null,
  status text not null default 'asked' constraint funding_status check (status in ('asked', 'open', 'stopping', 'stopped', 'paid', 'given_back', 'unwanted')),
  payment_intent_id text unique,
  lineage text,                               -- whose spending limit it was counted under, and on which day; null: there is none
  counted_on date,
  asked_at timestamptz not null default clock_timestamp(), -- by the provider's clock, which no test moves
  created_at timestamptz not null,
  due_at timestamptz not null,                -- when the provider is asked about it next
  ended_at timestamptz,
  check ((lineage is null) = (counted_on is null)),
  constraint funding_end check ((status in ('asked', 'open', 'stopping')) = (ended_at is null)),
  constraint funding_payment check (payment_intent_id is not null or status in ('asked', 'stopping', 'stopped'))
);
create unique index funding_open on card_funding (ref) where status in ('asked', 'open');
create unique index funding_paid on card_funding (ref) where status = 'paid';
create index funding_due on card_funding (due_at) where status in ('asked', 'open', 'stopping');

-- A payment for a piece of work is none of the wallet's top-ups: it goes back when its work does.
alter table card_payment add column funding_id uuid unique references card_funding;
-- The work whose money goes back to its card; null: it is the wallet's.
alter table provider_intent add column ref text;

-- ── core/ledger ─────────────────────────────────────────────────────────────────────────────────────────────────────────
-- It has become one that also takes what is held for the work.
drop function if exists ledger_chargeback(uuid, text, bigint);
drop function if exists ledger_chargeback_won(uuid, text);

-- Payouts: the provider is asked for them like for withdrawals, and a bank may take of them while they wait.
alter table provider_intent drop constraint provider_intent_kind_check,
  add constraint provider_intent_kind_check check (kind in ('withdrawal', 'card_refund', 'auto_topup', 'connect_account', 'payout')),
  add constraint intent_of_payout check (kind <> 'payout' or (ref is not null and target is not null));

alter table payout
  add column day timestamptz not null default app_now(), -- when it was to be paid out at first, whatever comes in between
  add column taken_cents bigint not null default 0 check (taken_cents between 0 and amount_cents), -- what banks have taken of it while it waited
  add constraint payout_taken_all check ((status = 'charged_back') = (taken_cents = amount_cents)),
  add constraint payout_intent unique (intent_id);
update payout set day = coalesce(due_at, created_at);

-- ── desks/gigs: milestones whose money a bank has taken ─────────────────────────────────────────────────────────────────
alter table milestone
  add column frozen_at timestamptz,           -- since when; what is left of its timer then goes on afterwards
  add constraint milestone_frozen check (chargeback_id is null or status in ('funded', 'delivered', 'disputed'));

-- ── core/ledger ─────────────────────────────────────────────────────────────────────────────────────────────────────────
-- What is won back may come too late for what waited to be paid out.
drop function if exists ledger_chargeback_won(uuid, text, boolean);

-- Money that goes through the provider: what is being asked of it, cards, automatic top-ups, chargebacks; and what of it the ledger refuses.

-- ── core/ledger ─────────────────────────────────────────────────────────────────────────────────────────────────────────
-- Beside the wallet's balance, so that a credit learns from the row it writes anyway whether a debt must be repaid first.
alter table ledger_account add column owes boolean not null default false;
alter table ledger_account add constraint account_owes check (not owes or starts_with(id, 'wallet:'));
alter table ledger_account add constraint account_debt check (balance <= 0 or not starts_with(id, 'debt:'));
create index ledger_account_debt on ledger_account (id) where starts_with(id, 'debt:');

-- What came by card leaves only to a card, and only what was earned is paid out.
alter table transfer add constraint transfer_earned_only check (kind not in ('withdrawal', 'withdrawal_paid', 'withdrawal_returned') or card_part = 0);
alter table transfer add constraint transfer_card_only check (kind not in ('card_refund', 'card_refund_paid', 'card_refund_returned') or card_part = amount);
create index transfer_from_debt on transfer (from_account) where starts_with(from_account, 'debt:');
create index transfer_to_debt on transfer (to_account) where starts_with(to_account, 'debt:');

-- ── core/payments ───────────────────────────────────────────────────────────────────────────────────────────────────────
create table provider_intent (                -- what the provider is asked to do, written before it is asked
  id uuid primary key,                        -- the provider's idempotency key is made from it
  kind text not null check (kind in ('withdrawal', 'card_refund', 'auto_topup', 'connect_account')),
  user_id uuid not null references app_user,
  status text not null default 'asked' constraint intent_status check (status in ('asked', 'done', 'refused')),
  amount_cents bigint check (amount_cents > 0),
  target text,                                -- whom or what it concerns there: an account, a payment, a card
  customer text,
  batch uuid,                                 -- parts that were asked for together
  object_id text,                             -- what it became at the provider
  reason text,                                -- why it was refused
  tries integer not null default 0,
  asked_at timestamptz not null default clock_timestamp(), -- by the provider's clock, which no test moves
  created_at timestamptz not null,
  due_at timestamptz not null,                -- when it is looked at next
  leased_until timestamptz,                   -- somebody is asking until then
  ended_at timestamptz,
  check ((kind = 'connect_account') = (amount_cents is null)),
  check ((status = 'asked') = (ended_at is null)),
  check (status <> 'done' or object_id is not null),
  check (status <> 'refused' or reason is not null),
  constraint intent_object unique (kind, object_id)
);
create index intent_open on provider_intent (due_at) where status = 'asked';
create index intent_of_user on provider_intent (user_id, created_at);
create index intent_batch on provider_intent (batch) where batch is not null;
create unique index intent_one_auto_topup on provider_intent (user_id) where kind = 'auto_topup' and status = 'asked';
create unique index intent_one_account on provider_intent (user_id) where kind = 'connect_account' and status <> 'refused';

create table card_payment (                   -- card money that came into a wallet: what may go back to its card, and what the provider kept of it
  id text primary key,                        -- pi_…
  user_id uuid not null references app_user,
  amount_cents bigint not null check (amount_cents > 0),
  refunded_cents bigint not null default 0,
  disputed boolean not null default false,
  fee_cents bigint check (fee_cents >= 0),    -- null: not booked yet
  fee_due_at timestamptz not null,
  created_at timestamptz not null,
  constraint card_payment_refunded check (refunded_cents between 0 and amount_cents)
);
create index card_payment_open on card_payment (user_id, created_at) where refunded_cents < amount_cents;
create index card_payment_fee on card_payment (fee_due_at) where fee_cents is null;

create table card_setup (                     -- a card that is being saved
  id uuid primary key,
  user_id uuid not null references app_user,
  setup_intent_id text unique,
  status text not null default 'asked' check (status in ('asked', 'open', 'saved', 'cancelled')),
  created_at timestamptz not null,
  looked_up_at timestamptz,
  check ((status = 'asked') = (setup_intent_id is null))
);
create index card_setup_open on card_setup (looked_up_at nulls first, created_at) where status = 'open';

create table saved_card (
  user_id uuid primary key references app_user,
  customer_id text not null,
  payment_method_id text not null,
  brand text not null,
  last4 text not null,
  exp_month smallint not null,
  exp_year smallint not null,
  setup_at timestamptz not null,              -- when its setup began: an older one does not replace it
  saved_at timestamptz not null
);

create table auto_topup (
  user_id uuid primary key references app_user,
  enabled boolean not null,
  amount_cents bigint not null check (amount_cents between 500 and 1000000),
  threshold_cents bigint not null check (threshold_cents between 0 and amount_cents),
  max_per_day_cents bigint not null check (max_per_day_cents >= amount_cents),
  paused_at timestamptz,
  paused_reason text,
  day date not null default '-infinity',      -- the last day (UTC) it charged on, what it charged then, and what it might
  day_cents bigint not null default 0 check (day_cents >= 0),
  day_cap_cents bigint not null default 0,
  changed_at timestamptz not null,
  check ((paused_at is null) = (paused_reason is null)),
  constraint auto_topup_cap check (day_cents <= day_cap_cents)
);
create index auto_topup_on on auto_topup (user_id) where enabled and paused_at is null;

create table chargeback (                     -- a payer's bank takes card money back
  id text primary key,                        -- dp_… or du_…
  payment_id text not null references card_payment,
  user_id uuid not null references app_user,
  amount_cents bigint not null check (amount_cents > 0),
  status text not null check (status in ('taken', 'won', 'lost')),
  created_at timestamptz not null,
  looked_up_at timestamptz,
  ended_at timestamptz,
  check ((status = 'taken') = (ended_at is null))
);
create index chargeback_open on chargeback (looked_up_at nulls first) where status = 'taken';

create table provider_fee (                   -- what the provider took for a dispute, or gave back, by its own booking: each is booked once
  id text primary key,                        -- txn_…
  fee_cents bigint not null check (fee_cents <> 0),
  booked_at timestamptz not null
);

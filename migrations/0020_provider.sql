-- The edge to the payment provider: what comes in, plans of credits, and the comparison of the books.

-- An event is stored once and worked on from its row until it is done, or given up with the reason; doctor shows those.
alter table stripe_inbox
  alter column object_id drop not null,
  add column status text not null default 'waiting' check (status in ('waiting', 'done', 'not_ours', 'given_up')),
  add column attempts integer not null default 0 check (attempts >= 0),
  add column due_at timestamptz not null default clock_timestamp(), -- next try; while one runs, the end of its lease
  add column last_error text;
update stripe_inbox set status = 'done' where processed_at is not null;
alter table stripe_inbox
  add constraint stripe_inbox_end check ((status = 'waiting') = (processed_at is null)),
  add constraint stripe_inbox_object check (status <> 'waiting' or object_id is not null),
  add constraint stripe_inbox_reason check (status <> 'given_up' or last_error is not null);
drop index stripe_inbox_open;
create index stripe_inbox_due on stripe_inbox (due_at) where status = 'waiting';
create index stripe_inbox_given_up on stripe_inbox (processed_at) where status = 'given_up';
create index stripe_inbox_ended on stripe_inbox (processed_at) where status <> 'waiting';

create table plan_checkout (                  -- the intent of a checkout of a plan
  id uuid primary key,
  user_id uuid not null references app_user (id),
  tier text not null check (tier in ('starter', 'pro', 'team')),
  status text not null default 'asked' check (status in ('asked', 'open', 'complete', 'expired')),
  session_id text unique,
  created_at timestamptz not null,
  looked_up_at timestamptz,
  check ((status = 'asked') = (session_id is null))
);
create index plan_checkout_open on plan_checkout (looked_up_at nulls first, created_at) where status in ('asked', 'open');

create table plan_subscription (              -- what the provider says of a subscription, read again at every event about it
  id text primary key,
  user_id uuid not null references app_user (id),
  tier text not null check (tier in ('starter', 'pro', 'team')),
  status text not null,                       -- in the provider's words
  live boolean not null,                      -- whether it gives its tier to its person
  started_at timestamptz not null,            -- by the provider's clock, in whole seconds
  asked_at timestamptz not null,              -- when its checkout was: of two in one second the later one is meant
  looked_up_at timestamptz
);
create index plan_subscription_of_user on plan_subscription (user_id) where live;
create index plan_subscription_due on plan_subscription (looked_up_at nulls first) where live;

create table plan_invoice (                   -- a paid invoice: its credits are given once
  id text primary key,
  subscription_id text not null references plan_subscription (id),
  user_id uuid not null references app_user (id),
  tier text not null check (tier in ('starter', 'pro', 'team')),
  amount_cents bigint not null check (amount_cents >= 0),
  credits integer not null check (credits >= 0),
  payment_intent_id text unique,              -- a dispute names the payment, not the invoice
  fee_cents bigint,                           -- what the provider kept of it; null: not booked yet
  booked_at timestamptz not null
);
create index plan_invoice_of_subscription on plan_invoice (subscription_id);

create table plan_failure (                   -- each try to charge for a plan that failed: its person is told once
  invoice_id text not null,
  attempt integer not null,
  user_id uuid not null references app_user (id),
  failed_at timestamptz not null,
  primary key (invoice_id, attempt)
);

create table plan_dispute (                   -- a payer's bank takes the price of credits back
  id text primary key,
  invoice_id text not null references plan_invoice (id),
  user_id uuid not null references app_user (id),
  amount_cents bigint not null check (amount_cents > 0),
  credits_taken integer not null check (credits_taken >= 0),
  owed_cents bigint not null check (owed_cents between 0 and amount_cents), -- for credits that were spent: out of the wallet, then debt
  status text not null check (status in ('taken', 'won', 'lost')),
  created_at timestamptz not null,
  looked_up_at timestamptz
);
create index plan_dispute_open on plan_dispute (looked_up_at nulls first) where status = 'taken';

create table reconciliation (                 -- each comparison of the ledger with the provider's balance
  id uuid primary key,
  at timestamptz not null default clock_timestamp(),
  matched integer not null,
  in_flight integer not null,
  differences json not null,                  -- sentences
  difference_count integer not null check (difference_count >= 0)
);
create index reconciliation_at on reconciliation (at desc);

create table provider_turn (                  -- who is next to do what one process at a time does
  name text primary key,
  due_at timestamptz not null default clock_timestamp(),
  seen_until bigint                           -- of a reader: how far it has read, in seconds of the provider's clock
);

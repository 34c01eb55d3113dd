-- The contract desk, second half: work delivered, money released and paid out, disputes, operators.

-- ── desks/gigs: milestones ──────────────────────────────────────────────────────────────────────────────────────────────
alter table milestone
  add column fee_percent smallint check (fee_percent between 0 and 100), -- the market's part, fixed when it is funded
  add column approved_at timestamptz,          -- when both sides had agreed on it
  add column delivered_at timestamptz,
  add column delivery_note text check (length(delivery_note) <= 10000),
  add column delivery_attachments json not null default '[]',
  add column cancel_asked_at timestamptz,      -- its client wants the money back; takes effect unless disputed
  add column reminded smallint not null default 0 check (reminded between 0 and 2),
  add column chargeback_id text,               -- the payer's bank has taken its money: frozen until it has decided
  add column released_cents bigint check (released_cents >= 0),   -- what the worker got, and the three ways the rest went
  add column refunded_cents bigint check (refunded_cents >= 0),
  add column arbitration_cents bigint check (arbitration_cents >= 0),
  add constraint milestone_delivered check (status <> 'delivered' or delivered_at is not null),
  add constraint milestone_cancel check (cancel_asked_at is null or status in ('funded', 'refunded', 'disputed', 'released', 'delivered'));

-- ── core/payments: released money on its way ────────────────────────────────────────────────────────────────────────────
create table payout (                         -- released, in pending:<user> until its day, then with the provider or in the wallet
  id uuid primary key,
  ref text not null unique,                   -- `milestone:<uuid>`: a piece of work is paid out once
  user_id uuid not null references app_user,
  amount_cents bigint not null check (amount_cents > 0),
  status text not null default 'waiting' constraint payout_status check (status in ('waiting', 'asked', 'paid', 'in_wallet', 'charged_back')),
  refusals smallint not null default 0 check (refusals between 0 and 7),
  due_at timestamptz,                         -- its day, or its next try
  intent_id uuid,                             -- while the provider is asked
  created_at timestamptz not null,
  ended_at timestamptz,
  check ((status = 'waiting') = (due_at is not null)),
  check ((status in ('paid', 'in_wallet', 'charged_back')) = (ended_at is not null)),
  check (status <> 'asked' or intent_id is not null)
);
create index payout_due on payout (due_at) where due_at is not null;
create index payout_of_user on payout (user_id, created_at);

-- ── desks/gigs: disputes ────────────────────────────────────────────────────────────────────────────────────────────────
create table dispute (
  id uuid primary key,
  contract_id uuid not null references contract,
  milestone_id uuid not null unique references milestone, -- one a milestone
  disputing_party text not null check (disputing_party in ('client', 'worker')),
  opened_by uuid not null references app_user,
  respondent_id uuid not null references app_user,
  reason text not null check (length(reason) between 1 and 10000),
  status text not null constraint dispute_status check (status in ('open', 'responded', 'resolved')),
  was_delivered boolean not null,             -- what the milestone was when it was frozen
  response_deadline timestamptz not null,
  responded_at timestamptz,
  reminded boolean not null default false,
  due_at timestamptz,                         -- when the market decides by itself
  recommendation json,
  worker_share_percent smallint check (worker_share_percent between 0 and 100), -- null: as if there had been no dispute
  resolved_by text check (resolved_by in ('operator', 'recommendation', 'rules', 'bank')),
  operator_id uuid references app_user,
  note text check (length(note) <= 10000),
  resolved_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (opened_by <> respondent_id),
  check ((status = 'resolved') = (resolved_at is not null)),
  check ((status = 'resolved') = (resolved_by is not null)),
  check ((status = 'resolved') = (due_at is null)),
  check (status <> 'responded' or responded_at is not null)
);
create index dispute_of_contract on dispute (contract_id);
create index dispute_opened on dispute (opened_by, created_at desc, id desc);
create index dispute_respondent on dispute (respondent_id, created_at desc, id desc);
create index dispute_due on dispute (due_at) where due_at is not null;

create table dispute_evidence (
  id uuid primary key,
  dispute_id uuid not null references dispute,
  by_user_id uuid not null references app_user,
  type text not null check (type in ('github_commit', 'screenshot', 'video', 'deployed_url', 'contract_requirement', 'build_log', 'other')),
  url text check (length(url) <= 2000),
  description text check (length(description) <= 10000),
  created_at timestamptz not null,
  check (url is not null or description is not null)
);
create index dispute_evidence_of on dispute_evidence (dispute_id, created_at, id);

-- ── core/accounts: operators ────────────────────────────────────────────────────────────────────────────────────────────
create table operator (                       -- made on the machine; those of OPERATOR_EMAILS are not in here
  user_id uuid primary key references app_user,
  granted_at timestamptz not null
);

create table operator_audit (                 -- every act of an operator, for good
  id bigint generated always as identity primary key,
  at timestamptz not null,
  operator_id uuid references app_user,       -- null: the owner of the machine
  act text not null,
  ref text not null,
  data json not null
);
create index operator_audit_ref on operator_audit (ref, id);

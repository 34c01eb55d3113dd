-- The contract desk: gigs, applications, negotiations, contracts and their milestones; and whose turn it is to answer.

-- ── core/turns ──────────────────────────────────────────────────────────────────────────────────────────────────────────
create table turn (                           -- somebody is expected to answer somebody by a time; closed when they have or have not
  id bigint generated always as identity primary key,
  user_id uuid not null references app_user,
  other_id uuid not null references app_user,
  ref text not null,                          -- what it is about, `negotiation:<uuid>`
  kind text not null,
  amount_cents bigint not null check (amount_cents > 0),
  opened_at timestamptz not null,
  due_at timestamptz not null,
  closed_at timestamptz,
  answered boolean,
  counted boolean,                            -- whether it went into the score: three a pair in 30 days do
  check (user_id <> other_id),
  check ((closed_at is null) = (answered is null)),
  check ((closed_at is null) = (counted is null))
);
create unique index turn_open on turn (ref, kind, user_id) where closed_at is null;
create index turn_of_pair on turn (user_id, other_id, closed_at) where counted;

create table reliability (                    -- the turns that were counted, added up; no row: none yet
  user_id uuid primary key references app_user,
  expected integer not null check (expected >= 0),
  answered integer not null,
  check (answered between 0 and expected)
);

-- ── desks/gigs ──────────────────────────────────────────────────────────────────────────────────────────────────────────
create table gig (
  id uuid primary key,
  owner_id uuid not null references app_user,
  title text not null check (length(title) between 1 and 200),
  description text not null default '' check (length(description) <= 10000),
  scope text not null default '' check (length(scope) <= 10000),
  rate_cents bigint not null default 0 check (rate_cents between 0 and 1000000),
  skills text[] not null default '{}' check (cardinality(skills) <= 50),
  status text not null constraint gig_status check (status in ('draft', 'active', 'closed')),
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index gig_of_owner on gig (owner_id, created_at desc, id desc);
create index gig_active on gig (created_at desc, id desc) where status = 'active';

create table application (
  id uuid primary key,
  gig_id uuid not null references gig,
  worker_id uuid not null references app_user,
  message text not null default '' check (length(message) <= 10000),
  status text not null constraint application_status check (status in ('applied', 'shortlisted', 'rejected', 'withdrawn')),
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index application_once on application (gig_id, worker_id) where status <> 'withdrawn';
create index application_of_gig on application (gig_id, created_at desc, id desc);
create index application_of_worker on application (worker_id, created_at desc, id desc);

create table negotiation (
  id uuid primary key,
  gig_id uuid not null references gig,
  client_id uuid not null references app_user,
  worker_id uuid not null references app_user,
  state text not null constraint negotiation_state check (state in ('pending', 'in_progress', 'pending_owner_approval', 'approved', 'expired')),
  round_number smallint not null default 0,   -- rounds there have been
  client_rounds smallint,                     -- after a revision: what each side has left; null before
  worker_rounds smallint,
  rate_cents bigint not null default 0 check (rate_cents between 0 and 1000000),
  hours_per_week smallint not null default 0 check (hours_per_week between 0 and 168),
  start_date date,
  payout_delay_days smallint not null default 3 check (payout_delay_days between 3 and 10),
  due_at timestamptz,                         -- when the market ends it
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint negotiation_two check (client_id <> worker_id),
  constraint negotiation_rounds check (round_number >= 0 and (client_rounds is null) = (worker_rounds is null)
    and (client_rounds is not null or round_number <= 3) and coalesce(client_rounds, 0) between 0 and 1 and coalesce(worker_rounds, 0) between 0 and 1),
  constraint negotiation_amount check (rate_cents * hours_per_week = 0 or rate_cents * hours_per_week between 100 and 50000000),
  constraint negotiation_timer check ((state in ('pending', 'in_progress', 'pending_owner_approval')) = (due_at is not null))
);
create unique index negotiation_live on negotiation (gig_id, worker_id) where state in ('pending', 'in_progress', 'pending_owner_approval');
create index negotiation_of_client on negotiation (client_id, updated_at desc, id desc);
create index negotiation_of_worker on negotiation (worker_id, updated_at desc, id desc);
create index negotiation_due on negotiation (due_at) where due_at is not null;

create table negotiation_audit (              -- everything that happened, in order, with what was proposed
  id bigint generated always as identity primary key,
  negotiation_id uuid not null references negotiation,
  at timestamptz not null,
  actor uuid references app_user,             -- null: the market
  event text not null,
  data json not null
);
create index negotiation_audit_of on negotiation_audit (negotiation_id, id);

create table contact_share (
  negotiation_id uuid not null references negotiation,
  user_id uuid not null references app_user,
  contact_type text not null check (length(contact_type) between 1 and 50),
  contact_value text not null check (length(contact_value) between 1 and 500),
  shared_at timestamptz not null,
  primary key (negotiation_id, user_id)
);

create table contract (
  id uuid primary key,
  negotiation_id uuid not null unique references negotiation,
  gig_id uuid not null references gig,
  client_id uuid not null references app_user,
  worker_id uuid not null references app_user,
  title text not null,                        -- copied from the gig at the agreement, like the two below
  description text not null,
  scope text not null,
  rate_cents bigint not null,
  hours_per_week smallint not null,
  start_date date,
  payout_delay_days smallint not null check (payout_delay_days between 3 and 10),
  status text not null constraint contract_status check (status in ('pending_owner_approval', 'in_negotiation', 'pending_freelancer_kyc',
    'pending_client_funding', 'pending_both', 'active', 'completed', 'cancelled', 'expired')),
  client_approved_at timestamptz,
  worker_approved_at timestamptz,
  revisions smallint not null default 0 check (revisions between 0 and 3),
  revise_notes text check (length(revise_notes) <= 10000),
  cancel_reason text check (length(cancel_reason) <= 10000),
  cancelled_by uuid references app_user,
  due_at timestamptz,                         -- until approved, then until active: when the market ends it
  activated_at timestamptz,
  ended_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint contract_two check (client_id <> worker_id),
  constraint contract_timer check ((status in ('pending_owner_approval', 'pending_freelancer_kyc', 'pending_client_funding', 'pending_both')) = (due_at is not null)),
  constraint contract_approved check (status in ('pending_owner_approval', 'in_negotiation', 'cancelled', 'expired')
    or (client_approved_at is not null and worker_approved_at is not null)),
  constraint contract_end check ((status in ('completed', 'cancelled', 'expired')) = (ended_at is not null))
);
create index contract_of_client on contract (client_id, updated_at desc, id desc);
create index contract_of_worker on contract (worker_id, updated_at desc, id desc);
create index contract_due on contract (due_at) where due_at is not null;
-- A worker's account with the provider has become active, or is no longer: these wait for it.
create index contract_awaiting on contract (worker_id) where status in ('pending_freelancer_kyc', 'pending_client_funding', 'pending_both');

create table milestone (                      -- one piece of paid work; its escrow is `milestone:<id>`, used once
  id uuid primary key,
  contract_id uuid not null references contract,
  position smallint not null check (position between 1 and 1000),
  title text not null check (length(title) between 1 and 200),
  amount_cents bigint not null check (amount_cents = 0 or amount_cents between 100 and 50000000),
  fee_cents bigint check (fee_cents between 0 and amount_cents), -- fixed when it is funded
  status text not null constraint milestone_status check (status in ('proposed', 'pending', 'funded', 'delivered', 'released', 'disputed', 'refunded', 'cancelled')),
  proposed_by uuid references app_user,       -- null: it came with the agreement
  source text check (source in ('card', 'wallet')), -- what it was funded from; null at $0
  due_date timestamptz,                       -- when the work should be there: 30 days after funding or start date unless said otherwise
  funded_at timestamptz,
  due_at timestamptz,                         -- when the market ends its present state
  ended_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (contract_id, position),
  constraint milestone_funded check ((status in ('funded', 'delivered', 'released', 'disputed', 'refunded')) <= (funded_at is not null)),
  constraint milestone_source check (funded_at is null or (source is null) = (amount_cents = 0)),
  constraint milestone_fee check ((funded_at is null) = (fee_cents is null)),
  constraint milestone_end check ((status in ('released', 'refunded', 'cancelled')) = (ended_at is not null))
);
create index milestone_due on milestone (due_at) where due_at is not null;

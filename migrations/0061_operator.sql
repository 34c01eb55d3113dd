-- What operators look at: the market in numbers, what the last check of the laws found, and ways to find people and postings.

create table census (                         -- core/operators: what would take too long to count for each request
  one boolean primary key default true check (one),
  counted_at timestamptz not null,
  numbers json not null
);

create table ledger_audit (                   -- core/ledger: what the newest check of every law found
  one boolean primary key default true check (one),
  at timestamptz not null,
  breaches json not null
);

-- What is open, by its state: as small as what is open, however long the market has run.
create index negotiation_open on negotiation (state) where due_at is not null;
create index contract_open on contract (status) where ended_at is null;
create index milestone_open on milestone (status) where ended_at is null;
create index dispute_open on dispute (status) where due_at is not null;

-- Postings by what they are about. Those of a job are found by (kind, source): the hot path does not pay for an index of its own.
create index transfer_ref on transfer (ref, position) where not starts_with(ref, 'job:');

-- People, as operators look for them: the newest, the suspended, and by the beginning of an address or a name.
create index app_user_newest on app_user (created_at desc, id desc) where deleted_at is null;
create index app_user_suspended on app_user (created_at desc, id desc) where suspended_at is not null;
create index app_user_email_start on app_user (email text_pattern_ops) where deleted_at is null;
create index app_user_name_start on app_user (lower(name) text_pattern_ops) where deleted_at is null;

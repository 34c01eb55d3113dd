-- People who leave: what is kept so that their record and their debt are not shaken off, and what is still to be done for it.

create table deleted_accounts (               -- a tombstone: nothing in it says who it was
  user_id uuid primary key references app_user,
  email_hash bytea,                           -- under a key made from the market's secret; null: the address was never verified
  github_hash bytea,
  expected integer not null default 0 check (expected >= 0), -- the parts of the ghost score
  answered integer not null default 0,
  debt_cents bigint not null default 0 check (debt_cents >= 0), -- on that day; what is owed now is on the ledger
  deleted_at timestamptz not null,
  left_at timestamptz not null default clock_timestamp(), -- in real time: other processes believe credentials for some seconds
  events_read bigint not null default 0,      -- up to here the words have been taken out of their events
  swept_at timestamptz,                       -- what slipped in within those seconds has been looked for
  heir uuid references app_user,              -- who came back with the same verified identity
  inherited_at timestamptz,
  check (answered between 0 and expected),
  check ((heir is null) = (inherited_at is null)),
  check (heir <> user_id)
);
create index deleted_email on deleted_accounts (email_hash) where heir is null;
create index deleted_github on deleted_accounts (github_hash) where heir is null;
create index deleted_open on deleted_accounts (left_at) where swept_at is null;

create table farewell (                       -- what is to end at the payment provider; asked again until all of it has
  id uuid primary key,
  user_id uuid not null references app_user,
  customer text not null,
  tries integer not null default 0,
  created_at timestamptz not null,
  due_at timestamptz not null,
  done_at timestamptz
);
create index farewell_open on farewell (due_at) where done_at is null;

-- A hosted agent: somebody else runs it, and a month has so many calls of a model for it. Null: not hosted.
alter table agent add column llm_quota integer check (llm_quota between 0 and 1000000);
create table agent_model_use (
  agent_id uuid not null references agent,
  month date not null,
  calls integer not null check (calls > 0),
  primary key (agent_id, month)
);

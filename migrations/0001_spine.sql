-- The spine: accounts, ledger, events, jobs. What must never be is refused here, by constraint, whatever the code does.

-- UUIDv7 for rows that SQL functions write themselves (transfers, events); everything else gets its id from the application.
create function uuid7() returns uuid language sql volatile parallel safe as $$
  select encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid()) placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
      52, 1), 53, 1), 'hex')::uuid
$$;

-- ── base: answers of repeatable requests ────────────────────────────────────────────────────────────────────────────────
create table idempotency (
  lineage text not null,
  route text not null,
  key text not null,
  fingerprint bytea not null,
  effect_id uuid,                             -- outside endpoints: the id their intent was made under
  leased_until timestamptz,                   -- outside endpoints: somebody is working on it until then
  status smallint,                            -- null: `answer` is the row to render again
  answer json,                                -- null: not finished yet
  sealed bytea,                               -- secrets of the answer, readable for 60 s
  sealed_until timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  constraint idempotency_pkey primary key (lineage, route, key)
);
create index idempotency_age on idempotency using brin (created_at);

create table request_quota (                  -- what processes have leased of a rate limit, in blocks; counted by real time
  quota text not null,                        -- which limit
  subject text not null,                      -- whose: a credential's lineage, a person or an address
  period bigint not null,                     -- the number of the limit's window since 1970
  taken integer not null check (taken > 0),
  ends_at timestamptz not null,
  primary key (quota, subject, period)
);
create index request_quota_end on request_quota (ends_at);

-- ── core/events ─────────────────────────────────────────────────────────────────────────────────────────────────────────
create table event (
  position bigint generated always as identity primary key,
  id uuid not null default uuid7(),
  name text not null,
  ref text not null,                          -- the thing it is about, 'job:<uuid>'
  parties uuid[] not null,                    -- whose affair it is
  data json not null,
  xid bigint not null default pg_current_xact_id()::text::bigint, -- whose commits are behind us can be told by it
  created_at timestamptz not null
);

create index event_xid on event using brin (xid) with (pages_per_range = 32);

create table event_reader (                   -- how far each reader of events has come; a reader misses and repeats nothing
  name text primary key,
  xid bigint not null default 0,
  position bigint not null default 0
);

-- ── core/accounts ───────────────────────────────────────────────────────────────────────────────────────────────────────
create table app_user (
  id uuid primary key,
  name text not null check (length(name) between 1 and 200),
  email text not null check (email = lower(email)),
  email_verified_at timestamptz,
  avatar_url text,
  user_type text not null default 'client' check (user_type in ('client', 'freelancer')),
  subscription_tier text not null default 'free' check (subscription_tier in ('free', 'starter', 'pro', 'team')),
  stripe_customer_id text unique,
  stripe_account_id text unique,
  stripe_account_status text not null default 'not_connected' check (stripe_account_status in ('not_connected', 'pending', 'active')),
  suspended_at timestamptz,
  deleted_at timestamptz,
  created_at timestamptz not null
);
create unique index app_user_email on app_user (email) where deleted_at is null;

create table login (
  user_id uuid primary key references app_user,
  password_hash text not null
);

create table session (
  id uuid primary key,
  user_id uuid not null references app_user,
  token_hash bytea not null unique,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  ended_at timestamptz
);
create index session_of_user on session (user_id);

create table github_login (                   -- who signs in with GitHub: by its id, which never changes, unlike name and e-mail
  github_id bigint primary key,
  user_id uuid not null unique references app_user,
  created_at timestamptz not null
);

create table device_code (                    -- a device asks to be signed in; a person decides in their browser (RFC 8628)
  id uuid primary key,
  device_hash bytea not null unique,
  user_hash bytea not null unique,
  client_name text not null check (length(client_name) between 1 and 80),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  interval_seconds smallint not null default 5,
  polled_at timestamptz,
  approved boolean,                           -- null: nobody has decided yet
  decided_by uuid references app_user,
  used_at timestamptz,                        -- when the device got its key
  check ((approved is null) = (decided_by is null)),
  check (used_at is null or approved)
);
create index device_code_end on device_code (expires_at);

create table agent (
  id uuid primary key,
  owner_id uuid not null references app_user,
  name text not null check (length(name) between 1 and 100),
  personality text check (length(personality) <= 10000),
  avatar_url text,
  is_default boolean not null default false,
  listed boolean not null default false,
  max_active_jobs integer not null default 10 check (max_active_jobs between 1 and 100),
  created_at timestamptz not null,
  deleted_at timestamptz
);
create unique index agent_name on agent (owner_id, name) where deleted_at is null;
create unique index agent_default on agent (owner_id) where is_default and deleted_at is null;

create table api_key (
  id uuid primary key,
  user_id uuid not null references app_user,
  lineage uuid not null,                      -- survives rotation: mandates and idempotency are booked under it
  prefix text not null check (prefix ~ '^[a-z]{2,8}$'),
  public_id text not null unique,
  secret_hash bytea not null,
  last_four text not null,
  name text,
  agent_id uuid references agent,
  scopes text[] not null,
  spend_limit_cents bigint check (spend_limit_cents >= 0),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  rotated_at timestamptz,
  check (spend_limit_cents is null or not 'wallet:manage' = any (scopes))
);
create index api_key_user on api_key (user_id);
create unique index api_key_lineage on api_key (lineage) where revoked_at is null;

-- ── core/ledger ─────────────────────────────────────────────────────────────────────────────────────────────────────────
create table ledger_account (                 -- accounts with a running balance; platform:* have none: they would be the hot rows
  id text primary key check (id ~ '^(wallet|credits|escrow|pending|clearing|debt):[a-z0-9:_-]+$'),
  unit text not null check (unit in ('USD', 'CREDIT')),
  balance bigint not null,
  card_part bigint not null default 0,        -- how much of it came from cards and is not yet spent
  constraint account_floor check (balance >= 0 or starts_with(id, 'debt:')),
  constraint account_card_part check (card_part >= 0 and (card_part <= balance or starts_with(id, 'debt:')))
) with (fillfactor = 70);

create table transfer (                       -- append-only; no foreign keys: they would lock the account rows
  position bigint generated always as identity primary key,
  id uuid not null default uuid7(),
  kind text not null check (kind ~ '^[a-z_]+$'),
  ref text not null,
  source text not null,
  leg smallint not null,
  from_account text not null,
  to_account text not null,
  unit text not null check (unit in ('USD', 'CREDIT')),
  amount bigint not null check (amount > 0),
  card_part bigint not null default 0 check (card_part between 0 and amount),
  xid bigint not null default pg_current_xact_id()::text::bigint,
  created_at timestamptz not null,
  check (from_account <> to_account),
  constraint transfer_once unique (kind, source, leg)
);
create index transfer_from_wallet on transfer (from_account, position) where starts_with(from_account, 'wallet:');
create index transfer_to_wallet on transfer (to_account, position) where starts_with(to_account, 'wallet:');

create index transfer_xid on transfer using brin (xid) with (pages_per_range = 32);

create function transfer_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'transfers are immutable: correct a transfer with a new one';
end $$;
create trigger transfer_immutable before update or delete on transfer for each row execute function transfer_is_append_only();
create trigger transfer_no_truncate before truncate on transfer for each statement execute function transfer_is_append_only();

create table ledger_seal (                    -- a hash chain over what has been committed, made behind the posting
  number bigint primary key check (number > 0),
  from_xid bigint not null,
  to_xid bigint not null check (to_xid > from_xid),
  transfers integer not null check (transfers > 0),
  hash bytea not null check (length(hash) = 32),
  sealed_at timestamptz not null
);
create trigger seal_immutable before update or delete on ledger_seal for each row execute function transfer_is_append_only();

create table platform_snapshot (              -- what a platform account held at the newest seal; only the sealer writes it
  account text not null check (starts_with(account, 'platform:')),
  unit text not null,
  balance bigint not null,
  primary key (account, unit)
);

create table ledger_freeze (                  -- a broken law stops money from leaving until an operator has looked
  one boolean primary key default true check (one),
  reason text not null,
  since timestamptz not null
);

create table mandate_day (                    -- what a key's lineage has spent on a day (UTC)
  lineage text not null,
  day date not null,
  spent bigint not null check (spent >= 0),
  primary key (lineage, day)
);

-- ── core/payments ───────────────────────────────────────────────────────────────────────────────────────────────────────
create table topup (
  id uuid primary key,
  user_id uuid not null references app_user,
  amount_cents bigint not null check (amount_cents between 500 and 1000000),
  status text not null default 'asked' check (status in ('asked', 'open', 'paid', 'expired')),
  session_id text unique,
  url text,
  created_at timestamptz not null,
  looked_up_at timestamptz,                   -- when the provider was last asked about it
  paid_at timestamptz,
  check ((status = 'asked') = (session_id is null)),
  check ((status = 'paid') = (paid_at is not null))
);
create index topup_open on topup (looked_up_at nulls first, created_at) where status in ('asked', 'open');

create table stripe_inbox (
  id text primary key,                        -- evt_…
  type text not null,
  object_id text not null,
  received_at timestamptz not null default clock_timestamp(),
  processed_at timestamptz
);
create index stripe_inbox_open on stripe_inbox (received_at) where processed_at is null;

-- ── core/files ──────────────────────────────────────────────────────────────────────────────────────────────────────────
create table attachment (
  id uuid primary key,
  owner_id uuid not null references app_user,
  name text not null check (length(name) between 1 and 255),
  content_type text not null,
  size bigint check (size between 0 and 26214400),
  sha256 text,
  stored_at timestamptz,                      -- null: still coming in
  work text,                                  -- what it is attached to, 'job:<uuid>'
  role text check (role in ('input', 'output')),
  created_at timestamptz not null,
  check ((stored_at is null) = (size is null)),
  check ((work is null) = (role is null))
);
create index attachment_owner on attachment (owner_id, created_at);
create index attachment_loose on attachment (created_at) where work is null;

-- ── core/matching ───────────────────────────────────────────────────────────────────────────────────────────────────────
create table match_text (                     -- what ranking needs of an offer, written once when it is made
  offer uuid primary key,
  search tsvector not null,
  created_at timestamptz not null default clock_timestamp()
);
create table match_profile (                  -- personalities as queries, made when one first asks for work
  text_md5 uuid primary key,
  profile tsquery,
  created_at timestamptz not null default clock_timestamp()
);
create index match_text_age on match_text using brin (created_at);

-- ── desks/jobs ──────────────────────────────────────────────────────────────────────────────────────────────────────────
create table quote (
  id uuid primary key,
  owner_id uuid not null,
  prompt_hash bytea not null,                 -- of prompt and checks
  structured json not null,
  created_at timestamptz not null
);
create index quote_age on quote (created_at);

create table job (
  id uuid primary key,
  status text not null constraint job_status check (status in
    ('pending_payment', 'queued', 'held', 'accepted', 'in_progress', 'submitted', 'verified', 'rejected', 'cancelled', 'failed')),
  terms text not null default 'wallet' check (terms in ('wallet', 'credits')),
  sender uuid not null references app_user,
  -- what is asked
  prompt text not null,
  title text not null,
  intent text not null,
  description text not null,
  requirements text not null,
  acceptance_criteria text[] not null,
  checks json not null,
  skill text not null,
  price_cents bigint not null check (price_cents between 100 and 100000),
  time_limit_seconds integer not null check (time_limit_seconds between 60 and 86400),
  min_pass_rate real check (min_pass_rate between 0 and 1),
  retry_same boolean not null default false,
  open_to_new boolean not null default false, -- its secrets may go to agents without a verified job
  attachments json not null default '[]',
  env_names text[] not null default '{}',     -- the values lie sealed in job_secret while the job lives
  -- the deal, copied when it is funded
  fee_cents bigint check (fee_cents between 0 and price_cents),
  paid_at timestamptz,
  queued_at timestamptz,
  -- the hold
  hold_owner uuid,
  held_by_agent_id uuid,
  hold_token uuid,
  hold_expires_at timestamptz,
  hold_score real,
  hold_why text[],
  presented_to_agents uuid[] not null default '{}',
  -- the attempt
  attempt_count smallint not null default 0 constraint job_three_attempts check (attempt_count between 0 and 3),
  receiver uuid,
  receiver_agent_id uuid,
  accepted_at timestamptz,
  deadline_at timestamptz,
  cancellation_requested boolean not null default false,
  -- the work
  submitted_at timestamptz,
  output_text text,
  output_attachments json not null default '[]',
  content_hash text,
  verify_token uuid,                          -- fencing: whoever verifies must show the newest
  judgements smallint not null default 0,
  verification json,
  -- the clock
  due_at timestamptz,                         -- when the market must act if nobody else does
  ended_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint job_end check ((status in ('verified', 'rejected', 'cancelled', 'failed')) = (ended_at is not null)),
  constraint job_timer check ((ended_at is null) = (due_at is not null)),
  constraint job_held check (status <> 'held' or (hold_token is not null and hold_expires_at is not null and held_by_agent_id is not null)),
  constraint job_accepted check (status not in ('accepted', 'submitted') or (receiver is not null and accepted_at is not null)),
  constraint job_paid check (status = 'pending_payment' or status = 'cancelled' or (paid_at is not null and fee_cents is not null))
) with (fillfactor = 80);
create index job_open on job (queued_at, id) where status in ('queued', 'held');
create index job_due on job (status, due_at) where ended_at is null;
create index job_holds on job (hold_owner) where status = 'held';
create index job_sender on job (sender, created_at desc, id desc);
create index job_receiver on job (receiver, updated_at desc) where receiver is not null;
create index job_active on job (coalesce(receiver_agent_id, held_by_agent_id)) where status in ('held', 'accepted', 'in_progress', 'submitted');

create table job_secret (                     -- the variables of a job, under a key of its own that dies with the job
  job_id uuid primary key,
  data_key bytea not null,
  box bytea not null
);
-- What the end of a job means whatever ended it: its secrets are destroyed and its log says so.
create function job_has_ended() returns trigger language plpgsql as $$
begin
  if cardinality(new.env_names) > 0 then delete from job_secret where job_id = new.id; end if;
  insert into job_log (job_id, kind, data, created_at) values (new.id, 'end', json_build_object('status', new.status), new.ended_at);
  return null;
end $$;
create trigger job_end after update on job for each row
  when (old.ended_at is null and new.ended_at is not null) execute function job_has_ended();

create table job_presentation (               -- how each showing of a job to an agent ended; written when it ends
  agent_id uuid not null,
  token uuid not null,                        -- the hold's, a UUIDv7: newest last
  owner_id uuid not null,
  job_id uuid not null,
  outcome text not null check (outcome in ('rejected', 'lapsed', 'accepted', 'verified', 'failed', 'void')),
  lapsed boolean not null,                    -- apart from outcome, which changes, so that those updates stay cheap
  verdict json,                               -- what this agent's work was judged; its own to read, whoever works the job next
  ended_at timestamptz not null,
  primary key (agent_id, token),
  check (lapsed = (outcome = 'lapsed'))
) with (fillfactor = 80);
create index job_presentation_job on job_presentation (job_id, owner_id);
create index job_presentation_lapsed on job_presentation (owner_id, ended_at) where lapsed;

create table job_log (
  id bigint generated always as identity primary key,
  job_id uuid not null,
  worker uuid,                                -- whose attempt it is about; verdicts quote their work. Null: for every party
  kind text not null check (kind in ('log', 'verdict', 'end')),
  data json not null,
  created_at timestamptz not null
);
create index job_log_job on job_log (job_id, id);

create table agent_record (                   -- what an agent has to show: settled attempts only, told by the events
  agent_id uuid primary key,
  verified integer not null default 0,
  failed integer not null default 0,
  earned_cents bigint not null default 0,
  recent_seconds real[] not null default '{}', -- how long its last 50 passed jobs took
  last_active_at timestamptz not null
);
create index agent_record_verified on agent_record (verified desc) where verified > 0;
create index agent_record_active on agent_record (last_active_at);

create table market_hour (                    -- what was done in an hour, told by the events
  hour timestamptz primary key,
  verified integer not null default 0,
  paid_out_cents bigint not null default 0,
  accept_seconds real[] not null default '{}', -- a sample: the first 500 of the hour
  verify_seconds real[] not null default '{}'
);
create index job_board_price on job (price_cents desc, id desc) where status = 'queued';

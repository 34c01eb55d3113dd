-- Webhooks: what is told to the addresses people give us. A delivery is its own queue: `due_at` says when it is tried next, and while a
-- process has it, when its lease runs out.
create table webhook (
  id uuid primary key,
  user_id uuid not null references app_user,
  url text not null check (length(url) between 1 and 2000),
  events text[] check (cardinality(events) between 1 and 200), -- null: all
  secret bytea not null,                      -- sealed
  secret_before bytea,                        -- the one before the last change, sealed; signs beside it for a while
  secret_before_until timestamptz,
  enabled boolean not null default true,
  disabled_reason text constraint webhook_disabled_reason check (disabled_reason in ('owner', 'gone', 'failing')),
  failing_since timestamptz,                  -- of the first failure since anything was delivered
  hold_until timestamptz,                     -- the receiver asked for nothing before
  delivered_at timestamptz,                   -- about when anything was delivered last
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (enabled = (disabled_reason is null)),
  check ((secret_before is null) = (secret_before_until is null))
);
create index webhook_of_user on webhook (user_id, created_at);

create table webhook_delivery (
  id uuid primary key default uuid7(),
  webhook_id uuid not null references webhook on delete cascade,
  event_id uuid not null,
  seq bigint,                                 -- null: a trial, whose event stands here
  name text not null,
  event json check ((event is null) = (seq is not null)),
  status text not null default 'pending' constraint webhook_delivery_status check (status in ('pending', 'delivered', 'failed')),
  tries smallint not null default 0,          -- of this round; asking for it again begins a new one
  attempts integer not null default 0,        -- in all
  due_at timestamptz,
  lease uuid,
  created_at timestamptz not null,
  ended_at timestamptz,
  unique (webhook_id, seq),
  check ((status = 'pending') = (due_at is not null)),
  check ((status = 'pending') = (ended_at is null)),
  check (lease is null or status = 'pending')
);
create index webhook_delivery_due on webhook_delivery (webhook_id, due_at, seq) where due_at is not null;
create index webhook_delivery_leased on webhook_delivery (webhook_id) where lease is not null;
create index webhook_delivery_log on webhook_delivery (webhook_id, created_at desc, id desc);
create index webhook_delivery_age on webhook_delivery (created_at) where due_at is null;

create table webhook_attempt (                -- what was sent and what came back; the body is the event's
  delivery_id uuid not null references webhook_delivery on delete cascade,
  number integer not null,
  at timestamptz not null,
  url text not null,
  status integer,                             -- null: there was no answer
  error text,
  duration_ms integer not null,
  response text,                              -- its beginning
  primary key (delivery_id, number)
);

-- Channels: what is told to people where they read, in words. A channel is sent one message at a time, with everything in it that is
-- due by then; so its lease and the time before which nothing is sent stand here and not at what waits.
create table channel (
  id uuid primary key,
  user_id uuid not null references app_user,
  channel_type text not null constraint channel_type check (channel_type in ('telegram', 'discord', 'slack', 'email')),
  config bytea not null,                      -- sealed
  place bytea not null,                       -- the fingerprint of where it leads, by which the same place is known again
  enabled_events text[] check (cardinality(enabled_events) between 1 and 200), -- null: all that are not quiet
  digest text not null default 'off' constraint channel_digest check (digest in ('off', 'hourly', 'daily')),
  enabled boolean not null default true,
  disabled_reason text constraint channel_disabled_reason check (disabled_reason in ('owner', 'gone', 'failing', 'stopped')),
  confirmed_at timestamptz,                   -- whoever reads there wants it; until then nothing is sent but the question
  failing_since timestamptz,                  -- of the first failure since anything was delivered
  tries smallint not null default 0,          -- failures since then
  last_error text,
  hold_until timestamptz,                     -- nothing is sent before
  pace_seconds integer not null default 0,    -- after the last message; it grows while one follows the other
  delivered_at timestamptz,
  lease uuid,
  lease_until timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (enabled = (disabled_reason is null)),
  check ((lease is null) = (lease_until is null)),
  check ((failing_since is null) = (tries = 0))
);
create index channel_of_user on channel (user_id, created_at);
create index channel_of_place on channel (place);

create table channel_delivery (               -- what waits; what was sent stands among the messages
  id uuid primary key default uuid7(),
  channel_id uuid not null references channel on delete cascade,
  seq bigint,                                 -- null: no event but a note of the market's own
  name text not null,
  note text constraint channel_delivery_note check (note in ('test', 'confirmation')),
  due_at timestamptz not null,
  created_at timestamptz not null,
  unique (channel_id, seq),
  check ((note is null) = (seq is not null))
);
create index channel_delivery_due on channel_delivery (channel_id, due_at, seq);

create table channel_message (                -- what was sent and what came of it; the words are made from the events
  id uuid primary key,
  channel_id uuid not null references channel on delete cascade,
  at timestamptz not null,
  kind text not null constraint channel_message_kind check (kind in ('events', 'test', 'confirmation')),
  events integer not null,
  names text[] not null,
  outcome text not null constraint channel_message_outcome check (outcome in ('delivered', 'postponed', 'failed', 'refused', 'given_up')),
  status integer,                             -- null: there was no answer
  error text,
  duration_ms integer not null
);
create index channel_message_log on channel_message (channel_id, at desc, id desc);
create index channel_message_age on channel_message (at);

create table channel_question (               -- each time somebody had the market ask a place whether it wants to be written to
  place bytea not null,
  user_id uuid not null,
  at timestamptz not null
);
create index channel_question_place on channel_question (place, at);
create index channel_question_user on channel_question (user_id, at);
create index channel_question_age on channel_question (at);

create table channel_stop (                   -- places that want nothing from this market, whoever asks
  place bytea primary key,
  at timestamptz not null
);

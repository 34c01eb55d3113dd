-- The feed: committed events are numbered, and each person finds their own without reading anybody else's.

-- Whoever takes a position has a transaction id by then, so that it can be told when a position that is missing stays missing.
alter table event alter column position drop identity;
create sequence event_position as bigint owned by event.position;
select setval('event_position', coalesce(max(position), 0) + 1, false) from event;
alter table event alter column position
  set default (case when pg_current_xact_id() is null then null else nextval('event_position') end);

create table event_sequence (                 -- how far the events are numbered; its one row is locked by whoever numbers them
  one boolean primary key default true check (one),
  seq bigint not null default 0,              -- the newest number
  high bigint not null default 0,             -- the newest position that has been looked at
  gaps bigint[] not null default '{}',        -- positions before it that nobody could see then: rolled back, or not yet committed
  gap_xids bigint[] not null default '{}',    -- of each gap: when all transactions before this one have ended, it stays empty; 0 is not known yet
  forgotten bigint not null default 0,        -- up to here nobody may rely on the pages
  tidied bigint not null default 0,           -- up to here they have been thrown away
  check (cardinality(gaps) = cardinality(gap_xids))
) with (fillfactor = 10);
insert into event_sequence default values;

-- Whose affair which events are. A page holds what was numbered at one time for one person, so that a busy market writes a row for
-- many events; those of one person never overlap. The person of all zeros is the public.
create table event_page (
  person uuid not null,
  last_seq bigint not null,
  seqs bigint[] not null,
  positions bigint[] not null,
  primary key (person, last_seq),
  check (cardinality(seqs) = cardinality(positions) and cardinality(seqs) > 0)
);
create index event_page_age on event_page using brin (last_seq) with (pages_per_range = 16, autosummarize = on);

create table event_day (                      -- the newest number of each day, to know what is too old
  day date primary key,
  seq bigint not null
);

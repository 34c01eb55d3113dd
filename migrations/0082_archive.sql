-- What is old and settled moves out of the tables of every day into archives by month, which share no index with them: the hot path
-- keeps its unique keys, and its indexes do not grow with the years. Months are made as they are needed (archive_month).

-- ── transfers ───────────────────────────────────────────────────────────────────────────────────────────────────────────
create table transfer_old (like transfer including constraints, primary key (position, created_at)) partition by range (created_at);
create index transfer_old_posting on transfer_old (kind, source, leg);
create index transfer_old_ref on transfer_old (ref, position) where not starts_with(ref, 'job:');
create index transfer_old_from_wallet on transfer_old (from_account, position) where starts_with(from_account, 'wallet:');
create index transfer_old_to_wallet on transfer_old (to_account, position) where starts_with(to_account, 'wallet:');
create index transfer_old_from_debt on transfer_old (from_account) where starts_with(from_account, 'debt:');
create index transfer_old_to_debt on transfer_old (to_account) where starts_with(to_account, 'debt:');
create index transfer_old_xid on transfer_old (xid, position);

create trigger transfer_old_immutable before update or delete on transfer_old for each row execute function transfer_is_append_only();
create trigger transfer_old_no_truncate before truncate on transfer_old for each statement execute function transfer_is_append_only();

create view transfer_all as select * from transfer union all select * from transfer_old;

-- A transfer leaves the table of every day in one way only: when it stands in the archive as it is.
create function transfer_only_moves() returns trigger language plpgsql as $$
begin
  if not exists (select from transfer_old o where o.position = old.position and o.created_at = old.created_at and to_jsonb(o) = to_jsonb(old)) then
    raise exception 'transfers are immutable: correct a transfer with a new one';
  end if;
  return old;
end $$;
drop trigger transfer_immutable on transfer;
create trigger transfer_immutable before update on transfer for each row execute function transfer_is_append_only();
create trigger transfer_only_moves before delete on transfer for each row execute function transfer_only_moves();

-- The key of a transfer stays taken when it has moved. What is posted for a job younger than anything that moves is not looked up: a job
-- ends within 45 days of its beginning, which its id tells, and nothing younger than 60 days moves.
create function transfer_once_ever() returns trigger language plpgsql as $$
begin
  if exists (select from transfer_old where kind = new.kind and source = new.source and leg = new.leg) then
    raise exception 'duplicate key value violates unique constraint "transfer_once": % % % has moved to the archive', new.kind, new.source, new.leg
      using errcode = 'unique_violation', constraint = 'transfer_once', table = 'transfer';
  end if;
  return new;
end $$;
create trigger transfer_once_ever before insert on transfer for each row
  when (not starts_with(new.source, 'job:') or substr(new.source, 5, 8) collate "C"
    < lpad(to_hex(((extract(epoch from clock_timestamp()) - 60 * 86400) * 1000)::bigint >> 16), 8, '0'))
  execute function transfer_once_ever();

create table ledger_archive (                 -- how far the transfers have moved; its one row is locked by whoever moves them
  one boolean primary key default true check (one),
  moved_to bigint not null default 0,         -- no position above it has moved
  newest_at timestamptz not null default '-infinity',  -- nothing younger has moved
  moved_at timestamptz
);
insert into ledger_archive default values;

create table ledger_carried (                 -- what the transfers in the archive come to, for each account; nothing where that is nothing
  account text not null,
  unit text not null,
  balance bigint not null,
  card_part bigint not null,
  primary key (account, unit)
);

create table ledger_work_carried (            -- the same for each piece of work that is not a job, by where its money went
  ref text primary key,
  funded bigint not null,
  paid bigint not null,
  fee bigint not null,
  arbitration bigint not null,
  refunded bigint not null,
  taken_back bigint not null
);

-- ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
create table event_old (like event, primary key (position, created_at)) partition by range (created_at);
create index event_old_xid on event_old (xid, position);

alter table event_day add column high bigint not null default 0;  -- the newest position that had its number that day

create table event_archive (                  -- how far the events have moved; its one row is locked by whoever moves them
  one boolean primary key default true check (one),
  moved_to bigint not null default 0,         -- no position above it has moved
  newest_xid bigint not null default 0,       -- nothing of a later transaction has moved
  dropped_to timestamptz not null default '-infinity',  -- months before it were thrown away
  moved_at timestamptz
);
insert into event_archive default values;

create view event_all as select * from event union all select * from event_old;

-- Makes the month of an archive to which a moment belongs, if it is not there yet; answers whether it was made. It is attached, which lets
-- everybody read and write on meanwhile. `p_by_id`: the table is divided by UUIDs of version 7, which begin with their time.
create function archive_month(p_table text, p_at timestamptz, p_by_id boolean default false) returns boolean language plpgsql volatile as $$
declare
  v_from timestamptz := date_trunc('month', p_at, 'UTC');
  v_to timestamptz := (v_from at time zone 'UTC' + interval '1 month') at time zone 'UTC';
  v_month text := p_table || to_char(v_from at time zone 'UTC', '_YYYY_MM');
  v_trigger record;
begin
  if to_regclass(v_month) is not null then return false; end if;
  execute format('create table %I (like %I including all)', v_month, p_table);
  execute format('alter table %I attach partition %I for values from (%L) to (%L)', p_table, v_month,
    case when p_by_id then archive_first_id(v_from)::text else v_from::text end, case when p_by_id then archive_first_id(v_to)::text else v_to::text end);
  -- Triggers for each row come with being attached, those for each statement do not.
  for v_trigger in select tgname, tgfoid::regproc as does from pg_trigger where tgrelid = p_table::regclass and not tgisinternal and tgtype & 1 = 0 loop
    execute format('create trigger %I before truncate on %I for each statement execute function %s()', v_trigger.tgname, v_month, v_trigger.does);
  end loop;
  return true;
end $$;

-- The first UUID of version 7 that a moment can have.
create function archive_first_id(p_at timestamptz) returns uuid language sql immutable as $$
  select (lpad(to_hex((extract(epoch from p_at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

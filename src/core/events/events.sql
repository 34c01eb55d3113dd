-- The events room's one door for writing, called by other rooms inside their own statements:
-- what happened is a row of the same transaction.
create or replace function event_write(p_name text, p_ref text, p_parties uuid[], p_data json) returns boolean
language plpgsql volatile as $$
begin
  insert into event (name, ref, parties, data, created_at)
  values (p_name, p_ref, array_remove(p_parties, null), p_data, app_now());
  return true;
end $$;

-- Takes the words out of the events that are nobody's affair but one person's, who has left: in the next stretch after a position.
-- Answers how far it has come.
create or replace function event_forget_words(p_user uuid, p_after bigint, p_many integer) returns bigint language plpgsql volatile as $$
declare v_until bigint;
begin
  select least(p_after + p_many, greatest(moved_to, (select max(position) from event))) into v_until from event_archive;
  if coalesce(v_until, 0) <= p_after then return p_after; end if;
  update event set data = (data::jsonb - array['title', 'brand', 'last4', 'url'])::json
    where position > p_after and position <= v_until and parties = array[p_user] and data::jsonb ?| array['title', 'brand', 'last4', 'url'];
  -- Afterwards, because events move one way only: what has moved while they were waited for here is there.
  update event_old set data = (data::jsonb - array['title', 'brand', 'last4', 'url'])::json
    where position > p_after and position <= v_until and parties = array[p_user] and data::jsonb ?| array['title', 'brand', 'last4', 'url'];
  return v_until;
end $$;

-- Forgets which events were somebody's affair, who has left; the events are the record of what happened, and others' affair too.
create or replace function event_forget_pages(p_user uuid) returns boolean language plpgsql volatile as $$
begin
  delete from event_page where person = p_user;
  return found;
end $$;

-- Since when the first event has waited for its number; null when all have theirs.
create or replace function event_waits_since() returns timestamptz language sql stable as $$
  select created_at from event where position > (select high from event_sequence) order by position limit 1
$$;

-- Whether there may be events without a number. Takes no lock and writes nothing.
create or replace function event_waits() returns boolean language sql stable as $$
  select cardinality(gaps) > 0 or exists (select from event where position > high) from event_sequence
$$;

-- Numbers what has committed since the last time, in the order in which it was written, and lays it on the pages of those whose
-- affair it is. One event follows another's commit only with a later position and is seen only together with it, so no number stands
-- before what led to it. A position that cannot be seen yet is a gap, looked for again until every transaction that could have taken
-- it has ended. Answers how many, the numbers before and at the end, and whose pages were written; null while another process does it.
drop function if exists event_number(integer, text[]);
create function event_number(p_most integer, p_public text[]) returns json language plpgsql volatile as $$
declare
  v record;
  v_found record;
  v_own bigint;
begin
  select seq, high, gaps, gap_xids into v from event_sequence for update skip locked;
  if not found then return null; end if;
  with found as materialized (
    (select position, name, parties from event where position > v.high order by position limit p_most)
    union all
    select position, name, parties from event where position = any (v.gaps)
  ), numbered as materialized (
    select position, name, parties, v.seq + row_number() over (order by position) as seq from found
  ), pages as (
    insert into event_page (person, last_seq, seqs, positions)
    select person, max(seq), array_agg(seq order by seq), array_agg(position order by seq) from (
      select distinct person, seq, position from numbered, unnest(parties) as person
      union all
      select '00000000-0000-0000-0000-000000000000', seq, position from numbered where name = any (p_public)
    ) as affair group by person
    returning person
  )
  select (select count(*) from numbered) as many, (select max(position) from found) as high,
    array(select position from found) as positions, array(select position from found where position <= v.high) as gaps,
    array(select person from pages) as people,
    pg_snapshot_xmin(pg_current_snapshot())::text::bigint as oldest
  into v_found;
  v_own := pg_current_xact_id()::text::bigint;
  -- A gap is noticed at one time; by the next, this transaction is younger than whoever took it.
  update event_sequence set
    seq = v.seq + v_found.many,
    high = greatest(v.high, v_found.high),
    (gaps, gap_xids) = (
      select coalesce(array_agg(gap order by gap), '{}'), coalesce(array_agg(xid order by gap), '{}') from (
        select gap, case xid when 0 then v_own else xid end as xid from unnest(v.gaps, v.gap_xids) as old (gap, xid)
        where xid = 0 or xid > v_found.oldest
        union all
        select gap, 0 from (
          select position, lag(position, 1, v.high) over (order by position) as before
          from unnest(v_found.positions) as position where position > v.high
        ) as next, generate_series(next.before + 1, next.position - 1) as gap
      ) as open where gap <> all (v_found.gaps)
    );
  if v_found.many > 0 then
    insert into event_day (day, seq, high) values (app_now()::date, v.seq + v_found.many, greatest(v.high, v_found.high))
      on conflict (day) do update set seq = greatest(event_day.seq, excluded.seq), high = greatest(event_day.high, excluded.high);
  end if;
  return json_build_object('many', v_found.many, 'before', v.seq, 'last', v.seq + v_found.many, 'people', v_found.people);
end $$;

-- The events room's door for reading: somebody's own affairs behind one number and up to another, oldest first. The numbers of a page
-- stand in order and all before those of the next, so of each page no more is unpacked than is still wanted after those before it.
drop function if exists events_of(uuid, bigint, bigint, integer);
create function events_of(p_person uuid, p_after bigint, p_last bigint, p_most integer)
returns table (seq bigint, id uuid, name text, data json, created_at timestamptz) language sql stable rows 10 as $$
  select affair.seq, event.id, event.name, event.data, event.created_at from (
    select entry.seq, entry.position from (
      select seqs, positions, read,
        (p_most - coalesce(sum(cardinality(seqs) - read) over (order by last_seq rows between unbounded preceding and 1 preceding), 0))::integer as wanted
      from (
        select last_seq, seqs, positions, width_bucket(p_after, seqs) as read
        from event_page where person = p_person and last_seq > p_after order by last_seq limit p_most
      ) as page
    ) as page, unnest(page.seqs[page.read + 1:page.read + page.wanted], page.positions[page.read + 1:page.read + page.wanted]) as entry (seq, position)
    where page.wanted > 0 and entry.seq <= p_last order by entry.seq limit p_most
  ) as affair join event using (position) order by affair.seq
$$;

-- Throws away the months of the archive that end before a moment; answers which, as 2026-08.
create or replace function event_drop_months(p_before timestamptz) returns setof text language plpgsql volatile as $$
declare
  v_month record;
  v_end timestamptz;
begin
  for v_month in select c.relname as name, to_date(right(c.relname, 7), 'YYYY_MM') as begins from pg_inherits join pg_class c on c.oid = inhrelid
    where inhparent = 'event_old'::regclass order by c.relname
  loop
    v_end := (v_month.begins + interval '1 month') at time zone 'UTC';
    continue when v_end > p_before;
    execute format('drop table %I', v_month.name);
    update event_archive set dropped_to = greatest(dropped_to, v_end);
    return next to_char(v_month.begins, 'YYYY-MM');
  end loop;
end $$;

-- When the first event happened that a room has not read yet; null when each has read them all.
create or replace function event_unread_since() returns timestamptz language sql stable as $$
  select min(e.created_at) from event_reader r cross join lateral (
    select created_at from event where (xid, position) > (r.xid, r.position) order by xid, position limit 1) as e
$$;

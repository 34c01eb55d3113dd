-- The turns room's doors: other rooms say in their own statements whose turn it is to answer, and whether they did. A turn is there
-- when the other side moved last and a timer runs; where no money is involved there is none.

-- It is p_user's turn to answer p_other by p_due. Already their turn: stays as it was. Always answers true.
create or replace function turn_open(p_user uuid, p_other uuid, p_ref text, p_kind text, p_amount bigint, p_due timestamptz) returns boolean
language plpgsql volatile as $$
begin
  if p_amount > 0 then
    insert into turn (user_id, other_id, ref, kind, amount_cents, opened_at, due_at)
    values (p_user, p_other, p_ref, p_kind, p_amount, app_now(), p_due) on conflict do nothing;
  end if;
  return true;
end $$;

-- p_user's open turn about p_ref has ended: answered or not. Counted are three a pair in 30 days. Without an open one nothing
-- happens. Always answers true.
create or replace function turn_close(p_user uuid, p_ref text, p_kind text, p_answered boolean) returns boolean language plpgsql volatile as $$
declare
  v_turn turn;
begin
  select * into v_turn from turn where ref = p_ref and kind = p_kind and user_id = p_user and closed_at is null for update;
  if not found then return true; end if;
  -- One at a time for a person, or two that end at once would both be the third.
  insert into reliability (user_id, expected, answered) values (p_user, 0, 0) on conflict do nothing;
  perform 1 from reliability where user_id = p_user for update;
  update turn set closed_at = app_now(), answered = p_answered, counted = 3 > (
      select count(*) from turn t where t.user_id = p_user and t.other_id = v_turn.other_id and t.counted
        and t.closed_at > app_now() - interval '30 days')
    where id = v_turn.id returning * into v_turn;
  if v_turn.counted then
    update reliability set expected = expected + 1, answered = answered + p_answered::integer where user_id = p_user;
  end if;
  return true;
end $$;

-- Turns that are over already, in the order they ended, many at once: each as if it had been opened and closed. Written down are
-- those that count, three a pair in 30 days.
create or replace function turn_count_each(p_user uuid[], p_other uuid[], p_ref text[], p_kind text, p_amount bigint[], p_answered boolean[])
returns void language plpgsql volatile as $$
begin
  insert into reliability (user_id, expected, answered) select distinct id, 0, 0 from unnest(p_user) as id order by id on conflict do nothing;
  perform 1 from reliability where user_id = any (p_user) order by user_id for update;
  with ended as (
    select *, row_number() over (partition by user_id, other_id order by place) as nth
    from unnest(p_user, p_other, p_ref, p_amount, p_answered) with ordinality as turn (user_id, other_id, ref, amount, answered, place)
    where amount > 0 and user_id <> other_id
  ), counted as materialized (
    select * from ended where nth <= 3 and nth <= 3 - (
      select count(*) from turn t where t.user_id = ended.user_id and t.other_id = ended.other_id and t.counted
        and t.closed_at > app_now() - interval '30 days')
  ), kept as (
    insert into turn (user_id, other_id, ref, kind, amount_cents, opened_at, due_at, closed_at, answered, counted)
    select user_id, other_id, ref, p_kind, amount, app_now(), app_now(), app_now(), answered, true from counted order by place
  )
  update reliability r set expected = r.expected + of_user.turns, answered = r.answered + of_user.answers
  from (select user_id, count(*) as turns, count(*) filter (where answered) as answers from counted group by user_id) as of_user
  where r.user_id = of_user.user_id;
end $$;

-- A turn that is over without anybody's doing (the thing itself has ended) counts for nobody.
create or replace function turn_void(p_ref text) returns boolean language plpgsql volatile as $$
begin
  delete from turn where ref = p_ref and closed_at is null;
  return true;
end $$;

-- 0 to 100: how reliably somebody answers when it is their turn; 50 for a newcomer.
create or replace function turn_score(p_user uuid) returns integer language sql stable as $$
  select round(100 * (coalesce(answered, 0) + 5)::numeric / (coalesce(expected, 0) + 10))::integer
  from (select p_user as id) as one left join reliability on user_id = one.id
$$;

-- Takes somebody's record with them when they leave: answers it and forgets it. The turns themselves are their counterparts' too, and
-- what is read of one later stands here again: ask until there is nothing.
create or replace function turn_leave(p_user uuid) returns table (expected integer, answered integer) language plpgsql volatile as $$
#variable_conflict use_column
begin
  return query delete from reliability where user_id = p_user returning expected, answered;
end $$;

-- Whoever comes back has the record they left with.
create or replace function turn_inherit(p_user uuid, p_expected integer, p_answered integer) returns void language sql volatile as $$
  insert into reliability as r (user_id, expected, answered) values (p_user, p_expected, p_answered)
  on conflict (user_id) do update set expected = r.expected + excluded.expected, answered = r.answered + excluded.answered
$$;

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
  select least(p_after + p_many, max(position)) into v_until from event;
  if coalesce(v_until, 0) <= p_after then return p_after; end if;
  update event set data = (data::jsonb - array['title', 'brand', 'last4'])::json
    where position > p_after and position <= v_until and parties = array[p_user] and data::jsonb ?| array['title', 'brand', 'last4'];
  return v_until;
end $$;

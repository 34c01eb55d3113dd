-- The events room's one door for writing, called by other rooms inside their own statements:
-- what happened is a row of the same transaction.
create or replace function event_write(p_name text, p_ref text, p_parties uuid[], p_data json) returns boolean
language plpgsql volatile as $$
begin
  insert into event (name, ref, parties, data, created_at)
  values (p_name, p_ref, array_remove(p_parties, null), p_data, app_now());
  return true;
end $$;

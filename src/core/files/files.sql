-- The files room's door for other rooms: attaches somebody's own loose files to a piece of work, inside the statement that
-- makes or changes that work, and answers their description in the order they were named. All of them, or it refuses.
create or replace function files_attach(p_owner uuid, p_work text, p_role text, p_files uuid[]) returns json
language plpgsql volatile as $$
declare v_files json;
begin
  if cardinality(p_files) = 0 then return '[]'; end if;
  with attached as (
    update attachment set work = p_work, role = p_role
    where id = any (p_files) and owner_id = p_owner and work is null and stored_at is not null and discarded_at is null
    returning id, name, size, sha256, content_type
  )
  select json_agg(json_build_object('id', id, 'name', name, 'size', size, 'sha256', sha256, 'content_type', content_type)
    order by array_position(p_files, id)) into v_files from attached;
  if v_files is null or json_array_length(v_files) <> cardinality(p_files) then
    raise exception using errcode = 'CLWRK', message = 'attachment_unusable';
  end if;
  return v_files;
end $$;

-- Somebody has left: their loose files, what they showed of themselves, and what they brought to these pieces of work are nobody's
-- any more. The tidying removes the bytes.
create or replace function files_forget(p_owner uuid, p_works text[], p_role text default null) returns void language sql volatile as $$
  update attachment set work = null, role = null, name = 'deleted', content_type = 'application/octet-stream', sha256 = null,
    created_at = '-infinity', discarded_at = null, removed_at = null
  where owner_id = p_owner and created_at > '-infinity' and (work is null or role = 'resume' or discarded_at is not null or (work = any (p_works) and (p_role is null or role = p_role)))
$$;

-- Nobody wants this file any more: it is out of reach at once, and the tidying throws it away. Always answers true.
create or replace function files_discard(p_file uuid) returns boolean language plpgsql volatile as $$
begin
  update attachment set discarded_at = app_now() where id = p_file and discarded_at is null;
  return true;
end $$;

-- Nobody wants any more what these people attached to these pieces of work. The tidying removes the bytes.
create or replace function files_discard_of(p_owners uuid[], p_works text[]) returns void language sql volatile as $$
  update attachment set discarded_at = app_now() where owner_id = any (p_owners) and work = any (p_works) and discarded_at is null
$$;

-- Jobs that have moved to the archive, for those who must reach them. Functions of their own, so that the plans of everybody else know
-- nothing of the archive; stable, so that they see it as the statement that asks sees the rest: a job is never seen twice or not at all.

-- The moment with which a UUID of version 7 begins.
create or replace function job_born(p_job uuid) returns timestamptz language sql immutable as $$
  select to_timestamp(('x' || lpad(left(replace(p_job::text, '-', ''), 12), 16, '0'))::bit(64)::bigint / 1000.0)
$$;

-- A job as `readJob` answers it, with the verdict on the viewer's own last attempt.
create or replace function job_past(p_job uuid, p_viewer uuid) returns setof json language plpgsql stable rows 1 as $$
begin
  return query select row_to_json(whole) from (
    select j.*, app_now() as now, job_past_verdict(j.id, p_viewer) as own_verdict from job_old j where id = p_job) as whole;
end $$;

create or replace function job_past_verdict(p_job uuid, p_viewer uuid) returns json language plpgsql stable as $$
begin
  return (select verdict from job_presentation_old p where p.job_id = p_job and p.owner_id = p_viewer and verdict is not null
    order by ended_at desc limit 1);
end $$;

-- How the last showing of a job to somebody's agents ended.
create or replace function job_past_showing(p_job uuid, p_owner uuid) returns table (outcome text, ending text) language plpgsql stable rows 1 as $$
begin
  return query select p.outcome, p.ending from job_presentation_old p where p.job_id = p_job and p.owner_id = p_owner order by p.ended_at desc limit 1;
end $$;

-- The lines of a job's log behind one: all, or those that one of its workers may read.
create or replace function job_past_lines(p_job uuid, p_after bigint, p_viewer uuid, p_all boolean)
returns table (id bigint, kind text, data json, created_at timestamptz) language plpgsql stable rows 20 as $$
begin
  return query select l.id, l.kind, l.data, l.created_at from job_log_old l
    where l.job_id = p_job and l.id > p_after and (l.worker is null or l.worker = p_viewer or p_all) order by l.id limit 200;
end $$;

-- Whether somebody has ever worked on a job, or has a showing of it that counts.
create or replace function job_past_worked_on(p_job uuid, p_viewer uuid) returns boolean language plpgsql stable as $$
begin
  return exists (select from job_old where id = p_job and receiver = p_viewer)
    or exists (select from job_presentation_old where job_id = p_job and owner_id = p_viewer and outcome not in ('rejected', 'lapsed'));
end $$;

-- Jobs somebody sent, newest first, behind a place in that order.
create or replace function job_past_sent(p_sender uuid, p_status text, p_at timestamptz, p_id uuid, p_most integer)
returns table (created_at timestamptz, id uuid, job json) language plpgsql stable rows 50 as $$
#variable_conflict use_column
begin
  if p_status is null then
    return query select created_at, id, row_to_json(whole) from (
      select j.*, app_now() as now from job_old j where sender = p_sender and (p_at is null or (j.created_at, j.id) < (p_at, p_id))
      order by j.created_at desc, j.id desc limit p_most) as whole;
  else
    return query select created_at, id, row_to_json(whole) from (
      select j.*, app_now() as now from job_old j where sender = p_sender and status = p_status and (p_at is null or (j.created_at, j.id) < (p_at, p_id))
      order by j.created_at desc, j.id desc limit p_most) as whole;
  end if;
end $$;

-- Jobs somebody's agents (or one of them) have worked on, most recently updated first, behind a place in that order.
create or replace function job_past_worked(p_owner uuid, p_agent uuid, p_at timestamptz, p_id uuid, p_most integer)
returns table (updated_at timestamptz, id uuid, job json) language plpgsql stable rows 50 as $$
#variable_conflict use_column
declare v_few uuid[];
begin
  -- An agent that was shown few jobs is asked for them by what it was shown, as it is here.
  if p_agent is not null then
    v_few := array(select job_id from job_presentation_old where agent_id = p_agent limit 1001);
    if cardinality(v_few) > 1000 then v_few := null; end if;
  end if;
  return query select updated_at, id, row_to_json(whole) from (
    select page.*, job_past_verdict(page.id, p_owner) as own_verdict from (
      select j.*, app_now() as now from job_old j
      where receiver = p_owner and (p_agent is null or receiver_agent_id = p_agent) and (v_few is null or j.id = any (v_few)) and (p_at is null or (j.updated_at, j.id) < (p_at, p_id))
      order by j.updated_at desc, j.id desc limit p_most) as page) as whole;
end $$;

-- Why a job that is not here cannot be claimed: its sender hears of their own job what they would hear of it here.
create or replace function job_past_not_claimable(p_job uuid, p_owner uuid, p_live boolean) returns text language plpgsql stable as $$
begin
  return case
    when not exists (select from job_old where id = p_job and sender = p_owner) then 'job_not_found'
    when p_live then 'own_job'
    else 'job_wrong_state'
  end;
end $$;

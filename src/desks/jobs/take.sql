-- Taking a job: the exact claim behind pull and claim. A function, because its limits need what has committed while it waited
-- for its turn: each statement of a volatile function sees a fresh snapshot, a single statement would count from an old one.
--
-- Answers the held job as JSON, or null when nothing is eligible. Refusals are raised as CLWRK with their code.
-- The lengths of time come from the desk's table of timers (job.ts), which is their only place.
-- p_job null: pull, the best match (p_oldest: the one that has waited longest). Otherwise: claim, this one.
create or replace function job_take(
  p_owner uuid, p_agent uuid, p_agent_name text, p_job uuid, p_token uuid,
  p_min_price bigint, p_skills text[], p_min_score real, p_oldest boolean, p_live boolean,
  p_hold interval, p_not_again interval, p_queued interval
) returns json language plpgsql volatile as $$
declare
  v_agent record;
  v_now timestamptz;
  v_holds record;
  v_lapses integer;
  v_active integer;
  v_profile tsquery;
  v_candidate record;
begin
  perform account_lock(p_owner);
  v_now := app_now();
  select * into v_agent from account_agent(p_owner, p_agent, p_agent_name);
  if not found then perform job_refuse('agent_not_found'); end if;

  -- What the owner's agents hold now, and what they let run out of late; one look each, the rules below.
  select min(id::text) filter (where hold_expires_at > v_now and held_by_agent_id = v_agent.id) as own,
    count(*) filter (where hold_expires_at > v_now) as live, count(*) filter (where hold_expires_at <= v_now) as unswept
    into v_holds from job where hold_owner = p_owner and status = 'held';

  -- An agent holds one job at most: pulling again answers that same hold, never longer.
  if v_holds.own is not null then
    if p_job is not null and p_job <> v_holds.own::uuid then
      perform job_refuse('agent_holds_another', json_build_object('job_id', v_holds.own));
    end if;
    return job_taken(v_holds.own::uuid);
  end if;
  select count(*) + v_holds.unswept into v_lapses from job_presentation
    where owner_id = p_owner and lapsed and ended_at > v_now - interval '20 minutes';
  if v_lapses >= 3 then perform job_refuse_lapser(p_owner, v_now); end if;
  if v_holds.live >= 10 then perform job_refuse('too_many_holds', '{"retryable": true, "retry_after_seconds": 30}'); end if;
  select count(*) into v_active from job
    where coalesce(receiver_agent_id, held_by_agent_id) = v_agent.id and status in ('accepted', 'in_progress', 'submitted');
  if v_active >= v_agent.max_active_jobs then
    if p_job is not null then perform job_refuse('agent_at_capacity'); end if;
    return null;
  end if;

  v_profile := match_profile(v_agent.personality);
  if p_job is not null then
    perform job_claimable(p_job, p_owner, v_agent.id, p_live, v_now, p_not_again);
    select j.id, match_score(j.id, v_profile, '0') as score into v_candidate from job j
      where j.id = p_job and (j.status = 'queued' or (j.status = 'held' and j.hold_expires_at <= v_now)) for update;
    if not found then perform job_refuse('job_taken'); end if;
    return job_hold_now(p_job, p_owner, v_agent.id, p_token, v_candidate.score, v_profile, p_hold, p_queued);
  end if;

  -- The longest waiting jobs that this agent may have, best match first. The window bounds the cost whatever the backlog is.
  for v_candidate in
    select w.id, w.score from (
      select j.id, j.queued_at, match_score(j.id, v_profile, v_now - j.queued_at) as score from (
        select c.id, c.queued_at from job c
        where c.status in ('queued', 'held') and (c.status = 'queued' or (c.hold_expires_at <= v_now and c.hold_owner <> p_owner))
          and c.terms = 'wallet'
          and (p_min_price is null or c.price_cents >= p_min_price)
          and (p_skills is null or c.skill = any (p_skills))
          and (not p_live or c.sender <> p_owner)
          and (not p_live or cardinality(c.env_names) = 0 or c.open_to_new or job_has_verified(v_agent.id))
          and job_may_show(c.id, p_owner, c.retry_same, v_now - p_not_again)
          and (c.min_pass_rate is null or c.min_pass_rate <= coalesce(job_pass_rate(v_agent.id), 0))
        order by c.queued_at, c.id limit 256
      ) as j
    ) as w
    where p_min_score is null or w.score >= p_min_score
    order by case when p_oldest or w.queued_at < v_now - interval '24 hours' then 1e9 else w.score end desc, w.queued_at, w.id
  loop
    perform 1 from job j where j.id = v_candidate.id and (j.status = 'queued' or (j.status = 'held' and j.hold_expires_at <= v_now))
      for update skip locked;
    if found then
      return job_hold_now(v_candidate.id, p_owner, v_agent.id, p_token, v_candidate.score, v_profile, p_hold, p_queued);
    end if;
  end loop;
  return null;
end $$;

-- Refuses an owner whose agents let three holds lapse within ten minutes, for ten minutes from the third.
create or replace function job_refuse_lapser(p_owner uuid, p_now timestamptz) returns void language plpgsql as $$
declare v_lapsed timestamptz;
begin
  select max(third) into v_lapsed from (
    select ended_at as third, lag(ended_at, 2) over (order by ended_at) as first from (
      select ended_at from job_presentation where owner_id = p_owner and lapsed and ended_at > p_now - interval '20 minutes'
      union all
      select hold_expires_at from job where hold_owner = p_owner and status = 'held' and hold_expires_at <= p_now
    ) as lapse
  ) as run where third - first <= interval '10 minutes' and third > p_now - interval '10 minutes';
  if v_lapsed is not null then
    perform job_refuse('lapsed_too_often', json_build_object('retryable', true,
      'retry_after_seconds', ceil(extract(epoch from v_lapsed + interval '10 minutes' - p_now))));
  end if;
end $$;

-- Raises a refusal of this desk; the HTTP edge turns its code into the documented answer.
create or replace function job_refuse(p_code text, p_detail json default '{}') returns void language plpgsql as $$
begin
  raise exception using errcode = 'CLWRK', message = p_code, detail = p_detail::text;
end $$;

-- A job that one of the owner's agents rejected, let lapse or worked in vain is not shown to any of them again since then
-- (a failed attempt may be repeated where the sender said retry_same).
create or replace function job_may_show(p_job uuid, p_owner uuid, p_retry_same boolean, p_since timestamptz) returns boolean
language plpgsql stable as $$
begin
  return not exists (
    select from job_presentation where job_id = p_job and owner_id = p_owner and ended_at > p_since
      and not (p_retry_same and outcome in ('failed', 'void')));
end $$;

-- The share of an agent's last 100 settled attempts that passed; null for a newcomer.
create or replace function job_pass_rate(p_agent uuid) returns real language plpgsql stable as $$
begin
  return (select avg((outcome = 'verified')::integer) from (
    select outcome from job_presentation where agent_id = p_agent and outcome in ('verified', 'failed') order by token desc limit 100
  ) as settled);
end $$;

-- Whether an agent has ever had work verified.
create or replace function job_has_verified(p_agent uuid) returns boolean language plpgsql stable as $$
begin
  return exists (select from job_presentation where agent_id = p_agent and outcome = 'verified');
end $$;

-- Says why a job cannot be claimed by this agent, if so.
create or replace function job_claimable(p_job uuid, p_owner uuid, p_agent uuid, p_live boolean, p_now timestamptz, p_not_again interval) returns void
language plpgsql volatile as $$
declare v_job record;
begin
  select status, sender, terms, min_pass_rate, retry_same, hold_owner, hold_expires_at, env_names, open_to_new into v_job from job where id = p_job;
  if not found or v_job.terms <> 'wallet' or (v_job.sender <> p_owner and v_job.status in ('pending_payment', 'cancelled', 'failed', 'verified')) then
    perform job_refuse('job_not_found');
  end if;
  if p_live and v_job.sender = p_owner then perform job_refuse('own_job'); end if;
  if v_job.status in ('held', 'accepted', 'in_progress', 'submitted') and not (v_job.status = 'held' and v_job.hold_expires_at <= p_now) then
    perform job_refuse('job_taken');
  end if;
  if v_job.status not in ('queued', 'held') then perform job_refuse('job_wrong_state'); end if;
  -- A hold of theirs that has just lapsed counts before anybody has written it down.
  if (v_job.status = 'held' and v_job.hold_owner = p_owner) or not job_may_show(p_job, p_owner, v_job.retry_same, p_now - p_not_again) then
    perform job_refuse('job_shown_before');
  end if;
  if p_live and cardinality(v_job.env_names) > 0 and not v_job.open_to_new and not job_has_verified(p_agent) then
    perform job_refuse('agent_too_new');
  end if;
  if v_job.min_pass_rate > coalesce(job_pass_rate(p_agent), 0) then perform job_refuse('pass_rate_too_low'); end if;
end $$;

-- Writes the hold of a job whose row is locked and free: for `p_hold` from now.
create or replace function job_hold_now(p_job uuid, p_owner uuid, p_agent uuid, p_token uuid, p_score real, p_profile tsquery,
  p_hold interval, p_queued interval)
returns json language plpgsql volatile as $$
declare
  v_sender uuid;
  v_row json;
begin
  perform job_lapse(p_job, p_queued);
  with held as (
    update job set
      status = 'held', hold_owner = p_owner, held_by_agent_id = p_agent, hold_token = p_token,
      hold_expires_at = app_now() + p_hold, hold_score = p_score, hold_why = match_words(p_job, p_profile),
      presented_to_agents = (array_remove(presented_to_agents, p_agent) || p_agent)[greatest(1, cardinality(presented_to_agents) - 98):],
      due_at = app_now() + p_hold, updated_at = app_now()
    where id = p_job returning job.*, app_now() as now
  ) select sender, row_to_json(held) into v_sender, v_row from held;
  perform event_write('job.held', 'job:' || p_job, array[v_sender, p_owner], json_build_object('job_id', p_job, 'agent_id', p_agent));
  return v_row;
end $$;

-- The held job as the answer's row.
create or replace function job_taken(p_job uuid) returns json language plpgsql volatile as $$
begin
  return (select row_to_json(taken) from (select j.*, app_now() as now from job j where j.id = p_job) as taken);
end $$;

-- Writes down that the hold on a job has run out, and puts the job back. The row must be locked; a job not held is left alone.
create or replace function job_lapse(p_job uuid, p_queued interval) returns boolean language plpgsql volatile as $$
declare v_job record;
begin
  select hold_owner, held_by_agent_id, hold_token, hold_expires_at, sender into v_job from job
    where id = p_job and status = 'held' and hold_expires_at <= app_now();
  if not found then return false; end if;
  insert into job_presentation (agent_id, token, owner_id, job_id, outcome, lapsed, ended_at)
    values (v_job.held_by_agent_id, v_job.hold_token, v_job.hold_owner, p_job, 'lapsed', true, v_job.hold_expires_at);
  update job set status = 'queued', due_at = paid_at + p_queued, updated_at = app_now() where id = p_job;
  perform event_write('job.requeued', 'job:' || p_job, array[v_job.sender, v_job.hold_owner],
    json_build_object('job_id', p_job, 'reason', 'hold_lapsed'));
  return true;
end $$;

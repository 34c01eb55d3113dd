-- Taking jobs: the exact claim behind pull and claim. A function, because its limits need what has committed while it waited for
-- its turn: each statement of a volatile function sees a fresh snapshot, a single statement would count from an old one.
--
-- Each of `p_asked` (a JSON array; an owner stands in it once) gets a row at most: the held job as JSON with its old hold again
-- or a new one, or the code of a refusal with its detail. No row: nothing is eligible.
-- `job` null: pull, the best match (`oldest`: the one that has waited longest). Otherwise: claim, this one.
-- The lengths of time come from the desk's table of timers (job.ts), which is their only place.
drop function if exists job_take(uuid, uuid, text, uuid, uuid, bigint, text[], real, boolean, boolean, interval, interval, interval);
create or replace function job_take(p_asked json, p_live boolean, p_hold interval, p_not_again interval, p_queued interval)
returns table (n smallint, code text, detail json, is_new boolean, job_id uuid, sender uuid, owner uuid, agent uuid, held json)
language plpgsql volatile as $$
#variable_conflict use_column
declare
  v_now timestamptz;
  v_one record;
  v_code text;
  v_until timestamptz;
  v_best record;
  v_seen uuid[] := '{}';                      -- jobs that somebody of this group was given, or that somebody else just took
  v_status text;
  v_lapsed boolean := false;
  v_jobs uuid[] := '{}';                      -- those given away here, and what is to be written of each
  v_calls smallint[] := '{}';
  v_owners uuid[] := '{}';
  v_agents uuid[] := '{}';
  v_tokens uuid[] := '{}';
  v_scores real[] := '{}';
  v_profiles tsquery[] := '{}';
begin
  -- Owners take turns, and every group queues up for them in the same order.
  perform account_lock(o.owner) from (select distinct a.owner from json_to_recordset(p_asked) as a (owner uuid) order by a.owner) as o;
  v_now := app_now();

  for v_one in
    select a.*, g.id as agent_id, g.max_active_jobs, coalesce(k.profile, match_profile(g.personality)) as profile,
      h.own::uuid, h.live, h.unswept + l.lapsed as lapses, w.active
    from json_to_recordset(p_asked) as a (n smallint, owner uuid, agent uuid, agent_name text, job uuid, token uuid, min_price bigint,
      skills text[], min_score real, oldest boolean)
    left join lateral account_agent(a.owner, a.agent, a.agent_name) as g on true
    left join lateral match_known_profile(g.personality) as k on true
    -- What the owner's agents hold now, what they let run out of late, and how much this agent has in hand.
    cross join lateral (
      select min(id::text) filter (where hold_expires_at > v_now and held_by_agent_id = g.id) as own,
        count(*) filter (where hold_expires_at > v_now) as live, count(*) filter (where hold_expires_at <= v_now) as unswept
      from job where hold_owner = a.owner and status = 'held') as h
    cross join lateral (
      select count(*) as lapsed from job_presentation p where p.owner_id = a.owner and p.lapsed and p.ended_at > v_now - interval '20 minutes') as l
    cross join lateral job_in_hand(g.id) as w
  loop
    if v_one.lapses >= 3 then v_until := job_barred_until(v_one.owner, v_now); else v_until := null; end if;
    v_code := case
      when v_one.agent_id is null then 'agent_not_found'
      -- An agent holds one job at most: pulling again answers that same hold, never longer.
      when v_one.own is not null and v_one.job is not null and v_one.job <> v_one.own then 'agent_holds_another'
      when v_one.own is not null then null
      when v_until is not null then 'lapsed_too_often'
      when v_one.live >= 10 then 'too_many_holds'
      when v_one.active >= v_one.max_active_jobs and v_one.job is not null then 'agent_at_capacity'
      when v_one.job is not null then job_not_claimable(v_one.job, v_one.owner, v_one.agent_id, p_live, v_now, p_not_again)
    end;
    if v_code is not null then
      return query select v_one.n, v_code, case v_code
        when 'agent_holds_another' then json_build_object('job_id', v_one.own)
        when 'lapsed_too_often' then json_build_object('retryable', true, 'retry_after_seconds', ceil(extract(epoch from v_until - v_now)))
        when 'too_many_holds' then json_build_object('retryable', true, 'retry_after_seconds', 30)
        else '{}' end, false, null::uuid, null::uuid, v_one.owner, v_one.agent_id, null::json;
    elsif v_one.own is not null then
      return query select v_one.n, null, null::json, false, t.id, t.sender, v_one.owner, v_one.agent_id, row_to_json(t)
        from (select j.*, v_now as now from job j where j.id = v_one.own) as t;
    elsif v_one.active < v_one.max_active_jobs then
      loop
        if v_one.job is null then
          select o.id, o.score into v_best from (
            select c.id, c.queued_at, fit.score
            from job_window(v_one.owner, v_one.agent_id, v_one.skills, v_one.min_price, p_live, v_now, p_not_again, v_seen) as c,
              lateral match_fit(c.id, v_one.profile, v_now - c.queued_at) as fit
          ) as o
          where v_one.min_score is null or o.score >= v_one.min_score
          order by case when v_one.oldest or o.queued_at < v_now - interval '24 hours' then 1e9 else o.score end desc, o.queued_at, o.id
          limit 1;
        else
          select v_one.job as id, fit.score into v_best from match_fit(v_one.job, v_one.profile, '0') as fit where v_one.job <> all (v_seen);
        end if;
        exit when v_best.id is null;
        v_seen := v_seen || v_best.id;
        select j.status into v_status from job j
          where j.id = v_best.id and (j.status = 'queued' or (j.status = 'held' and j.hold_expires_at <= v_now)) for update skip locked;
        exit when found;
      end loop;
      if v_best.id is not null then
        v_jobs := v_jobs || v_best.id;
        v_calls := v_calls || v_one.n;
        v_owners := v_owners || v_one.owner;
        v_agents := v_agents || v_one.agent_id;
        v_tokens := v_tokens || v_one.token;
        v_scores := v_scores || v_best.score;
        v_profiles := array_append(v_profiles, v_one.profile);
        v_lapsed := v_lapsed or v_status = 'held';
      elsif v_one.job is not null then
        return query select v_one.n, 'job_taken', '{}'::json, false, null::uuid, null::uuid, v_one.owner, v_one.agent_id, null::json;
      end if;
    end if;
  end loop;

  -- The rows are locked and free: what lapsed is written down, then each is held from now. The events are told by the asking statement.
  if v_jobs = '{}' then return; end if;
  if v_lapsed then
    perform job_lapse(j.id, p_queued) from job j where j.id = any (v_jobs) and j.status = 'held' and j.hold_expires_at <= v_now;
  end if;
  return query with held as (
    update job j set
      status = 'held', hold_owner = g.owner, held_by_agent_id = g.agent, hold_token = g.token,
      hold_expires_at = app_now() + p_hold, hold_score = g.score, hold_why = shared.words,
      presented_to_agents = job_presented(presented_to_agents, g.agent),
      due_at = app_now() + p_hold, updated_at = app_now()
    from unnest(v_calls, v_jobs, v_owners, v_agents, v_tokens, v_scores, v_profiles) as g (n, id, owner, agent, token, score, profile),
      lateral match_shared(g.id, g.profile) as shared
    where j.id = any (v_jobs) and j.id = g.id returning j.*, app_now() as now, g.n
  ) select held.n, null, null::json, true, held.id, held.sender, held.hold_owner, held.held_by_agent_id, row_to_json(held) from held;
end $$;

-- What a pull chooses from: the longest waiting jobs that this agent may have; with a least price: the best paid. The window, and an
-- index for each of the four ways of asking, bound the cost whatever the backlog is.
create or replace function job_window(
  p_owner uuid, p_agent uuid, p_skills text[], p_min_price bigint, p_live boolean, p_now timestamptz, p_not_again interval, p_seen uuid[]
) returns table (id uuid, queued_at timestamptz) language plpgsql stable as $$
#variable_conflict use_column
begin
  if p_skills is null and p_min_price is null then
    return query select j.id, j.queued_at from job j, job_suits(j, p_owner, p_agent, p_live, p_now, p_not_again)
      where j.status in ('queued', 'held') and j.id <> all (p_seen)
      order by j.queued_at, j.id limit 256;
  elsif p_min_price is null then
    return query select f.id, f.queued_at from unnest(p_skills) as wanted (skill), lateral (
        select j.id, j.queued_at from job j, job_suits(j, p_owner, p_agent, p_live, p_now, p_not_again)
        where j.skill = wanted.skill and j.status in ('queued', 'held') and j.id <> all (p_seen)
        order by j.queued_at, j.id limit 256) as f
      order by f.queued_at, f.id limit 256;
  elsif p_skills is null then
    return query select j.id, j.queued_at from job j, job_suits(j, p_owner, p_agent, p_live, p_now, p_not_again)
      where j.price_cents >= p_min_price and j.status = 'queued' and j.id <> all (p_seen)
      order by j.price_cents desc, j.id desc limit 256;
  else
    return query select f.id, f.queued_at from unnest(p_skills) as wanted (skill), lateral (
        select j.id, j.queued_at from job j, job_suits(j, p_owner, p_agent, p_live, p_now, p_not_again)
        where j.skill = wanted.skill and j.price_cents >= p_min_price and j.status = 'queued' and j.id <> all (p_seen)
        order by j.price_cents desc, j.id desc limit 256) as f
      order by f.queued_at, f.id limit 256;
  end if;
end $$;

-- How many jobs an agent works on. Set-returning, so that it is planned with whoever asks.
create or replace function job_in_hand(p_agent uuid) returns table (active bigint) language sql stable as $$
  select count(*) from job where coalesce(receiver_agent_id, held_by_agent_id) = p_agent and status in ('accepted', 'in_progress', 'submitted')
$$;

-- The agents a job was shown to, this one last; the newest hundred.
create or replace function job_presented(p_agents uuid[], p_agent uuid) returns uuid[] language sql immutable as $$
  select (array_remove(p_agents, p_agent) || p_agent)[greatest(1, cardinality(p_agents) - 98):]
$$;

-- A row if an open job is one that this agent may have. Set-returning, so that it is planned with whoever asks; what is to know of
-- the agent is found out once a look, and only when a job asks for it.
create or replace function job_suits(p_job job, p_owner uuid, p_agent uuid, p_live boolean, p_now timestamptz, p_not_again interval)
returns table (suits boolean) language sql stable as $$
  select true
  where (p_job.status = 'queued' or (p_job.hold_expires_at <= p_now and p_job.hold_owner <> p_owner))
    and p_job.terms = 'wallet'
    and (not p_live or p_job.sender <> p_owner)
    and (not p_live or cardinality(p_job.env_names) = 0 or p_job.open_to_new or (select job_has_verified(p_agent)))
    and not exists (select from job_shown_before(p_job.id, p_owner, p_job.retry_same, p_now - p_not_again))
    and (p_job.min_pass_rate is null or p_job.min_pass_rate <= coalesce((select job_pass_rate(p_agent)), 0))
$$;

-- Until when an owner gets no holds whose agents let three of them lapse within ten minutes: ten minutes from the third; or null.
drop function if exists job_refuse_lapser(uuid, timestamptz);
create or replace function job_barred_until(p_owner uuid, p_now timestamptz) returns timestamptz language plpgsql stable as $$
begin
  return (select max(third) + interval '10 minutes' from (
    select ended_at as third, lag(ended_at, 2) over (order by ended_at) as first from (
      select ended_at from job_presentation where owner_id = p_owner and lapsed and ended_at > p_now - interval '20 minutes'
      union all
      select hold_expires_at from job where hold_owner = p_owner and status = 'held' and hold_expires_at <= p_now
    ) as lapse
  ) as run where third - first <= interval '10 minutes' and third > p_now - interval '10 minutes');
end $$;
drop function if exists job_refuse(text, json);

-- A job that one of the owner's agents rejected, let lapse or worked in vain is not shown to any of them again since then
-- (a failed attempt may be repeated where the sender said retry_same). Set-returning, so that it is planned with whoever asks.
drop function if exists job_may_show(uuid, uuid, boolean, timestamptz);
create or replace function job_shown_before(p_job uuid, p_owner uuid, p_retry_same boolean, p_since timestamptz)
returns table (outcome text) language sql stable as $$
  select p.outcome from job_presentation p where p.job_id = p_job and p.owner_id = p_owner and p.ended_at > p_since
    and not (p_retry_same and p.outcome in ('failed', 'void'))
$$;

drop function if exists job_taken(uuid);

-- The share of an agent's last 100 settled attempts that passed; null for a newcomer.
create or replace function job_pass_rate(p_agent uuid) returns real language plpgsql stable as $$
begin
  return (select avg(passed::integer) from (
    select passed from (
      (select token, outcome = 'verified' as passed from job_presentation where agent_id = p_agent and outcome in ('verified', 'failed')
        order by token desc limit 100)
      union all
      select old.token, old.passed from job_archive_attempts a, unnest(a.tokens, a.passed) as old (token, passed) where a.agent_id = p_agent
    ) as attempt order by token desc limit 100
  ) as settled);
end $$;

-- Whether an agent has ever had work verified.
create or replace function job_has_verified(p_agent uuid) returns boolean language plpgsql stable as $$
begin
  return exists (select from job_presentation where agent_id = p_agent and outcome = 'verified')
    or exists (select from job_archive_attempts where agent_id = p_agent and ever_passed);
end $$;

-- Why a job cannot be claimed by this agent: the code of a refusal; null if it can.
drop function if exists job_claimable(uuid, uuid, uuid, boolean, timestamptz, interval);
create or replace function job_not_claimable(p_job uuid, p_owner uuid, p_agent uuid, p_live boolean, p_now timestamptz, p_not_again interval)
returns text language plpgsql volatile as $$
declare v_job record;
begin
  select status, sender, terms, min_pass_rate, retry_same, hold_owner, hold_expires_at, env_names, open_to_new into v_job from job where id = p_job;
  if not found then return job_past_not_claimable(p_job, p_owner, p_live); end if;
  return case
    when v_job.sender <> p_owner and v_job.status in ('pending_payment', 'cancelled', 'failed', 'verified', 'rejected') then 'job_not_found'
    when v_job.terms = 'credits' and v_job.status = 'queued' then 'job_for_credits'
    when p_live and v_job.sender = p_owner then 'own_job'
    when v_job.status in ('accepted', 'in_progress', 'submitted') or (v_job.status = 'held' and v_job.hold_expires_at > p_now) then 'job_taken'
    when v_job.status not in ('queued', 'held') then 'job_wrong_state'
    -- A hold of theirs that has just lapsed counts before anybody has written it down.
    when v_job.status = 'held' and v_job.hold_owner = p_owner then 'job_shown_before'
    when exists (select from job_shown_before(p_job, p_owner, v_job.retry_same, p_now - p_not_again)) then 'job_shown_before'
    when p_live and cardinality(v_job.env_names) > 0 and not v_job.open_to_new and not job_has_verified(p_agent) then 'agent_too_new'
    when v_job.min_pass_rate > coalesce(job_pass_rate(p_agent), 0) then 'pass_rate_too_low'
  end;
end $$;

drop function if exists job_hold_now(uuid, uuid, uuid, uuid, real, tsquery, interval, interval);

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

-- Accepting a job for credits straight from the queue: answers the accepted job, or the code of a refusal; no row when it is no such
-- job, or is not queued. A function, because its limits need what has committed while it waited for its owner's turn.
create or replace function job_take_on(p_job uuid, p_owner uuid, p_agent uuid, p_agent_name text, p_token uuid, p_live boolean, p_not_again interval)
returns table (code text, job json) language plpgsql volatile as $$
#variable_conflict use_column
declare
  v_job record;
  v_agent record;
  v_code text;
begin
  perform account_lock(p_owner);
  select j.id, j.sender, j.retry_same into v_job from job j
    where j.id = p_job and j.terms = 'credits' and j.status = 'queued' for update;
  if not found then return; end if;
  select a.id, a.max_active_jobs into v_agent from account_agent(p_owner, p_agent, p_agent_name) as a;
  v_code := case
    when v_agent.id is null then 'agent_not_found'
    when p_live and v_job.sender = p_owner then 'own_job'
    when exists (select from job_shown_before(p_job, p_owner, v_job.retry_same, app_now() - p_not_again)) then 'job_shown_before'
    when v_agent.max_active_jobs <= (select active from job_in_hand(v_agent.id)) then 'agent_at_capacity'
  end;
  if v_code is not null then
    return query select v_code, null::json;
    return;
  end if;
  insert into job_presentation (agent_id, token, owner_id, job_id, outcome, lapsed, ended_at)
    values (v_agent.id, p_token, p_owner, p_job, 'accepted', false, app_now());
  return query with moved as (
    update job j set status = 'accepted', receiver = p_owner, receiver_agent_id = v_agent.id, hold_token = p_token,
      presented_to_agents = job_presented(presented_to_agents, v_agent.id),
      accepted_at = app_now(), deadline_at = app_now() + make_interval(secs => time_limit_seconds),
      due_at = app_now() + make_interval(secs => time_limit_seconds), attempt_count = attempt_count + 1, updated_at = app_now()
    where j.id = p_job returning j.*, app_now() as now
  ) select null::text, row_to_json(moved) from moved;
end $$;

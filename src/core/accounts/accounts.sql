-- Serialises what must be exact per owner (holds of an owner's agents, deleting an agent): released when the statement's
-- transaction ends, and no row is written for it.
create or replace function account_lock(p_owner uuid) returns void language plpgsql volatile as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('owner:' || p_owner, 0));
end $$;

-- The agent a caller means: by id, by name (both must mean the same one), else their default agent.
create or replace function account_agent(p_owner uuid, p_agent uuid, p_name text)
returns table (id uuid, personality text, max_active_jobs integer) language sql stable as $$
  select a.id, a.personality, a.max_active_jobs from agent a
  where a.owner_id = p_owner and a.deleted_at is null
    and (p_agent is null or a.id = p_agent) and (p_name is null or a.name = p_name)
    and (p_agent is not null or p_name is not null or a.is_default)
$$;

-- What anybody may see of the agents there are. A function and not a view, so that it is written anew with the others.
drop function if exists account_public_agents();
create function account_public_agents()
returns table (id uuid, name text, personality text, avatar_url text, listed boolean, proven boolean, created_at timestamptz, words tsvector) language sql stable as $$
  select id, name, personality, avatar_url, listed, proven, created_at, to_tsvector('simple', name || ' ' || coalesce(personality, ''))
  from agent where deleted_at is null
$$;

-- Words somebody types as a query: all of them, each as the beginning of a word; null when there is no word among them.
create or replace function account_words(p_typed text) returns tsquery language sql immutable as $$
  select string_agg(quote_literal(lexeme) || ':*', ' & ')::tsquery from unnest(to_tsvector('simple', p_typed))
$$;

-- The agents whose name or personality holds these words, if there are no more than that; null: there are more. Words are found by an
-- index that can only be read as a bitmap, which the market otherwise does without, and all of whose hits are read before the first:
-- so it is not asked about words that the planner knows many say. Volatile, because only such a function may ask the planner.
create or replace function account_agents_saying(p_typed text, p_most integer) returns uuid[]
language plpgsql volatile set plan_cache_mode = force_custom_plan set enable_bitmapscan = on as $$
declare
  v_words tsquery := account_words(p_typed);
  v_plan json;
  v_ids uuid[];
begin
  execute format('explain (format json) select from account_public_agents() where words @@ %L::tsquery', v_words) into v_plan;
  if (v_plan->0->'Plan'->>'Plan Rows')::numeric > 2 * p_most then return null; end if;
  v_ids := array(select id from account_public_agents() where words @@ v_words limit p_most + 1);
  return case when cardinality(v_ids) <= p_most then v_ids end;
end $$;

-- Every agent somebody has or has had.
create or replace function account_agents_of(p_owner uuid) returns setof uuid language sql stable as $$
  select id from agent where owner_id = p_owner
$$;

-- What of a hosted agent's month is used, as it is shown; null when it is not hosted.
create or replace function account_hosted(p_agent uuid, p_quota integer) returns json language sql stable as $$
  select case when p_quota is not null then json_build_object('llm_quota', p_quota,
    'llm_used', coalesce((select calls from agent_model_use where agent_id = p_agent and month = date_trunc('month', app_now(), 'UTC')::date), 0),
    'resets_at', date_trunc('month', app_now(), 'UTC') + interval '1 month') end
$$;

-- Counts a call of a model for an agent. Null: it may be made (also where the agent is not hosted: then nothing is counted). Else
-- the seconds until the next month, and nothing is counted.
create or replace function account_count_model_call(p_agent uuid) returns integer language plpgsql volatile as $$
declare
  v_quota integer;
  v_now timestamptz := app_now();
  v_month timestamptz := date_trunc('month', v_now, 'UTC');
begin
  select llm_quota into v_quota from agent where id = p_agent and deleted_at is null;
  if v_quota is null then return null; end if;
  if v_quota > 0 then
    insert into agent_model_use as u (agent_id, month, calls) values (p_agent, v_month::date, 1)
      on conflict (agent_id, month) do update set calls = u.calls + 1 where u.calls < v_quota;
    if found then return null; end if;
  end if;
  return ceil(extract(epoch from v_month + interval '1 month' - v_now));
end $$;

-- Whose an agent is or was.
create or replace function account_owner(p_agent uuid) returns table (id uuid) language sql stable as $$
  select owner_id from agent where agent.id = p_agent
$$;

-- Whether somebody runs this market: it was granted on the machine, or their verified address is one of OPERATOR_EMAILS. Never while
-- they are suspended.
create or replace function account_is_operator(p_user app_user, p_emails text[]) returns boolean language sql stable as $$
  select p_user.suspended_at is null and p_user.deleted_at is null and (
    (p_user.email_verified_at is not null and p_user.email = any (p_emails)) or exists (select from operator where user_id = p_user.id))
$$;

-- Whether an e-mail address is somebody's own, and somebody we trust has seen that it is.
create or replace function account_owns_address(p_user uuid, p_address text) returns boolean language sql stable as $$
  select exists (select from app_user where id = p_user and email_verified_at is not null and email = lower(p_address))
$$;

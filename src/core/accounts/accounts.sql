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
create or replace function account_public_agents()
returns table (id uuid, name text, personality text, avatar_url text, listed boolean, created_at timestamptz) language sql stable as $$
  select id, name, personality, avatar_url, listed, created_at from agent where deleted_at is null
$$;

-- Whether somebody runs this market: it was granted on the machine, or their verified address is one of OPERATOR_EMAILS. Never while
-- they are suspended.
create or replace function account_is_operator(p_user app_user, p_emails text[]) returns boolean language sql stable as $$
  select p_user.suspended_at is null and p_user.deleted_at is null and (
    (p_user.email_verified_at is not null and p_user.email = any (p_emails)) or exists (select from operator where user_id = p_user.id))
$$;

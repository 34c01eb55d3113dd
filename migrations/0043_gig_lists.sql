-- What lists of gigs and negotiations are read along.

create function gig_folded(p_skills text[]) returns text[] language sql immutable parallel safe as $$
  select coalesce(array_agg(lower(skill)), '{}') from unnest(p_skills) as skill
$$;
create function gig_search(p_title text, p_description text, p_scope text, p_skills text[]) returns tsvector language sql immutable parallel safe as $$
  select to_tsvector('english', p_title) || to_tsvector('english', p_description) || to_tsvector('english', p_scope)
    || to_tsvector('english', array_to_string(p_skills, ' '))
$$;
alter table gig add column skill_keys text[] not null generated always as (gig_folded(skills)) stored,
  add column search tsvector not null generated always as (gig_search(title, description, scope, skills)) stored;
create index gig_words on gig using gin (search);
create index gig_skill on gig using gin (skill_keys);
create index gig_rate on gig (rate_cents, created_at desc, id desc) where status = 'active';

-- Whether a gig may still be deleted.
create index negotiation_of_gig on negotiation (gig_id);
-- Lists are newest first, and their order must not move under the reader.
drop index negotiation_of_client, negotiation_of_worker;
create index negotiation_of_client on negotiation (client_id, created_at desc, id desc);
create index negotiation_of_worker on negotiation (worker_id, created_at desc, id desc);
create index negotiation_live_of_client on negotiation (client_id) where state in ('pending', 'in_progress', 'pending_owner_approval');

-- Every way of asking for work goes along an index, so that what nobody has posted is not searched for in the whole backlog.
create index job_open_skill on job (skill, queued_at, id) where status in ('queued', 'held');
create index job_open_skill_price on job (skill, price_cents desc, id desc) where status = 'queued';

-- A sender's jobs in one state, and how many are open, without reading all they have ever sent.
create index job_sender_status on job (sender, status, created_at desc, id desc);

-- The directory in each of its orders.
create index agent_listed on agent (id) where listed and deleted_at is null;
create index agent_newest on agent (created_at desc, id) where deleted_at is null;
create index agent_record_pass_rate on agent_record
  ((round(verified::numeric / (verified + failed), 3)::float8) desc nulls last, verified desc, agent_id) where verified > 0;

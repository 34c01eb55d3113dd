-- Ended jobs with all that belongs to them, divided by their ids, which begin with their time: a job is looked for in one month.
create table job_old (like job including constraints, primary key (id)) partition by range (id);
create index job_old_sender on job_old (sender, created_at desc, id desc);
create index job_old_sender_status on job_old (sender, status, created_at desc, id desc);
create index job_old_receiver on job_old (receiver, updated_at desc, id desc) where receiver is not null;

create table job_log_old (like job_log including constraints, primary key (job_id, id)) partition by range (job_id);

create table job_presentation_old (like job_presentation including constraints, primary key (job_id, agent_id, token)) partition by range (job_id);
create index job_presentation_old_agent on job_presentation_old (agent_id, token);

create table job_archive (                    -- how far the jobs have moved; its one row is locked by whoever moves them
  one boolean primary key default true check (one),
  moved_to uuid not null default '00000000-0000-0000-0000-000000000000',  -- no id above it has moved
  newest_created_at timestamptz not null default '-infinity',  -- nothing younger has moved
  newest_updated_at timestamptz not null default '-infinity',
  texts_to uuid not null default '00000000-0000-0000-0000-000000000000',  -- up to here texts have been thrown away
  moved_at timestamptz
);
insert into job_archive default values;

create table job_archive_count (              -- how many jobs in the archive ended in each state
  status text primary key,
  n bigint not null
);

create table job_archive_attempts (           -- the newest hundred settled attempts of each agent in the archive, newest first
  agent_id uuid primary key,
  tokens uuid[] not null,
  passed boolean[] not null,
  ever_passed boolean not null,
  check (cardinality(tokens) = cardinality(passed) and cardinality(tokens) <= 100)
);

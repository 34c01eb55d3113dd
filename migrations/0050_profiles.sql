-- What people show of themselves, who vouches for whom, and what is said of them after a contract.

-- ── core/accounts ───────────────────────────────────────────────────────────────────────────────────────────────────────
-- Their name at GitHub, as of their last sign-in; null for who has not come that way since it is kept.
alter table github_login add column login text check (length(login) between 1 and 100);

-- ── core/profiles ───────────────────────────────────────────────────────────────────────────────────────────────────────
create table profile (                        -- no row: nothing said yet; name and type stand with the user
  user_id uuid primary key references app_user,
  bio text check (length(bio) <= 10000),
  skills text[] not null default '{}' check (cardinality(skills) <= 50),
  portfolio_website_url text check (portfolio_website_url ~ '^https?://' and length(portfolio_website_url) <= 2000),
  resume_url text check (resume_url ~ '^https://' and length(resume_url) <= 2000), -- kept elsewhere
  resume_id uuid references attachment,       -- or uploaded here
  updated_at timestamptz not null,
  constraint profile_one_resume check (resume_url is null or resume_id is null)
);
create index profile_resume on profile (resume_id) where resume_id is not null;

create table vouch (                          -- for good
  user_id uuid not null references app_user,
  vouched_user_id uuid not null references app_user,
  created_at timestamptz not null,
  constraint vouch_once primary key (user_id, vouched_user_id),
  constraint vouch_two check (user_id <> vouched_user_id)
);
create index vouch_of on vouch (vouched_user_id, created_at desc, user_id);
create index vouch_by on vouch (user_id, created_at);

-- What GitHub said of somebody's public repositories; null: it knows no such user any more.
create table github_repos (
  github_id bigint primary key references github_login on delete cascade,
  repos json,
  fetched_at timestamptz not null
);

-- ── core/files ──────────────────────────────────────────────────────────────────────────────────────────────────────────
-- A file belongs to a piece of work, or it is what somebody shows of themselves.
alter table attachment drop constraint attachment_role_check,
  add constraint attachment_role_check check (role in ('input', 'output', 'resume')),
  add column discarded_at timestamptz,        -- nobody wants it any more: its bytes go at once, its row when it counts for no quota
  add column removed_at timestamptz,          -- its bytes are gone
  add constraint attachment_removed check (removed_at is null or discarded_at is not null);
create index attachment_discarded on attachment (discarded_at) where discarded_at is not null;

create table review (                         -- what one party of a completed contract says of the other
  id uuid primary key,
  contract_id uuid not null references contract,
  reviewer_id uuid not null references app_user,
  reviewee_id uuid not null references app_user,
  rating smallint not null check (rating between 1 and 5),
  review_text text not null default '' check (length(review_text) <= 10000),
  status text not null constraint review_status check (status in ('waiting', 'published', 'rejected')),
  released_cents bigint not null check (released_cents >= 0), -- what the reviewed contract had paid out when it was written
  counted boolean not null default false,     -- whether it goes into the averages: set with the publication
  moderated_at timestamptz,
  moderated_by text,                          -- 'rules', 'model', or the operator's user id
  moderation_note text check (length(moderation_note) <= 10000),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint review_once unique (contract_id, reviewer_id),
  constraint review_two check (reviewer_id <> reviewee_id),
  constraint review_moderated check (status = 'waiting' or (moderated_at is not null and moderated_by is not null)),
  constraint review_counted check (not counted or status = 'published')
);
create index review_of on review (reviewee_id, created_at desc, id desc) where status = 'published';
create index review_waiting on review (created_at) where status = 'waiting';

-- ── desks ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
-- Whether two have worked together is asked for each who vouches.
create table job_pair (                       -- those who have a verified job with each other, told by the tally
  sender uuid not null,
  worker uuid not null,
  primary key (sender, worker)
);
insert into job_pair select distinct sender, receiver from job where status = 'verified';
create index contract_worked on contract (client_id, worker_id) where status = 'completed';

-- The first API: jobs paid in credits, in the one table and the one life of jobs.

alter table job
  add column credit_cost smallint check (credit_cost between 2 and 1000), -- what it costs its sender; price_cents is what its worker gets
  add column skill_token uuid,                -- fencing: a skill that runs must show the newest
  add column verdict_asked_by uuid,           -- the request by which the sender asked: repeated, it is told the verdict again
  add constraint job_terms check (case terms
    when 'credits' then credit_cost is not null and price_cents = credit_cost * 50 and fee_cents = 0 and status not in ('pending_payment', 'held')
    else credit_cost is null and status not in ('in_progress', 'rejected') end),
  add constraint job_in_progress check (status <> 'in_progress' or (receiver is not null and accepted_at is not null and skill_token is not null));

-- What is never pulled does not stand in the way of who pulls: each kind of terms has its own order of waiting.
drop index job_open;
create index job_open on job (queued_at, id) where status in ('queued', 'held') and terms = 'wallet';
create index job_open_credits on job (queued_at, id) where status = 'queued' and terms = 'credits';

create table credit_deduction (               -- credits taken by POST /api/credits; they use up what was given first
  id uuid primary key,
  user_id uuid not null references app_user,
  reason text not null check (reason in ('match_deduction', 'intro_deduction')),
  reference_id text check (length(reference_id) between 1 and 200),
  amount smallint not null check (amount between 1 and 100),
  created_at timestamptz not null,
  constraint credit_deduction_once unique (user_id, reason, reference_id)
);

-- Disputes, complete: files as evidence, what deciding costs, and a deadline that was missed.
alter table attachment drop constraint attachment_role_check,
  add constraint attachment_role_check check (role in ('input', 'output', 'resume', 'evidence'));

alter table dispute
  add column arbitration_fee_cents bigint not null default 0 check (arbitration_fee_cents >= 0), -- fixed when it is opened
  add column missed boolean not null default false, -- the deadline has passed without an answer, and both have been told
  add constraint dispute_missed check (not missed or responded_at is null),
  add constraint dispute_operator check ((resolved_by is not distinct from 'operator') = (operator_id is not null));

alter table dispute_evidence
  add column position smallint not null,
  add column attachment json,                 -- a file as it was when it was attached
  drop constraint dispute_evidence_check,
  add constraint dispute_evidence_says check (url is not null or description is not null or attachment is not null),
  add constraint dispute_evidence_place unique (dispute_id, by_user_id, position);

-- Whose answer is awaited, and what is undecided, newest first.
create index dispute_unanswered on dispute (response_deadline) where status = 'open' and not missed;
create index dispute_undecided on dispute (created_at desc, id desc) where due_at is not null;

-- Reviews: what goes into an average, and what operators look at.

-- One review of the same two people counts a calendar year (UTC).
create unique index review_counted_once
  on review (reviewer_id, reviewee_id, (date_part('year', created_at at time zone 'utc'))) where counted;
create index review_by_status on review (status, created_at desc, id desc);

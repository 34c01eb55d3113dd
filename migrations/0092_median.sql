-- How long an agent usually takes is worked out when it has passed a job, and not for each of the fifty agents of a page whenever
-- somebody looks at one.
alter table agent_record add column median_seconds double precision; -- of its last 50 passed jobs; null before the first
update agent_record set median_seconds = (select percentile_cont(0.5) within group (order by seconds) from unnest(recent_seconds) as seconds)
  where recent_seconds <> '{}';

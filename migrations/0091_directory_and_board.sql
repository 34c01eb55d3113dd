-- The sums of thirty days are read from an index; the rows behind it are wide, a page for one or two hours.
create index market_hour_sums on market_hour (hour) include (verified, paid_out_cents);

-- Many agents have done equally many jobs: those of one number are in the order of the list, too.
drop index agent_record_verified;
create index agent_record_verified on agent_record (verified desc, agent_id) where verified > 0;

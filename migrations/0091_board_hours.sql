-- The sums of thirty days are read from an index; the rows behind it are wide, a page for one or two hours.
create index market_hour_sums on market_hour (hour) include (verified, paid_out_cents);

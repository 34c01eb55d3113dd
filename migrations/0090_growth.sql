-- Whoever seals transfers, or adds up what is not sealed yet, finds the next ones at once. Of a range that is not summarised yet a BRIN
-- index reads every row each time, and after a standstill every seal would read all that is still to be sealed.
drop index transfer_xid;
create index transfer_xid on transfer (xid, position);

-- Answers whose secrets are to be wiped are found among those, not among all answers of a day.
create index idempotency_sealed on idempotency (sealed_until) where sealed is not null;

-- Those who read all events find the next ones at once. Of a range that is not summarised yet, a BRIN index reads every row each
-- time: on a busy market that is all that was written since the last vacuum, by every reader, every second.
drop index event_xid;
create index event_xid on event (xid, position);

-- Whoever seals transfers, or adds up what is not sealed yet, finds the next ones at once. Of a range that is not summarised yet a BRIN
-- index reads every row each time, and after a standstill every seal would read all that is still to be sealed.
drop index transfer_xid;
create index transfer_xid on transfer (xid, position);

-- What is thrown away by its age is found by it. An offer's age stands in its id.
drop index match_text_age;
create index match_profile_age on match_profile (created_at);
drop index idempotency_age;
create index idempotency_age on idempotency (created_at);

-- Answers whose secrets are to be wiped are found among those, not among all answers of a day.
create index idempotency_sealed on idempotency (sealed_until) where sealed is not null;

-- Whoever looks for an agent by words reads those that say them, and not all there are. The expression is that of account_public_agents.
create index agent_words on agent using gin (to_tsvector('simple', name || ' ' || coalesce(personality, ''))) where deleted_at is null;

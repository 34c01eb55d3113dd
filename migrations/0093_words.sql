-- How many agents say a word is known to the planner from here: it does not look at the statistics of an index that holds a part of a
-- table only, as agent_words does, and took every word for a rare one.
create statistics agent_words_said on (to_tsvector('simple', name || ' ' || coalesce(personality, ''))) from agent;
analyze agent;

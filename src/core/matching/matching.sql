-- The matching room's doors. An offer's text is indexed once, when it is made; an agent's personality becomes a query of its
-- stemmed words, any of which may match. Ranking is text relevance for now, plus a little for waiting.

drop function if exists match_index(uuid, text, text, text);

-- A personality as a query; null when it says nothing that could match. Made once for each text there is: stemming a personality
-- takes longer than everything else in a pull.
create or replace function match_profile(p_personality text) returns tsquery language plpgsql volatile as $$
declare
  v_key uuid := md5(p_personality)::uuid;
  v_profile tsquery;
begin
  if p_personality is null then return null; end if;
  select profile into v_profile from match_profile where text_md5 = v_key;
  if found then return v_profile; end if;
  select string_agg(quote_literal(lexeme), ' | ')::tsquery into v_profile
    from (select lexeme from unnest(to_tsvector('english', p_personality)) limit 400) as words;
  insert into match_profile (text_md5, profile) values (v_key, v_profile) on conflict do nothing;
  return v_profile;
end $$;

-- The stored query of a personality, if it has one already; set-returning so that it is planned as part of the asking statement.
create or replace function match_known_profile(p_personality text) returns table (profile tsquery) language sql stable as $$
  select p.profile from match_profile p where p.text_md5 = md5(p_personality)::uuid
$$;

-- 0 to 1: how well an offer fits a profile. Waiting adds up to 0.1 a day without bound, so that nothing starves.
-- Set-returning for the same reason: a pull scores every offer it looks at.
drop function if exists match_score(uuid, tsquery, interval);
create or replace function match_fit(p_offer uuid, p_profile tsquery, p_waiting interval) returns table (score real) language sql stable as $$
  select (coalesce(rank / (rank + 0.05), 0) + 0.1 * extract(epoch from p_waiting) / 86400)::real
  from (select ts_rank(t.search, p_profile, 1) as rank from (values (1)) as one left join match_text t on t.offer = p_offer offset 0) as ranked
$$;

-- The stemmed words an offer and a profile share, heaviest first: the reasons given with a match. Set-returning, so that it is planned
-- with whoever asks.
drop function if exists match_words(uuid, tsquery);
create or replace function match_shared(p_offer uuid, p_profile tsquery) returns table (words text[]) language sql stable as $$
  select coalesce((select array_agg(lexeme order by weight, lexeme) from (
    select lexeme, min(weight) as weight from match_text, unnest(search) as word (lexeme, positions, weights), unnest(weights) as weight
    where offer = p_offer and array_to_tsvector(array[lexeme]) @@ p_profile group by lexeme order by 2, 1 limit 8
  ) as shared), '{}')
$$;

-- Throws away the texts of offers so old that none of them can still be open; how old they are stands in their ids, which begin with
-- the milliseconds of when they were made.
create or replace function match_forget(p_age interval) returns void language sql volatile as $$
  delete from match_text where offer < (lpad(to_hex((extract(epoch from now() - p_age) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
  delete from match_profile where created_at < now() - p_age
$$;

-- Whether an offer's text holds all the words somebody searches for.
create or replace function match_contains(p_offer uuid, p_words text) returns boolean language plpgsql stable as $$
begin
  return exists (select from match_text where offer = p_offer and search @@ plainto_tsquery('english', p_words));
end $$;

-- Throws away the texts of these offers, and the queries of these personalities: whose words they were has left.
create or replace function match_forget_words(p_offers uuid[], p_personalities text[]) returns void language sql volatile as $$
  delete from match_text where offer = any (p_offers);
  delete from match_profile where text_md5 in (select md5(personality)::uuid from unnest(p_personalities) as personality)
$$;

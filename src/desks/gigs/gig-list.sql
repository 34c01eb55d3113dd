-- Everybody's active gigs and the viewer's own others, newest first; p_status keeps one of the two parts. Words and skills are found
-- by indexes that can only be read as bitmaps, which the market otherwise does without, and whether that is worth it depends on how
-- rare they are: so the plan is made for each question. The viewer's own are few, and asked in a way that no such index answers.
create or replace function gig_list(p_viewer uuid, p_status text, p_words text, p_skill text, p_min_rate bigint,
  p_before timestamptz, p_before_id uuid, p_limit integer)
returns setof gig language plpgsql stable set plan_cache_mode = force_custom_plan set enable_bitmapscan = on as $$
begin
  return query
  select * from (
    (select * from gig where status = 'active' and coalesce(p_status, 'active') = 'active'
       and (p_words is null or search @@ plainto_tsquery('english', p_words))
       and (p_skill is null or skill_keys @> array[lower(p_skill)])
       and (p_min_rate is null or rate_cents >= p_min_rate)
       and (p_before is null or (created_at, id) < (p_before, p_before_id))
     order by created_at desc, id desc limit p_limit)
    union all
    (select * from gig where owner_id = p_viewer and status <> 'active' and (p_status is null or status = p_status)
       and (p_words is null or (search @@ plainto_tsquery('english', p_words)) is true)
       and (p_skill is null or lower(p_skill) = any (skill_keys))
       and (p_min_rate is null or rate_cents >= p_min_rate)
       and (p_before is null or (created_at, id) < (p_before, p_before_id))
     order by created_at desc, id desc limit p_limit)
  ) as found order by created_at desc, id desc limit p_limit;
end $$;

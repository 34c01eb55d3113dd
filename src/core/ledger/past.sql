-- What has moved to the archive, for those who must reach it. Functions of their own, so that the plans of everybody else know nothing of
-- the archive; stable, so that they see it as the statement that asks sees the rest: a transfer is never seen twice or not at all.

-- The newest movements of somebody's wallet in the archive.
create or replace function ledger_past_lines(p_user uuid, p_most integer)
returns table (id uuid, "position" bigint, delta bigint, kind text, ref text, source text, created_at timestamptz)
language plpgsql stable rows 20 as $$
#variable_conflict use_column
begin
  return query select * from (
    (select t.id, t.position, t.amount, t.kind, t.ref, t.source, t.created_at from transfer_old t
      where starts_with(to_account, 'wallet:') and to_account = 'wallet:' || p_user order by t.position desc limit p_most)
    union all
    (select t.id, t.position, -t.amount, t.kind, t.ref, t.source, t.created_at from transfer_old t
      where starts_with(from_account, 'wallet:') and from_account = 'wallet:' || p_user order by t.position desc limit p_most)
  ) as both_ways order by position desc limit p_most;
end $$;

-- How much was moved by one posting that has moved to the archive; a posting is never divided.
create or replace function ledger_past_posted(p_kind text, p_source text, p_leg integer default null) returns bigint language plpgsql stable as $$
begin
  return (select coalesce(sum(amount), 0)::bigint from transfer_old
    where kind = p_kind and source = p_source and (p_leg is null or leg = p_leg));
end $$;

-- What somebody has earned since a moment, as far as it has moved to the archive already.
create or replace function ledger_past_earned(p_wallet text, p_since timestamptz) returns bigint language plpgsql stable as $$
begin
  if p_since >= (select newest_at from ledger_archive) then return 0; end if;
  return (select coalesce(sum(amount), 0)::bigint from transfer_old
    where starts_with(to_account, 'wallet:') and to_account = p_wallet and created_at > p_since
      and not ledger_card_stays(kind) and kind <> 'withdrawal_returned');
end $$;

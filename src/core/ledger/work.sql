-- Where the money of one piece of work that is no job came from and went, all in its unit: funded = paid + fee + arbitration + refunded + charged_back
-- + held, at any moment. What a bank has given back again is not charged back.
create or replace function ledger_work(p_ref text) returns table (
  funded bigint, paid bigint, fee bigint, arbitration bigint, refunded bigint, charged_back bigint, held bigint
) language sql stable as $$
  select coalesce(sum(amount) filter (where to_account = 'escrow:' || p_ref and kind <> 'chargeback_won'), 0)::bigint,
    coalesce(sum(amount) filter (where starts_with(to_account, 'pending:')), 0)::bigint,
    coalesce(sum(amount) filter (where to_account = 'platform:fees'), 0)::bigint,
    coalesce(sum(amount) filter (where to_account = 'platform:arbitration'), 0)::bigint,
    coalesce(sum(amount) filter (where starts_with(to_account, 'wallet:') or starts_with(to_account, 'clearing:')), 0)::bigint,
    ledger_taken_back(p_ref), ledger_held(p_ref)
  from transfer where ref = p_ref and not starts_with(ref, 'job:') and 'escrow:' || p_ref in (from_account, to_account)
$$;

-- Locks what waits to be paid out to somebody and then their wallet, in the order of everybody who needs both. Answers whether they owe
-- something, which stays so until the transaction ends.
create or replace function ledger_lock_pending(p_user uuid) returns boolean language plpgsql volatile as $$
begin
  perform 1 from ledger_account where id = 'pending:' || p_user for update;
  perform ledger_lock(p_user);
  return ledger_owes(p_user);
end $$;

-- Everybody to whom something waits to be paid out, and how much.
create or replace function ledger_pendings() returns table (user_id uuid, amount bigint) language sql stable as $$
  select split_part(id, ':', 2)::uuid, balance from ledger_account where starts_with(id, 'pending:') and balance <> 0
$$;

-- What a chargeback has taken of money that waited to be paid out.
create or replace function ledger_taken_of_pending(p_source text) returns bigint language sql stable as $$
  select coalesce(sum(amount), 0)::bigint from transfer where kind = 'chargeback' and source = p_source and leg = 5
$$;

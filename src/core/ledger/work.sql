-- Where the money of one piece of work came from and went, all in its unit: funded = paid + fee + arbitration + refunded + charged_back
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
  from transfer where ref = p_ref and 'escrow:' || p_ref in (from_account, to_account)
$$;

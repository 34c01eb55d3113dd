-- What other rooms may ask the ledger about credits.

-- What a person has in credits.
create or replace function ledger_credits(p_user uuid) returns bigint language sql stable as $$
  select balance from ledger_account where id = 'credits:' || p_user
$$;

-- The same, locked until the transaction ends: what is decided on it stays true.
create or replace function ledger_lock_credits(p_user uuid) returns bigint language plpgsql volatile as $$
declare v_balance bigint;
begin
  select balance into v_balance from ledger_account where id = 'credits:' || p_user for update;
  return v_balance;
end $$;

-- How much was moved by one posting; 0 when there was none.
create or replace function ledger_posted(p_kind text, p_source text) returns bigint language sql stable as $$
  select coalesce((select sum(amount)::bigint from transfer where kind = p_kind and source = p_source), ledger_past_posted(p_kind, p_source))
$$;

-- The ledger room's one door for moving money, called by other rooms inside their own statements.
--
-- ledger_post(kind, ref, source, unit, from[], to[], amount[]) moves amount[i] from from[i] to to[i], all or nothing:
--   'posted'        it is done
--   'short'         an account with a floor has too little: nothing was moved
--   'over_mandate'  the spending limit of the key would be passed: nothing was moved
-- It locks the accounts that have a balance in id order, decides, then writes. Posting the same (kind, source) twice is refused
-- by the constraint transfer_once. Amounts of 0 are left out.
--
-- Card money (card_part) is spent first and goes with the money into escrow and clearing; it comes back with a refund and is
-- no longer card money once somebody else has earned it.
create or replace function ledger_post(
  p_kind text, p_ref text, p_source text, p_unit text, p_from text[], p_to text[], p_amount bigint[],
  p_lineage text default null, p_limit bigint default null
) returns text language plpgsql volatile as $$
declare
  v_leg integer;
  v_total bigint := 0;
  v_balance bigint;
  v_card bigint;
  v_moved bigint;
  v_kept bigint;
  v_written integer := 0;
  v_day date;
begin
  if cardinality(p_from) > 1 then
    perform 1 from ledger_account where id = any (p_from || p_to) order by id for update;
  end if;
  if p_limit is not null then
    v_day := (app_now() at time zone 'UTC')::date;
    select sum(amount) into v_total from unnest(p_amount) as amount;
    -- The wallet is locked before the day's counter, so that a refusal by either leaves both as they were.
    select balance into v_balance from ledger_account where id = p_from[1] for update;
    if v_balance is null or v_balance < v_total then return 'short'; end if;
    insert into mandate_day as m (lineage, day, spent) values (p_lineage, v_day, 0)
      on conflict (lineage, day) do nothing;
    update mandate_day set spent = spent + v_total
      where lineage = p_lineage and day = v_day and spent + v_total <= p_limit;
    if not found then return 'over_mandate'; end if;
  end if;
  for v_leg in 1 .. cardinality(p_from) loop
    continue when p_amount[v_leg] = 0;
    v_moved := 0;
    if starts_with(p_from[v_leg], 'platform:') then
      if p_kind in ('topup', 'auto_topup') then v_moved := p_amount[v_leg]; end if;
    else
      select balance, card_part into v_balance, v_card from ledger_account where id = p_from[v_leg] and unit = p_unit for update;
      if not found or (v_balance < p_amount[v_leg] and not starts_with(p_from[v_leg], 'debt:')) then
        if v_written = 0 then return 'short'; end if;
        raise exception 'ledger: % is short in leg % of % %', p_from[v_leg], v_leg, p_kind, p_source;
      end if;
      v_moved := least(v_card, p_amount[v_leg]);
      update ledger_account set balance = balance - p_amount[v_leg], card_part = card_part - v_moved where id = p_from[v_leg];
    end if;
    if not starts_with(p_to[v_leg], 'platform:') then
      v_kept := case when starts_with(p_to[v_leg], 'wallet:') and p_kind not in ('topup', 'auto_topup', 'refund') then 0 else v_moved end;
      if starts_with(p_to[v_leg], 'wallet:') then
        update ledger_account set balance = balance + p_amount[v_leg], card_part = card_part + v_kept
          where id = p_to[v_leg] and unit = p_unit;
        if not found then raise exception 'ledger: there is no account % in %', p_to[v_leg], p_unit; end if;
      else
        insert into ledger_account as a (id, unit, balance, card_part) values (p_to[v_leg], p_unit, p_amount[v_leg], v_kept)
          on conflict (id) do update set balance = a.balance + excluded.balance, card_part = a.card_part + excluded.card_part
          where a.unit = excluded.unit;
        if not found then raise exception 'ledger: % is not in %', p_to[v_leg], p_unit; end if;
      end if;
    end if;
    insert into transfer (kind, ref, source, leg, from_account, to_account, unit, amount, card_part, created_at)
    values (p_kind, p_ref, p_source, v_leg, p_from[v_leg], p_to[v_leg], p_unit, p_amount[v_leg], v_moved, app_now());
    v_written := v_written + 1;
  end loop;
  return 'posted';
end $$;

-- Opens a person's accounts; a second time changes nothing.
create or replace function ledger_open(p_user uuid) returns void language sql volatile as $$
  insert into ledger_account (id, unit, balance) values ('wallet:' || p_user, 'USD', 0), ('credits:' || p_user, 'CREDIT', 0)
  on conflict do nothing
$$;

-- What a person may spend now, in cents.
create or replace function ledger_balance(p_user uuid) returns bigint language sql stable as $$
  select balance from ledger_account where id = 'wallet:' || p_user
$$;

-- The platform's part of an amount: rounded once (half up), never more than the amount; the other side's part is what is left.
create or replace function ledger_fee(p_amount bigint, p_percent integer, p_fixed integer) returns bigint language sql immutable as $$
  select least(p_amount, (p_amount * p_percent + 50) / 100 + p_fixed)
$$;

-- What is held for a piece of work, in its unit; 0 when nothing is or ever was.
create or replace function ledger_held(p_ref text) returns bigint language plpgsql stable as $$
begin
  return coalesce((select balance from ledger_account where id = 'escrow:' || p_ref), 0);
end $$;

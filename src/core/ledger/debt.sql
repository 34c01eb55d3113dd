-- What a person owes after a chargeback: debt:<user> is below zero by it, and their wallet's row says that they owe. Whoever owes
-- has nothing in the wallet, because every credit repays first. The wallet is locked before the debt, by everybody.

-- Repays a debt out of a wallet, as far as it reaches; the wallet is locked. Card money that does it is remembered beside the debt:
-- should the debt turn out to be none, it comes back as card money.
create or replace function ledger_repay(p_wallet text, p_ref text, p_source text, p_leg integer) returns void language plpgsql volatile as $$
declare
  v_account text := replace(p_wallet, 'wallet:', 'debt:');
  v_owed bigint;
  v_due bigint;
  v_card bigint;
begin
  select -balance into v_owed from ledger_account where id = v_account for update;
  select least(v_owed, balance), least(card_part, v_owed, balance) into v_due, v_card from ledger_account where id = p_wallet;
  if v_due > 0 then
    update ledger_account set balance = balance - v_due, card_part = card_part - v_card, owes = v_due < v_owed where id = p_wallet;
    update ledger_account set balance = balance + v_due, card_part = card_part + v_card where id = v_account;
    insert into transfer (kind, ref, source, leg, from_account, to_account, unit, amount, card_part, created_at)
    values ('debt_repaid', p_ref, p_source, p_leg, p_wallet, v_account, 'USD', v_due, v_card, app_now());
  end if;
end $$;

-- A payer's bank takes back what it can out of one account: at most so much, and no more than is there. Answers how much that was.
create or replace function ledger_take_back(p_account text, p_ref text, p_source text, p_leg integer, p_most bigint) returns bigint language plpgsql volatile as $$
declare
  v_taken bigint;
  v_card bigint;
begin
  select least(balance, p_most), least(card_part, balance, p_most) into v_taken, v_card from ledger_account where id = p_account for update;
  if coalesce(v_taken, 0) <= 0 then return 0; end if;
  update ledger_account set balance = balance - v_taken, card_part = card_part - v_card where id = p_account;
  insert into transfer (kind, ref, source, leg, from_account, to_account, unit, amount, card_part, created_at)
  values ('chargeback', p_ref, p_source, p_leg, p_account, 'platform:stripe', 'USD', v_taken, v_card, app_now());
  return v_taken;
end $$;

-- A payer's bank takes card money back: out of what is held for the work it had paid (if it had paid one), out of what of it waits to be
-- paid to its worker (at most so much), out of the payer's wallet as far as it reaches, then as a debt. Answers what became debt.
create or replace function ledger_chargeback(
  p_user uuid, p_source text, p_amount bigint, p_work text default null, p_payee uuid default null, p_pending bigint default 0
) returns bigint language plpgsql volatile as $$
declare
  v_wallet text := 'wallet:' || p_user;
  v_debt text := 'debt:' || p_user;
  v_left bigint := p_amount;
begin
  if p_work is not null then
    v_left := v_left - ledger_take_back('escrow:' || p_work, p_work, p_source, 4, v_left);
  end if;
  if p_payee is not null then
    v_left := v_left - ledger_take_back('pending:' || p_payee, coalesce(p_work, p_source), p_source, 5, least(v_left, p_pending));
  end if;
  v_left := v_left - ledger_take_back(v_wallet, p_source, p_source, 1, v_left);
  if v_left > 0 then
    insert into ledger_account as a (id, unit, balance) values (v_debt, 'USD', -v_left)
      on conflict (id) do update set balance = a.balance + excluded.balance;
    update ledger_account set owes = true where id = v_wallet;
    insert into transfer (kind, ref, source, leg, from_account, to_account, unit, amount, created_at)
    values ('chargeback', p_source, p_source, 2, v_debt, 'platform:stripe', 'USD', v_left, app_now());
  end if;
  return v_left;
end $$;

-- The payer's bank has given it back: the legs of ledger_chargeback reversed. What has been repaid of the debt meanwhile goes to
-- the wallet, as what it was repaid with; where that is not certain, as card money. What was held goes to the payer's wallet, as the
-- card money it was, when its work is over (p_holds); what waited to be paid out goes to the payee's wallet, as earned money, when there is
-- nothing left there to wait for (p_waits). Nothing was taken: nothing happens.
create or replace function ledger_chargeback_won(p_user uuid, p_source text, p_holds boolean default true, p_waits boolean default true) returns void language plpgsql volatile as $$
declare
  v_wallet text := 'wallet:' || p_user;
  v_debt text := 'debt:' || p_user;
  v_account text;
  v_leg record;
  v_over bigint;
  v_card bigint;
  v_owes boolean;
begin
  perform 1 from ledger_account where id in (select from_account from transfer where kind = 'chargeback' and source = p_source and leg in (4, 5))
    order by id for update;
  perform 1 from ledger_account where id in (
    select replace(from_account, 'pending:', 'wallet:') from transfer where kind = 'chargeback' and source = p_source and leg = 5 and not p_waits
    union select v_wallet) order by id for update;
  -- The debt first: what comes back to the wallet must not repay what is about to vanish.
  for v_leg in select leg, ref, from_account, amount, card_part from transfer where kind = 'chargeback' and source = p_source order by leg <> 2, leg desc loop
    if v_leg.leg = 2 then
      select greatest(0, v_leg.amount + balance), least(card_part, greatest(0, v_leg.amount + balance)) into v_over, v_card
        from ledger_account where id = v_debt for update;
      update ledger_account set balance = balance + v_leg.amount - v_over, card_part = card_part - v_card where id = v_debt
        returning balance < 0 into v_owes;
      update ledger_account set balance = balance + v_over, card_part = card_part + v_card, owes = v_owes where id = v_wallet;
      insert into transfer (kind, ref, source, leg, from_account, to_account, unit, amount, created_at)
      values ('chargeback_won', p_source, p_source, 2, 'platform:stripe', v_debt, 'USD', v_leg.amount, app_now());
      if v_over > 0 then
        insert into transfer (kind, ref, source, leg, from_account, to_account, unit, amount, card_part, created_at)
        values ('chargeback_won', p_source, p_source, 3, v_debt, v_wallet, 'USD', v_over, v_card, app_now());
      end if;
    else
      v_account := case when v_leg.leg = 4 and not p_holds then v_wallet
        when v_leg.leg = 5 and not p_waits then replace(v_leg.from_account, 'pending:', 'wallet:') else v_leg.from_account end;
      v_card := case when v_leg.leg = 5 and not p_waits then 0 else v_leg.card_part end;
      update ledger_account set balance = balance + v_leg.amount, card_part = card_part + v_card where id = v_account returning owes into v_owes;
      insert into transfer (kind, ref, source, leg, from_account, to_account, unit, amount, card_part, created_at)
      values ('chargeback_won', case when v_account = v_leg.from_account then v_leg.ref else p_source end, p_source, v_leg.leg,
        'platform:stripe', v_account, 'USD', v_leg.amount, v_card, app_now());
      if v_owes then perform ledger_repay(v_account, p_source, 'chargeback_won:' || p_source, v_leg.leg); end if;
    end if;
  end loop;
end $$;

-- Writes off what has been owed since before a moment; payments have repaid the oldest first. Answers whose and how much.
create or replace function ledger_write_off(p_before timestamptz) returns table (user_id uuid, amount bigint) language plpgsql volatile as $$
#variable_conflict use_column
declare
  v_debt text;
  v_due bigint;
  v_last bigint;
begin
  for v_debt in select id from ledger_account where starts_with(id, 'debt:') and balance < 0 loop
    perform 1 from ledger_account where id = replace(v_debt, 'debt:', 'wallet:') for update;
    perform 1 from ledger_account where id = v_debt for update;
    select coalesce(sum(t.amount) filter (where t.kind in ('chargeback', 'debt_inherited') and t.created_at < p_before), 0)
        + coalesce(sum(t.amount) filter (where t.kind = 'chargeback_won'), 0), max(t.position) filter (where t.created_at < p_before)
      into v_due, v_last from transfer t where starts_with(t.from_account, 'debt:') and t.from_account = v_debt;
    select least(v_due - coalesce(sum(t.amount), 0), (select -balance from ledger_account where id = v_debt)) into v_due
      from transfer t where starts_with(t.to_account, 'debt:') and t.to_account = v_debt;
    continue when v_due <= 0;
    update ledger_account set balance = balance + v_due where id = v_debt;
    update ledger_account set owes = (select balance < 0 from ledger_account where id = v_debt) where id = replace(v_debt, 'debt:', 'wallet:');
    insert into transfer (kind, ref, source, leg, from_account, to_account, unit, amount, created_at)
    values ('debt_written_off', v_debt, v_debt || ':' || v_last, 1, 'platform:losses', v_debt, 'USD', v_due, app_now());
    user_id := split_part(v_debt, ':', 2)::uuid;
    amount := v_due;
    return next;
  end loop;
end $$;

-- What somebody owes, in cents.
create or replace function ledger_debt(p_user uuid) returns bigint language sql stable as $$
  select coalesce((select -balance from ledger_account where id = 'debt:' || p_user), 0)
$$;

-- Somebody who left has come back as somebody else: what is owed under the old name is owed under the new one, and what has come in
-- under the old name is theirs (as what it was: card money stays card money) and repays first. Nothing to move: nothing happens.
create or replace function ledger_inherit(p_from uuid, p_to uuid) returns void language plpgsql volatile as $$
declare
  v_source text := 'inherited:' || uuid7();
  v_ref text := 'user:' || p_from;
  v_wallet text := 'wallet:' || p_to;
  v_owed bigint;
  v_balance bigint;
begin
  perform 1 from ledger_account where id in ('wallet:' || p_from, v_wallet) order by id for update;
  select -balance into v_owed from ledger_account where id = 'debt:' || p_from for update;
  if v_owed > 0 then
    update ledger_account set balance = 0 where id = 'debt:' || p_from;
    update ledger_account set owes = false where id = 'wallet:' || p_from;
    insert into ledger_account as a (id, unit, balance) values ('debt:' || p_to, 'USD', -v_owed)
      on conflict (id) do update set balance = a.balance + excluded.balance;
    update ledger_account set owes = true where id = v_wallet;
    insert into transfer (kind, ref, source, leg, from_account, to_account, unit, amount, created_at)
    values ('debt_inherited', v_ref, v_source, 1, 'debt:' || p_to, 'debt:' || p_from, 'USD', v_owed, app_now());
    perform ledger_repay(v_wallet, v_ref, 'debt_inherited:' || v_source, 1);
  end if;
  select balance into v_balance from ledger_account where id = 'wallet:' || p_from;
  if v_balance > 0 then
    perform ledger_post('inherited', v_ref, v_source, 'USD', array['wallet:' || p_from], array[v_wallet], array[v_balance]);
  end if;
end $$;
-- What banks have taken back of the money held for a piece of work that is no job, and not given back.
create or replace function ledger_taken_back(p_ref text) returns bigint language sql stable as $$
  select coalesce(sum(case kind when 'chargeback' then amount else -amount end), 0)::bigint from transfer
  where ref = p_ref and not starts_with(ref, 'job:')
    and ((kind = 'chargeback' and from_account = 'escrow:' || p_ref) or (kind = 'chargeback_won' and to_account = 'escrow:' || p_ref))
$$;

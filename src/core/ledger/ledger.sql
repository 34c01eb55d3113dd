-- The ledger room's one door for moving money, called by other rooms inside their own statements.
--
-- ledger_post(kind, ref, source, unit, from[], to[], amount[]) moves amount[i] from from[i] to to[i], all or nothing:
--   'posted'        it is done
--   'short'         an account with a floor has too little: nothing was moved
--   'over_mandate'  the spending limit of the key would be passed: nothing was moved
--   'frozen'        money may not leave until an operator has looked: nothing was moved
-- It locks the accounts that have a balance in id order, decides, then writes. Posting the same (kind, source) twice is refused
-- by the constraint transfer_once. Amounts of 0 are left out.
--
-- Card money (card_part) is spent first and goes with the money into escrow and clearing; it comes back with a refund and is
-- no longer card money once somebody else has earned it. A withdrawal takes none of it, a card refund nothing else: whichever
-- part is too small, the posting is short.
--
-- What comes into the wallet of somebody who owes repays the debt in the same posting (ledger_repay).

-- Whether what comes into a wallet with such a transfer is card money there too, as far as it was on its way.
create or replace function ledger_card_stays(p_kind text) returns boolean language sql immutable parallel safe as $$
  select p_kind in ('topup', 'auto_topup', 'funding', 'refund', 'card_refund_returned', 'card_refund_bounced', 'chargeback_won', 'inherited')
$$;

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
  v_owes boolean;
begin
  if p_kind in ('withdrawal', 'payout', 'payout_in_wallet') then
    if exists (select from ledger_freeze) then return 'frozen'; end if;
  end if;
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
    -- A mandate is counted in cents; a credit counts 50.
    v_total := v_total * case p_unit when 'CREDIT' then 50 else 1 end;
    update mandate_day set spent = spent + v_total
      where lineage = p_lineage and day = v_day and spent + v_total <= p_limit;
    if not found then return 'over_mandate'; end if;
  end if;
  for v_leg in 1 .. cardinality(p_from) loop
    continue when p_amount[v_leg] = 0;
    v_moved := 0;
    if starts_with(p_from[v_leg], 'platform:') then
      if p_kind in ('topup', 'auto_topup', 'funding', 'card_refund_bounced') then v_moved := p_amount[v_leg]; end if;
    else
      select balance, card_part into v_balance, v_card from ledger_account where id = p_from[v_leg] and unit = p_unit for update;
      if p_kind = 'withdrawal' then
        v_balance := v_balance - v_card;
        v_card := 0;
      elsif p_kind = 'card_refund' then
        v_balance := v_card;
      end if;
      if v_balance is null or v_balance < p_amount[v_leg] then
        if v_written = 0 then return 'short'; end if;
        raise exception 'ledger: % is short in leg % of % %', p_from[v_leg], v_leg, p_kind, p_source;
      end if;
      v_moved := least(v_card, p_amount[v_leg]);
      update ledger_account set balance = balance - p_amount[v_leg], card_part = card_part - v_moved where id = p_from[v_leg];
    end if;
    if not starts_with(p_to[v_leg], 'platform:') then
      v_kept := case when starts_with(p_to[v_leg], 'wallet:') and not ledger_card_stays(p_kind) then 0 else v_moved end;
      if starts_with(p_to[v_leg], 'wallet:') then
        update ledger_account set balance = balance + p_amount[v_leg], card_part = card_part + v_kept
          where id = p_to[v_leg] and unit = p_unit returning owes into v_owes;
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
    if v_owes then perform ledger_repay(p_to[v_leg], p_ref, p_kind || ':' || p_source, v_leg); end if;
    v_owes := false;
  end loop;
  return 'posted';
end $$;

-- Many postings of one kind at once: leg i moves amount[i] from from[i] to to[i]; legs with the same ref are one posting, in their
-- order, and its source is the ref. Whoever comes first is served first. Answers how each came out, as ledger_post says it. Where
-- every account has enough for all of them and no mandate is to be counted, they are written together, which costs hardly more
-- than one; else one after the other.
create or replace function ledger_post_each(
  p_kind text, p_unit text, p_ref text[], p_from text[], p_to text[], p_amount bigint[], p_lineage text[] default null, p_limit bigint[] default null
) returns table (ref text, outcome text) language plpgsql volatile as $$
#variable_conflict use_column
declare v_together boolean;
begin
  perform 1 from ledger_account where id = any (p_from || p_to) order by id for update;
  select cardinality(p_ref) > 1 and not p_from && p_to and p_limit is null and p_kind not in ('withdrawal', 'card_refund', 'payout', 'payout_in_wallet') and not exists (
    select from (
      select account, sum(debit) as debit from (
        select l.account, l.amount as debit from unnest(p_from, p_amount) as l (account, amount)
        union all select account, 0 from unnest(p_to) as account
      ) as leg group by account
    ) as leg left join ledger_account a on a.id = leg.account
    where a.unit <> p_unit or a.balance < leg.debit or a.owes or starts_with(leg.account, 'debt:')
      or (a.id is null and (leg.debit > 0 or starts_with(leg.account, 'wallet:')) and not starts_with(leg.account, 'platform:'))
      or (leg.debit > 0 and starts_with(leg.account, 'platform:'))
  ) into v_together;
  if not v_together then
    return query select p.ref, ledger_post(p_kind, p.ref, p.ref, p_unit, p.sources, p.targets, p.amounts, p.lineage, p.most) from (
      select l.ref, array_agg(l.source order by l.at) as sources, array_agg(l.target order by l.at) as targets, array_agg(l.amount order by l.at) as amounts,
        min(p_lineage[l.at]) as lineage, min(p_limit[l.at]) as most
      from unnest(p_ref, p_from, p_to, p_amount) with ordinality as l (ref, source, target, amount, at) group by l.ref order by min(l.at)
    ) as p;
    return;
  end if;
  return query with leg as materialized (
    select l.ref, l.source, l.target, l.amount, row_number() over (partition by l.ref order by l.at) as leg,
      least(coalesce(a.card_part, 0), l.upto) - least(coalesce(a.card_part, 0), l.upto - l.amount) as card
    from (select *, sum(u.amount) over (partition by u.source order by u.at) as upto
      from unnest(p_ref, p_from, p_to, p_amount) with ordinality as u (ref, source, target, amount, at)) as l
    -- Nothing may come from an account that there is not, and is posted like any other.
    left join ledger_account a on a.id = l.source
  ), debited as (
    update ledger_account a set balance = a.balance - d.amount, card_part = a.card_part - d.card
    from (select leg.source, sum(leg.amount) as amount, sum(leg.card) as card from leg group by leg.source) as d where a.id = d.source
  ), credited as (
    update ledger_account a set balance = a.balance + c.amount, card_part = a.card_part + c.card
    from (select leg.target, sum(leg.amount) as amount, sum(case when ledger_card_stays(p_kind) then leg.card else 0 end) as card
      from leg where starts_with(leg.target, 'wallet:') group by leg.target) as c where a.id = c.target
  ), opened as (
    insert into ledger_account as a (id, unit, balance, card_part)
    select leg.target, p_unit, sum(leg.amount), sum(leg.card) from leg
    where leg.amount > 0 and not starts_with(leg.target, 'wallet:') and not starts_with(leg.target, 'platform:') group by leg.target
    on conflict (id) do update set balance = a.balance + excluded.balance, card_part = a.card_part + excluded.card_part
  ), written as (
    insert into transfer (kind, ref, source, leg, from_account, to_account, unit, amount, card_part, created_at)
    select p_kind, leg.ref, leg.ref, leg.leg, leg.source, leg.target, p_unit, leg.amount, leg.card, app_now() from leg where leg.amount > 0
  ) select distinct leg.ref, 'posted' from leg;
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

-- Nothing else moves this wallet's money until the transaction ends.
create or replace function ledger_lock(p_user uuid) returns void language plpgsql volatile as $$
begin
  perform 1 from ledger_account where id = 'wallet:' || p_user for update;
end $$;

-- What of a wallet came from cards and is not yet spent.
create or replace function ledger_card_part(p_user uuid) returns bigint language sql stable as $$
  select card_part from ledger_account where id = 'wallet:' || p_user
$$;

-- Whether a person owes something after a chargeback.
create or replace function ledger_owes(p_user uuid) returns boolean language sql stable as $$
  select coalesce((select owes from ledger_account where id = 'wallet:' || p_user), false)
$$;

-- What a person may take out: what is there, less what came from cards and is not yet spent, less what was earned within the last
-- days; nothing while they owe something.
create or replace function ledger_earned(p_user uuid, p_hold_days integer) returns bigint language plpgsql stable as $$
declare
  v_wallet text := 'wallet:' || p_user;
  v_since timestamptz := app_now() - make_interval(days => p_hold_days);
  v_free bigint;
  v_in record;
begin
  select case when owes then 0 else balance - card_part end into v_free from ledger_account where id = v_wallet;
  if p_hold_days = 0 or coalesce(v_free, 0) <= 0 then return greatest(0, coalesce(v_free, 0)); end if;
  -- The newest first: a wallet's transfers have their positions in the order of their times, so what lies behind the days needs no look
  -- (but for an hour by which a clock may have been set back).
  for v_in in select amount, kind, created_at from transfer
    where starts_with(to_account, 'wallet:') and to_account = v_wallet order by position desc
  loop
    exit when v_in.created_at < v_since - interval '1 hour' or v_free <= 0;
    if v_in.created_at > v_since and not ledger_card_stays(v_in.kind) and v_in.kind <> 'withdrawal_returned' then
      v_free := v_free - v_in.amount;
    end if;
  end loop;
  return greatest(0, v_free);
end $$;

-- What is reserved while the provider is asked.
create or replace function ledger_clearing(p_intent text) returns bigint language sql stable as $$
  select coalesce((select balance from ledger_account where id = 'clearing:' || p_intent), 0)
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

-- What has been released to somebody and waits for its day, in cents.
create or replace function ledger_pending(p_user uuid) returns bigint language sql stable as $$
  select coalesce((select balance from ledger_account where id = 'pending:' || p_user), 0)
$$;

-- Somebody leaves: what they have in credits goes back to where credits come from, and what is in the wallet, given up by them, is
-- nobody's. Call it with both locked. Answers what was in the wallet.
create or replace function ledger_give_up(p_user uuid) returns bigint language plpgsql volatile as $$
declare
  v_source text := 'given_up:' || uuid7();
  v_cents bigint;
  v_credits bigint;
begin
  select balance into v_credits from ledger_account where id = 'credits:' || p_user for update;
  select balance into v_cents from ledger_account where id = 'wallet:' || p_user for update;
  perform ledger_post('given_up', 'user:' || p_user, v_source, 'CREDIT', array['credits:' || p_user], array['platform:credits'], array[v_credits]);
  perform ledger_post('given_up', 'user:' || p_user, v_source || ':usd', 'USD', array['wallet:' || p_user], array['platform:unclaimed'], array[v_cents]);
  return v_cents;
end $$;
-- The same, and nothing else moves it until the transaction ends.
create or replace function ledger_lock_held(p_ref text) returns bigint language plpgsql volatile as $$
declare v_held bigint;
begin
  select balance into v_held from ledger_account where id = 'escrow:' || p_ref for update;
  return coalesce(v_held, 0);
end $$;

-- Counts money that does not come out of a wallet against the spending limit of a key's lineage, for today; false: the limit would
-- be passed, and nothing is counted.
create or replace function ledger_mandate_take(p_lineage text, p_limit bigint, p_amount bigint) returns boolean language plpgsql volatile as $$
declare v_day date := (app_now() at time zone 'UTC')::date;
begin
  insert into mandate_day (lineage, day, spent) values (p_lineage, v_day, 0) on conflict (lineage, day) do nothing;
  update mandate_day set spent = spent + p_amount where lineage = p_lineage and day = v_day and spent + p_amount <= p_limit;
  return found;
end $$;

-- What was counted on a day was not spent after all.
create or replace function ledger_mandate_back(p_lineage text, p_day date, p_amount bigint) returns void language sql volatile as $$
  update mandate_day set spent = spent - p_amount where lineage = p_lineage and day = p_day
$$;

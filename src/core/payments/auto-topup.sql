-- Writes an intent to charge a saved card if its owner's wallet is below their threshold, none is in flight and the day allows it;
-- answers it, or null. Whoever books a charge holds the same row (auto-charge.ts), and each statement here sees what has committed
-- while it was waited for: else a charge that is just being booked would neither be in flight nor in the balance, and be made twice.
create or replace function auto_topup_start(p_user uuid) returns uuid language plpgsql volatile as $$
declare
  v_today date := (app_now() at time zone 'UTC')::date;
  v_intent uuid;
begin
  perform 1 from auto_topup where user_id = p_user for update skip locked;
  if not found then return null; end if;
  insert into provider_intent (id, kind, user_id, amount_cents, target, customer, created_at, due_at)
  select uuid7(), 'auto_topup', a.user_id, a.amount_cents, c.payment_method_id, c.customer_id, app_now(), app_now()
  from auto_topup a join saved_card c on c.user_id = a.user_id join app_user u on u.id = a.user_id
  where a.user_id = p_user and a.enabled and a.paused_at is null and u.deleted_at is null and u.suspended_at is null
    and ledger_balance(a.user_id) < a.threshold_cents and not ledger_owes(a.user_id)
    and case when a.day = v_today then a.day_cents else 0 end + a.amount_cents <= a.max_per_day_cents
  on conflict (user_id) where kind = 'auto_topup' and status = 'asked' do nothing returning id into v_intent;
  if v_intent is not null then
    update auto_topup set day = v_today, day_cents = case when day = v_today then day_cents else 0 end + amount_cents, day_cap_cents = max_per_day_cents
      where user_id = p_user;
  end if;
  return v_intent;
end $$;

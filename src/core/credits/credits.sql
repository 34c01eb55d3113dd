-- Of a person's credits, what they were given and have not used up: deductions take that first.
create or replace function credits_given(p_user uuid) returns bigint language plpgsql stable as $$
begin
  return greatest(0, ledger_posted('gift', 'sign_up:' || p_user)
    - coalesce((select sum(amount) from credit_deduction where user_id = p_user), 0));
end $$;

-- Pays for a piece of work in credits, inside the statement of a desk; answers as ledger_post does. In live mode a gift pays for no
-- work: the worker would be paid out of nothing.
create or replace function credits_pay(p_work text, p_user uuid, p_amount bigint, p_live boolean, p_lineage text, p_limit bigint)
returns text language plpgsql volatile as $$
begin
  if p_live and ledger_lock_credits(p_user) - credits_given(p_user) < p_amount then return 'short'; end if;
  return ledger_post('job_paid', p_work, p_work, 'CREDIT', array['credits:' || p_user], array['escrow:' || p_work], array[p_amount],
    p_lineage, p_limit);
end $$;

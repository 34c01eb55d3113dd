import type { Sql } from '../../base/db.ts'

/** Money somebody has just earned, on its way to the account they have connected. */
export interface PayOut {
  /** Of the intent; stable over repetitions. */
  readonly id: string
  readonly user: string
  readonly amount: number
}

const start = `with payee as materialized (
  select id, stripe_account_id from app_user
  where id = $2 and stripe_account_status = 'active' and suspended_at is null and deleted_at is null and not ledger_owes(id)
), posted as materialized (
  select payee.*, ledger_post('withdrawal', 'withdrawal:' || $1, 'withdrawal:' || $1, 'USD',
    array['wallet:' || id], array['clearing:' || $1], array[$3::bigint]) as outcome from payee
)
insert into provider_intent (id, kind, user_id, amount_cents, target, created_at, due_at)
  select $1::uuid, 'withdrawal', id, $3, stripe_account_id, app_now(), app_now() from posted where outcome = 'posted' returning 1`

/**
 * Starts a withdrawal of an earning in the caller's transaction, whatever its size and age; the provider is asked afterwards, as for
 * any withdrawal. Does nothing, and says so, when there is no active account, when they owe something, or when money may not leave:
 * then it stays in the wallet.
 */
export async function startPayOut(sql: Sql, { id, user, amount }: PayOut): Promise<boolean> {
  return (await sql.rows(start, [id, user, amount])).length > 0
}

import type { Sql } from '../../base/db.ts'
import { iso } from '../../base/page.ts'

export interface LedgerLine {
  readonly id: string
  readonly delta: number
  readonly reason: string
  readonly created_at: string
}

export interface Wallet {
  readonly balance_cents: number
  readonly withdrawable_cents: number
  readonly pending_cents: number
  readonly debt_cents: number
  readonly ledger: LedgerLine[]
}

/** What a line of a wallet's history is called, by the kind of its transfer; `ref` and `source` name the work or the intent. */
const reasonSql = `case case when kind in ('card_refund_returned', 'card_refund_bounced') and not starts_with(ref, 'card_refund:') then 'refund' else kind end
  when 'topup' then source
  when 'auto_topup' then source
  when 'job_paid' then ref
  when 'job_settled' then 'earning:' || split_part(ref, ':', 2)
  when 'refund' then 'refund:' || split_part(ref, ':', 2)
  when 'payout_in_wallet' then 'release:' || split_part(ref, ':', 2)
  else kind || ':' || split_part(ref, ':', 2) end`

// The archive is looked at when what lies here is not enough, or reaches down to where the archive begins. `deeper` names no table, so
// that it is decided first, whatever the planner thinks of their order.
const newestLines = `with here as materialized (
    select * from (
      (select id, position, amount as delta, kind, ref, source, created_at from transfer
       where starts_with(to_account, 'wallet:') and to_account = 'wallet:' || $1 order by position desc limit $2)
      union all
      (select id, position, -amount, kind, ref, source, created_at from transfer
       where starts_with(from_account, 'wallet:') and from_account = 'wallet:' || $1 order by position desc limit $2)
    ) as both_ways order by position desc limit $2
  )
  select row_to_json(line) as row from (
    select id, delta, ${reasonSql} as reason, created_at from (
      select * from here union all select past.* from (
        select where (select count(*) from here) < $2 or (select min(position) from here) <= (select moved_to from ledger_archive)
      ) as deeper, ledger_past_lines($1::uuid, $2::integer) as past
    ) as lines order by position desc limit $2) as line`

/**
 * A wallet with its newest movements. Withdrawable is earned money only: what is there, less what came from cards and is not yet
 * spent, less what was earned within the last `holdDays` days. What is in clearing is for whoever asked the provider to add.
 */
export async function readWallet(sql: Sql, user: string, holdDays: number, limit: number): Promise<Wallet> {
  const [sums] = await sql.rows<{ balance: number; pending: number; debt: number; earned: number }>(
    `select
       coalesce((select balance from ledger_account where id = 'wallet:' || $1), 0) as balance,
       coalesce((select balance from ledger_account where id = 'pending:' || $1), 0) as pending,
       coalesce((select -balance from ledger_account where id = 'debt:' || $1), 0) as debt,
       ledger_earned($1::uuid, $2) as earned`,
    [user, holdDays],
  )
  const lines = await sql.rows<{ row: LedgerLine }>(newestLines, [user, limit])
  const { balance, pending, debt, earned } = sums!
  return {
    balance_cents: balance,
    withdrawable_cents: earned,
    pending_cents: pending,
    debt_cents: debt,
    ledger: lines.map(({ row }) => ({ ...row, created_at: iso(row.created_at) })),
  }
}

/** What a person has in credits; nobody else moves them until the transaction ends. */
export async function lockCredits(sql: Sql, user: string): Promise<number> {
  const [row] = await sql.rows<{ balance: number }>(
    `select balance from ledger_account where id = 'credits:' || $1 for update`,
    [user],
  )
  return row?.balance ?? 0
}

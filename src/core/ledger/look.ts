import type { Sql } from '../../base/db.ts'
import { iso } from '../../base/page.ts'
import type { Breach } from './laws.ts'

/** What accounts of each kind hold in all. */
export interface Sums {
  readonly wallets_cents: number
  readonly escrow_cents: number
  readonly pending_cents: number
  readonly clearing_cents: number
  /** What people owe, as a positive number. */
  readonly debt_cents: number
  readonly credits: number
}

/** Reads every account once: for a census, not for a request. */
export async function sumAccounts(sql: Sql): Promise<Sums> {
  const rows = await sql.rows<{ kind: string; sum: number }>(
    `select split_part(id, ':', 1) as kind, sum(balance)::bigint as sum from ledger_account where unit = 'USD' group by 1
     union all select 'credits', coalesce(sum(balance), 0)::bigint from ledger_account where unit = 'CREDIT'`,
  )
  const of = (kind: string): number => rows.find((row) => row.kind === kind)?.sum ?? 0
  return {
    wallets_cents: of('wallet'),
    escrow_cents: of('escrow'),
    pending_cents: of('pending'),
    clearing_cents: of('clearing'),
    debt_cents: 0 - of('debt'),
    credits: of('credits'),
  }
}

/** The newest seal, where what nothing covers yet begins. */
const sealedTo = `coalesce((select to_xid from ledger_seal order by number desc limit 1), 0)`

/** The market's own accounts in dollars: their snapshots, and the few transfers since the newest seal (found by a BRIN index). */
export async function platformBalances(sql: Sql): Promise<Record<string, number>> {
  const rows = await sql.rows<{ account: string; balance: number }>(
    `select split_part(account, ':', 2) as account, sum(amount)::bigint as balance from (
       select account, balance as amount from platform_snapshot where unit = 'USD'
       union all select to_account, amount from transfer where xid >= ${sealedTo} and unit = 'USD'
       union all select from_account, -amount from transfer where xid >= ${sealedTo} and unit = 'USD'
     ) as movement where starts_with(account, 'platform:') group by account order by account`,
  )
  return Object.fromEntries(rows.map(({ account, balance }) => [`${account}_cents`, balance]))
}

export interface SealState {
  /** Of the newest seal; none yet: 0. */
  readonly number: number
  readonly sealed_at: string | null
  /** Committed transfers that no seal covers yet. */
  readonly unsealed: number
}

/** How far the chain over the transfers reaches: one row, and a count of what has been posted since. */
export async function readSeals(sql: Sql): Promise<SealState> {
  const [row] = await sql.rows<{ row: SealState }>(
    `select row_to_json(s) as row from (
       select coalesce(number, 0) as number, sealed_at, (select count(*) from transfer where xid >= ${sealedTo}) as unsealed
       from (select 1) as one left join (select number, sealed_at from ledger_seal order by number desc limit 1) as newest on true) as s`,
  )
  const { sealed_at: at, ...seal } = row!.row
  return { ...seal, sealed_at: iso(at) }
}

/** What the newest check of every law found; null before the first. */
export async function readAudit(sql: Sql): Promise<{ at: string; breaches: Breach[] } | null> {
  const [row] = await sql.rows<{ row: { at: string; breaches: Breach[] } }>(
    `select row_to_json(a) as row from (select at, breaches from ledger_audit) as a`,
  )
  return row ? { at: iso(row.row.at), breaches: row.row.breaches } : null
}

export interface TransferLine {
  readonly id: string
  readonly kind: string
  readonly ref: string
  readonly source: string
  readonly from_account: string
  readonly to_account: string
  readonly unit: string
  readonly amount: number
  readonly card_part: number
  readonly created_at: string
}

// A transfer of a job has the job for its source, but for what repaid a debt on the way. There are a few dozen kinds, which the index
// of transfer_once steps through one by one: no index of its own burdens the hot path.
const found = `with recursive kind as (
  (select kind from transfer_all order by kind limit 1)
  union all select (select t.kind from transfer_all t where t.kind > kind.kind order by t.kind limit 1) from kind where kind.kind is not null
), hit as (
  select t.* from kind join transfer_all t on t.kind = kind.kind and t.source = $1
  union select t.* from kind join transfer_all t on t.kind = 'debt_repaid' and t.source = kind.kind || ':' || $1
  union select t.* from transfer_all t where not starts_with(t.ref, 'job:') and t.ref = $1
)
select row_to_json(line) as row from (
  select id, kind, ref, source, from_account, to_account, unit, amount, card_part, created_at
  from hit order by position desc limit $2
) as line`

/** The transfers about a piece of work or made for a source (`job:<uuid>`, `milestone:<uuid>`, `topup:cs_…`), newest first. */
export async function readTransfers(sql: Sql, ref: string, limit: number): Promise<TransferLine[]> {
  const rows = await sql.rows<{ row: TransferLine }>(found, [ref, limit])
  return rows.map(({ row }) => ({ ...row, created_at: iso(row.created_at) }))
}

import type { Sql } from '../../base/db.ts'
import { iso } from '../../base/page.ts'

/** What stands in an audit row is flat: whoever reads it reads a line. */
type Plain = string | number | boolean | null

/** What an operator did. */
export interface Act {
  /** Null: the owner of the machine, on the command line. */
  readonly operatorId: string | null
  /** `user.suspend`, `dispute.resolve`, …: the thing and the verb. */
  readonly act: string
  /** What it was done to, such as `user:<uuid>`. */
  readonly ref: string
  /** Why, and what it decided. */
  readonly data?: Readonly<Record<string, Plain>>
}

/** Writes an act of an operator down, for good. Belongs into the transaction of the act itself: neither is ever there alone. */
export async function audit(sql: Sql, { operatorId, act, ref, data = {} }: Act): Promise<void> {
  await sql.rows(
    `insert into operator_audit (at, operator_id, act, ref, data) values (app_now(), $1::uuid, $2, $3, $4::json)`,
    [operatorId, act, ref, JSON.stringify(data)],
  )
}

export interface ActRow {
  readonly id: number
  readonly at: string
  readonly operator_id: string | null
  readonly operator_email: string | null
  readonly act: string
  readonly ref: string
  readonly data: Record<string, Plain>
}

/** Acts, newest first, on one thing or on all: a page, by the primary key or the index of refs. */
export async function readActs(
  sql: Sql,
  { ref, before, limit }: { ref?: string | undefined; before?: number | undefined; limit: number },
): Promise<ActRow[]> {
  const rows = await sql.rows<{ row: ActRow }>(
    `select row_to_json(a) as row from (
       select a.id, a.at, a.operator_id, u.email as operator_email, a.act, a.ref, a.data
       from operator_audit a left join app_user u on u.id = a.operator_id
       where ${ref === undefined ? '$1::text is null' : 'a.ref = $1'} and ${before === undefined ? '$2::bigint is null' : 'a.id < $2'}
       order by a.id desc limit $3) as a`,
    [ref ?? null, before ?? null, limit],
  )
  return rows.map(({ row }) => ({ ...row, at: iso(row.at) }))
}

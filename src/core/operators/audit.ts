import type { Sql } from '../../base/db.ts'

/** What an operator did. */
export interface Act {
  /** Null: the owner of the machine, on the command line. */
  readonly operatorId: string | null
  /** `user.suspend`, `dispute.resolve`, …: the thing and the verb. */
  readonly act: string
  /** What it was done to, such as `user:<uuid>`. */
  readonly ref: string
  /** Why, and what it decided. */
  readonly data?: Readonly<Record<string, unknown>>
}

/** Writes an act of an operator down, for good. Belongs into the transaction of the act itself: neither is ever there alone. */
export async function audit(sql: Sql, { operatorId, act, ref, data = {} }: Act): Promise<void> {
  await sql.rows(
    `insert into operator_audit (at, operator_id, act, ref, data) values (app_now(), $1::uuid, $2, $3, $4::json)`,
    [operatorId, act, ref, JSON.stringify(data)],
  )
}

import type { Sql } from '../../../base/db.ts'
import { newId } from '../../../base/ids.ts'

export interface Payout {
  /** The work, `milestone:<uuid>`: it is paid out once. */
  readonly ref: string
  /** Who has earned it. */
  readonly user: string
  /** In cents, more than 0; it is in `pending:<user>` already, by a posting of the same transaction. */
  readonly amount: number
  /** How long it waits there. */
  readonly days: number
}

/** What has been released to somebody is paid out when so many days have passed. Within the caller's transaction. */
export async function startPayout(sql: Sql, { ref, user, amount, days }: Payout): Promise<void> {
  await sql.rows(
    `insert into payout (id, ref, user_id, amount_cents, due_at, day, created_at)
     select $1, $2, $3, $4, day, day, app_now() from (select app_now() + make_interval(days => $5::integer) as day) as agreed`,
    [newId(), ref, user, amount, days],
  )
}

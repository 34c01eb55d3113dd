import type { Sql } from '../../../base/db.ts'
import { fundingLife } from './funding.ts'

/**
 * The work wants no payment by card any more (it was funded otherwise, cancelled, or costs something else now). Within the caller's
 * transaction; the payment is ended at the provider in the background, and one that succeeds all the same goes back to its card.
 * Without an open payment nothing happens.
 */
export async function stopFunding(sql: Sql, ref: string): Promise<void> {
  await sql.rows(
    `update card_funding set status = ${fundingLife.to('stop')}, due_at = app_now() where ref = $1 and status in (${fundingLife.from('stop')})`,
    [ref],
  )
}

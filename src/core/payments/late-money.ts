import type { Database, Sql } from '../../base/db.ts'
import { newId } from '../../base/ids.ts'
import { reserve } from './refund.ts'

interface Late {
  readonly user_id: string
  readonly heir: string | null
}

const late = `select user_id, heir from deleted_accounts
  where ledger_balance(user_id) > 0 or (heir is not null and ledger_debt(user_id) > 0) limit 50`

/**
 * Money that comes for somebody who has left (a checkout paid at the last moment, a dispute won, a payout the bank sent back) does
 * not stay with nobody: whoever came back as them has it; else card money goes back to its cards, and the rest is unclaimed. A debt
 * that shows up late follows them too. Answers how many were seen to.
 */
export async function settleLateMoney(db: Database): Promise<number> {
  const found = await db.rows<Late>(late)
  for (const one of found) await db.transaction((sql) => settleOne(sql, one))
  return found.length
}

async function settleOne(sql: Sql, { user_id: user, heir }: Late): Promise<void> {
  if (heir !== null) return void (await sql.rows(`select ledger_inherit($1, $2)`, [user, heir]))
  await sql.rows(`select ledger_lock($1)`, [user])
  // What can go back to cards is on its way there: the intents are pursued like any others.
  await reserve(sql, newId(), user, undefined)
  await sql.rows(`select ledger_give_up($1)`, [user])
}

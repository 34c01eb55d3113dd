import type { Database, Sql } from '../../../base/db.ts'
import { sqlList } from '../../../base/states.ts'
import { readEvents } from '../../../core/events/read.ts'
import { awaiting } from './contract.ts'
import { lockContract } from './lock-contract.ts'
import { settleStanding } from './standing.ts'

const waiting = `select id from contract where worker_id = any ($1::uuid[]) and status in (${sqlList(awaiting)}) order by id`

/** A contract that waits is judged again. */
export async function judgeAgain(sql: Sql, contractId: string): Promise<boolean> {
  const row = await lockContract(sql, contractId, { negotiation: false })
  return row !== null && (await settleStanding(sql, row)).status !== row.status
}

/**
 * Accounts at the payment provider have changed: contracts that wait for them go on, or wait again. Each change is followed once;
 * answers how many events were looked at. What this should miss, the sweep finds.
 */
export const followAccounts = (db: Database): Promise<number> =>
  readEvents(db, 'contracts', ['connect.changed'], async (sql, events) => {
    const users = [...new Set(events.map(({ ref }) => ref.replace('user:', '')))]
    for (const { id } of await sql.rows<{ id: string }>(waiting, [users])) await judgeAgain(sql, id)
  })

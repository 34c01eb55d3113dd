import type { Sql } from '../../../base/db.ts'
import { refuseContract } from './api.ts'
import { readContract } from './queries.ts'
import type { ContractRow } from './show-contract.ts'

/**
 * Locks a contract with its milestones, and its negotiation first where that is going to be changed too, and answers them as they
 * are then. Everything that changes a contract comes through here, so that all lock in one order. Null: there is no such contract.
 */
export async function lockContract(
  sql: Sql,
  id: string,
  { negotiation }: { readonly negotiation: boolean },
): Promise<ContractRow | null> {
  if (negotiation)
    await sql.rows(
      `select 1 from negotiation where id = (select negotiation_id from contract where id = $1) for no key update`,
      [id],
    )
  const locked = await sql.rows(`select 1 from contract where id = $1 for no key update`, [id])
  if (locked.length === 0) return null
  await sql.rows(`select 1 from milestone where contract_id = $1 order by position for no key update`, [id])
  return readContract(sql, id)
}

/** The same for one of its two sides; anybody else learns nothing of it and waits for nobody. */
export async function lockOwnContract(
  sql: Sql,
  id: string,
  viewer: string,
  also: { readonly negotiation: boolean },
): Promise<ContractRow> {
  const [own] = await sql.rows(`select 1 from contract where id = $1 and $2::uuid in (client_id, worker_id)`, [
    id,
    viewer,
  ])
  const row = own ? await lockContract(sql, id, also) : null
  if (!row) throw refuseContract('contract_not_found')
  return row
}

import type { Sql } from '../../../base/db.ts'
import { contractLife } from './contract.ts'
import { tellContract } from './tell-contract.ts'

const fall = `update contract set status = ${contractLife.to('fall')}, due_at = null, ended_at = app_now(), updated_at = app_now()
  where negotiation_id = $1 and status in (${contractLife.from('fall')}) returning id`

/**
 * A negotiation has expired, and with it the contract that was being revised in it; one in any other state stays as it is. Runs in
 * the caller's transaction, which has locked the negotiation. Nothing is funded: the revision has given it back.
 */
export async function contractFalls(sql: Sql, negotiationId: string): Promise<void> {
  const [fallen] = await sql.rows<{ id: string }>(fall, [negotiationId])
  if (fallen) await tellContract(sql, 'updated', fallen.id)
}

import type { Sql } from '../../base/db.ts'
import { contractLife } from './contract/contract.ts'

/** The places of those pairs that have a completed contract with each other, whoever was the client. */
export async function haveContracted(
  sql: Sql,
  pairs: readonly { readonly a: string; readonly b: string }[],
): Promise<number[]> {
  const rows = await sql.rows<{ place: number }>(
    `select (place - 1)::integer as place from unnest($1::uuid[], $2::uuid[]) with ordinality as pair (a, b, place)
     where exists (select from contract where client_id = a and worker_id = b and status = ${contractLife.to('complete')})
        or exists (select from contract where client_id = b and worker_id = a and status = ${contractLife.to('complete')})`,
    [pairs.map(({ a }) => a), pairs.map(({ b }) => b)],
  )
  return rows.map(({ place }) => place)
}

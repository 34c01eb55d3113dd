import type { Sql } from '../../../base/db.ts'

/** Who may read a file that was delivered with a milestone: both sides of its contract. */
export async function mayReadMilestoneFile(
  sql: Sql,
  { work, viewer }: { readonly work: string; readonly viewer: string },
): Promise<boolean> {
  const id = /^milestone:([0-9a-f-]{36})$/.exec(work)?.[1]
  if (!id) return false
  const found = await sql.rows(
    `select 1 from milestone m join contract c on c.id = m.contract_id where m.id = $1 and $2::uuid in (c.client_id, c.worker_id)`,
    [id, viewer],
  )
  return found.length > 0
}

import type { Database } from '../../src/base/db.ts'

/** A negotiation that was just begun, as a row: what happens in one is the desk's own affair. */
export async function negotiation(
  db: Database,
  gig: string,
  client: string,
  worker: string,
  due: string,
): Promise<string> {
  const [row] = await db.rows<{ id: string }>(
    `insert into negotiation (id, gig_id, client_id, worker_id, state, due_at, created_at, updated_at)
     values (uuid7(), $1, $2, $3, 'pending', ${due}, app_now(), app_now()) returning id`,
    [gig, client, worker],
  )
  return row!.id
}

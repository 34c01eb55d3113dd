import type { Sql } from '../../base/db.ts'

/** The places of those pairs that have a verified job with each other, whoever was the sender. */
export async function haveDoneJobs(
  sql: Sql,
  pairs: readonly { readonly a: string; readonly b: string }[],
): Promise<number[]> {
  const rows = await sql.rows<{ place: number }>(
    `select (place - 1)::integer as place from unnest($1::uuid[], $2::uuid[]) with ordinality as pair (a, b, place)
     where exists (select from job_pair where (sender, worker) = (a, b) or (sender, worker) = (b, a))`,
    [pairs.map(({ a }) => a), pairs.map(({ b }) => b)],
  )
  return rows.map(({ place }) => place)
}

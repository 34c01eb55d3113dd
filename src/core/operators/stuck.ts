import { z } from 'zod'
import type { Sql } from '../../base/db.ts'
import { iso } from '../../base/page.ts'

/** Something that should have moved on by itself and has not. */
export const Stuck = z
  .strictObject({
    kind: z
      .string()
      .describe('job, submission, intent, inbox, negotiation, contract, milestone, payout, dispute, webhook, event.'),
    id: z.string(),
    since: z.string(),
    what: z.string().describe('What is the matter, and what an operator can do about it.'),
  })
  .meta({ id: 'Stuck' })
export type Stuck = z.infer<typeof Stuck>

/**
 * What a room knows to be stuck; rooms hand theirs in. Selects `kind`, `id`, `since` and `what`, by an index of what is open, and the
 * longest stuck first. `$1`: how many at most.
 */
export interface StuckQuestion {
  readonly name: string
  readonly query: string
}

/** A timer may be this late before anybody needs to look: the market makes due turns every few seconds. */
export const late = `interval '5 minutes'`

export async function readStuck(sql: Sql, questions: readonly StuckQuestion[], limit: number): Promise<Stuck[]> {
  const found: Stuck[] = []
  for (const { query } of questions) {
    const rows = await sql.rows<{ row: Stuck }>(`select row_to_json(s) as row from (${query}) as s`, [limit])
    found.push(...rows.map(({ row }) => ({ ...row, since: iso(row.since) })))
  }
  return found.sort((one, other) => (one.since < other.since ? -1 : 1)).slice(0, limit)
}

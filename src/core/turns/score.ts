import { z } from 'zod'
import type { Sql } from '../../base/db.ts'

/** How reliably somebody answers when it is their turn, 0 to 100, with what it is made of. */
export const GhostScore = z.strictObject({
  ghost_score: z.int().describe('100 × (answered + 5) / (expected + 10), rounded: 50 for a newcomer.'),
  expected: z.int().describe('Turns that counted: somebody waited for an answer with money at stake, by a time.'),
  answered: z.int().describe('Those of them that were answered in time.'),
})
export type GhostScore = z.infer<typeof GhostScore>

const newcomer: GhostScore = { ghost_score: 50, expected: 0, answered: 0 }

/** The scores of some people, by id; whoever has not had a turn yet has a newcomer's. */
export async function readScores(sql: Sql, users: readonly string[]): Promise<Map<string, GhostScore>> {
  const rows = await sql.rows<GhostScore & { user_id: string }>(
    `select user_id, turn_score(user_id) as ghost_score, expected, answered from reliability where user_id = any ($1::uuid[])`,
    [users],
  )
  const known = new Map(rows.map(({ user_id, ...score }) => [user_id, score]))
  return new Map(users.map((user) => [user, known.get(user) ?? newcomer]))
}

/** One person's score. */
export async function readScore(sql: Sql, user: string): Promise<GhostScore> {
  return (await readScores(sql, [user])).get(user)!
}

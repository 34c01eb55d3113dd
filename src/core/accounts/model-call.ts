import type { Sql } from '../../base/db.ts'

/**
 * Counts a call of a model that a key bound to this agent is about to cause. Null: it may (also where no agent is named, or one
 * that is not hosted: then nothing is counted). Else the seconds until the agent's next month begins, and nothing is counted.
 */
export async function countModelCall(sql: Sql, agent: string | null): Promise<number | null> {
  if (agent === null) return null
  const [counted] = await sql.rows<{ seconds: number | null }>(`select account_count_model_call($1) as seconds`, [
    agent,
  ])
  return counted!.seconds
}

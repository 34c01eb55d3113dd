import { z } from 'zod'
import type { Sql } from '../../base/db.ts'
import { iso } from '../../base/page.ts'

/** A worker persona owned by a user. Its personality is what jobs are matched against. */
export const Agent = z
  .strictObject({
    id: z.uuid(),
    owner_id: z.uuid(),
    name: z.string(),
    personality: z.string().nullable(),
    avatar_url: z.string().nullable(),
    is_default: z.boolean(),
    listed: z.boolean().describe('Shown in the public directory even before its first verified job.'),
    max_active_jobs: z.int().describe('How many jobs it may hold, work on or have under verification at once.'),
    created_at: z.string(),
    hosted: z
      .strictObject({
        llm_quota: z.int().describe('Calls of a model that its keys may cause in a month (UTC).'),
        llm_used: z.int().describe('How many of them they have caused this month.'),
        resets_at: z.string(),
      })
      .nullable()
      .describe('Set for an agent that somebody runs for you; the market itself runs none.'),
    stats: z
      .strictObject({
        jobs_done: z.int(),
        pass_rate: z.number().nullable().describe('Passed attempts among the settled ones.'),
        median_seconds: z.number().nullable().describe('From accept to submit, over its last 50 passed jobs.'),
        earned_cents: z.int(),
      })
      .describe('What it has to show; a few seconds behind.'),
  })
  .meta({ id: 'Agent' })
export type Agent = z.infer<typeof Agent>

export const AgentName = z
  .string({ error: (issue) => (issue.input === undefined ? 'name is missing' : undefined) })
  .trim()
  .min(1, 'name is missing')
  .max(100)
export const Personality = z.string().max(10_000).nullable()
export const HttpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).max(2_000)
export const MaxActiveJobs = z.int().min(1).max(100)
export const LlmQuota = z.int().min(0).max(1_000_000)

export type AgentStats = Agent['stats']

/** What agents have to show, by id. Core knows no desk, so `market.ts` hands this question in. */
export type ReadStats = (sql: Sql, agents: readonly string[]) => Promise<ReadonlyMap<string, AgentStats>>

/** An agent's row, as SQL writes it into JSON. */
export type AgentRow = Omit<Agent, 'stats'>

export const agentColumns =
  'id, owner_id, name, personality, avatar_url, is_default, listed, max_active_jobs, created_at, account_hosted(id, llm_quota) as hosted'

const newcomer: AgentStats = { jobs_done: 0, pass_rate: null, median_seconds: null, earned_cents: 0 }

export async function showAgents(sql: Sql, rows: readonly AgentRow[], readStats: ReadStats): Promise<Agent[]> {
  const stats = await readStats(
    sql,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => ({
    ...row,
    created_at: iso(row.created_at),
    hosted: row.hosted && { ...row.hosted, resets_at: iso(row.hosted.resets_at) },
    stats: stats.get(row.id) ?? newcomer,
  }))
}

export async function showAgent(sql: Sql, row: AgentRow, readStats: ReadStats): Promise<Agent> {
  return (await showAgents(sql, [row], readStats))[0]!
}

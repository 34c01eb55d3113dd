import { z } from 'zod'
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

export interface AgentRow extends Agent {
  readonly deleted_at: string | null
}

export const agentColumns =
  'id, owner_id, name, personality, avatar_url, is_default, listed, max_active_jobs, created_at'

export function showAgent(row: Agent): Agent {
  return { ...row, created_at: iso(row.created_at) }
}

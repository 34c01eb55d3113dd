import type { Sql } from '../../base/db.ts'
import { iso } from '../../base/page.ts'
import type { AgentStats } from './tally.ts'

/** What anybody may see of an agent: never its owner's e-mail, provider ids or earnings. */
export interface DirectoryAgent {
  readonly id: string
  readonly name: string
  readonly personality: string | null
  readonly avatar_url: string | null
  readonly created_at: string
  readonly stats: Omit<AgentStats, 'earned_cents'>
}

export interface DirectoryQuery {
  readonly q?: string | undefined
  readonly sort: 'completed' | 'pass_rate' | 'newest'
  readonly limit: number
  readonly offset: number
}

const order = {
  completed: 'jobs_done desc, id',
  pass_rate: 'pass_rate desc nulls last, jobs_done desc, id',
  newest: 'created_at desc, id',
} as const

/** Agents with a verified job, or listed by their owner. */
export async function readDirectory(sql: Sql, { q, sort, limit, offset }: DirectoryQuery): Promise<DirectoryAgent[]> {
  const rows = await sql.rows<{ row: Omit<DirectoryAgent, 'stats'> & AgentStats }>(
    `select row_to_json(found) as row from (
       select a.id, a.name, a.personality, a.avatar_url, a.created_at,
         coalesce(r.verified, 0) as jobs_done,
         case when r.verified + r.failed > 0 then round(r.verified::numeric / (r.verified + r.failed), 3)::float8 end as pass_rate,
         (select percentile_cont(0.5) within group (order by seconds) from unnest(r.recent_seconds) as seconds) as median_seconds
       from account_public_agents() a left join agent_record r on r.agent_id = a.id
       where (a.listed or r.verified > 0)
         and ($1::text is null or strpos(lower(a.name), lower($1)) > 0 or strpos(lower(a.personality), lower($1)) > 0)
       order by ${order[sort]} limit $2 offset $3) as found`,
    [q, limit, offset],
  )
  return rows.map(({ row: { jobs_done, pass_rate, median_seconds, ...agent } }) => ({
    id: agent.id,
    name: agent.name,
    personality: agent.personality,
    avatar_url: agent.avatar_url,
    created_at: iso(agent.created_at),
    stats: { jobs_done, pass_rate, median_seconds },
  }))
}

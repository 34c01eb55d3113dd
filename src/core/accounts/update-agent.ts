import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { type Agent, type AgentRow, agentColumns, type ReadStats, showAgent } from './agent.ts'
import { type accountsApi, refuseAccount } from './api.ts'
import { nameTaken } from './create-agent.ts'

/** Changes the fields that are given; what is left out stays. */
export async function updateAgent(
  { sql, actor }: Call,
  { id, ...change }: Input<typeof accountsApi.endpoints.update_agent>,
  readStats: ReadStats,
): Promise<Reply<Agent>> {
  if (change.hosted !== undefined && actor.agentId !== null) throw refuseAccount('hosted_by_owner')
  try {
    const [row] = await sql.rows<{ row: AgentRow }>(
      `with done as (
         update agent set
           name = coalesce($3, name),
           personality = case when $4 then $5 else personality end,
           avatar_url = case when $6 then $7 else avatar_url end,
           max_active_jobs = coalesce($8, max_active_jobs),
           listed = coalesce($9, listed),
           llm_quota = case when $10 then $11 else llm_quota end
         where id = $2 and owner_id = $1 and deleted_at is null returning ${agentColumns})
       select row_to_json(done) as row from done`,
      [
        actor.userId,
        id,
        change.name,
        change.personality !== undefined,
        change.personality,
        change.avatar_url !== undefined,
        change.avatar_url,
        change.max_active_jobs,
        change.listed,
        change.hosted !== undefined,
        change.hosted?.llm_quota,
      ],
    )
    if (!row) throw refuseAccount('agent_not_found')
    return reply(200, await showAgent(sql, row.row, readStats))
  } catch (error) {
    throw nameTaken(error)
  }
}

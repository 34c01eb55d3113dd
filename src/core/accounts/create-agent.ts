import { constraintOf } from '../../base/db.ts'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import { type Agent, type AgentRow, agentColumns, type ReadStats, showAgent } from './agent.ts'
import { type accountsApi, refuseAccount } from './api.ts'

/** Makes one more agent for the caller; at most 100, and no two of the same name. */
export async function createAgent(
  { sql, actor }: Call,
  input: Input<typeof accountsApi.endpoints.create_agent>,
  readStats: ReadStats,
): Promise<Reply<Agent>> {
  if (input.hosted !== undefined && actor.agentId !== null) throw refuseAccount('hosted_by_owner')
  await sql.rows(`select account_lock($1)`, [actor.userId])
  const [count] = await sql.rows<{ n: number }>(
    `select count(*) as n from agent where owner_id = $1 and deleted_at is null`,
    [actor.userId],
  )
  if (count!.n >= 100) throw refuseAccount('too_many_agents')
  try {
    const [made] = await sql.rows<{ row: AgentRow }>(
      `with done as (
         insert into agent (id, owner_id, name, personality, avatar_url, max_active_jobs, listed, llm_quota, created_at)
         values ($1, $2, $3, $4, $5, coalesce($6, 10), coalesce($7, false), $8, app_now()) returning ${agentColumns})
       select row_to_json(done) as row from done`,
      [
        newId(),
        actor.userId,
        input.name,
        input.personality,
        input.avatar_url,
        input.max_active_jobs,
        input.listed,
        input.hosted?.llm_quota,
      ],
    )
    return reply(201, await showAgent(sql, made!.row, readStats))
  } catch (error) {
    throw nameTaken(error)
  }
}

export const nameTaken = (error: unknown): unknown =>
  constraintOf(error) === 'agent_name' ? refuseAccount('agent_exists') : error

import type { Sql } from '../../base/db.ts'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { type accountsApi, refuseAccount } from './api.ts'
import type { Credentials } from './credentials.ts'
import { readAgent } from './queries.ts'

/** Asks a desk whether an agent has work in hand. Core knows no desk, so `main.ts` hands these questions in. */
export type IsBusy = (sql: Sql, agent: string) => Promise<boolean>

/** Deletes an idle agent and revokes the keys bound to it. It stays in the history of its jobs. */
export async function deleteAgent(
  { sql, actor }: Call,
  { id }: Input<typeof accountsApi.endpoints.delete_agent>,
  credentials: Credentials,
  busy: readonly IsBusy[],
): Promise<Reply<{ ok: true }>> {
  // Taking a job locks its owner too, so no hold can slip in between the question and the deletion.
  await sql.rows(`select account_lock($1)`, [actor.userId])
  const agent = await readAgent(sql, actor.userId, id)
  if (!agent) throw refuseAccount('agent_not_found')
  if (agent.is_default) throw refuseAccount('agent_is_default')
  for (const isBusy of busy) if (await isBusy(sql, id)) throw refuseAccount('agent_busy')
  await sql.rows(`update agent set deleted_at = app_now() where id = $1`, [id])
  const keys = await sql.rows<{ id: string }>(
    `update api_key set revoked_at = app_now() where agent_id = $1 and revoked_at is null returning id`,
    [id],
  )
  for (const key of keys) credentials.forget(key.id)
  return reply(200, { ok: true })
}

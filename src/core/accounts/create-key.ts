import type { Sql } from '../../base/db.ts'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import { type accountsApi, refuseAccount } from './api.ts'
import { makeKey } from './key.ts'
import { type KeyRow, keyColumns, readAgent, showKey } from './queries.ts'
import { defaultScopes } from './scope.ts'

export type ShownKey = KeyRow & { key: string }

/** Makes an API key of the caller's, 90 days unless asked otherwise; only its hash is kept. */
export async function createKey(
  { sql, actor }: Call,
  input: Input<typeof accountsApi.endpoints.create_key>,
): Promise<Reply<ShownKey>> {
  const {
    prefix = 'clk',
    name,
    hosted_agent_id: agentId,
    scopes = defaultScopes,
    expires_in_days: days = 90,
    spend_limit_cents: limit,
  } = input
  if (limit !== undefined && scopes.includes('wallet:manage')) throw refuseAccount('mandate_and_manage')
  // Deleting an agent takes this lock and revokes its keys: this one is either seen by it or refused.
  await sql.rows(`select account_lock($1)`, [actor.userId])
  if (agentId && !(await readAgent(sql, actor.userId, agentId))) throw refuseAccount('agent_not_found')
  const made = await mintKey(sql, actor.userId, { prefix, name, agentId, scopes, limit, days })
  return reply(201, made)
}

interface KeyTerms {
  readonly prefix?: string
  readonly name?: string | undefined
  readonly agentId?: string | undefined
  readonly scopes?: readonly string[]
  readonly limit?: number | undefined
  readonly days?: number
}

/** Writes a person's new key of a lineage of its own, in the caller's transaction; fifty live keys are the most. */
export async function mintKey(sql: Sql, user: string, terms: KeyTerms): Promise<ShownKey> {
  const { prefix = 'clk', name, agentId, scopes = defaultScopes, limit, days = 90 } = terms
  await sql.rows(`select account_lock($1)`, [user])
  const [live] = await sql.rows<{ n: number }>(
    `select count(*) as n from api_key where user_id = $1 and revoked_at is null and expires_at > app_now()`,
    [user],
  )
  if (live!.n >= 50) throw refuseAccount('too_many_keys')
  const id = newId()
  const made = makeKey(prefix)
  const [row] = await sql.rows<{ row: KeyRow }>(
    `with done as (
       insert into api_key (id, user_id, lineage, prefix, public_id, secret_hash, last_four, name, agent_id, scopes, spend_limit_cents, created_at, expires_at)
       values ($1, $2, $1, $3, $4, $5, $6, $7, $8, $9, $10, app_now(), app_now() + make_interval(days => $11)) returning ${keyColumns})
     select row_to_json(done) as row from done`,
    [id, user, prefix, made.publicId, made.hash, made.lastFour, name, agentId, scopes, limit, days],
  )
  await sql.rows(
    `select event_write('key.created', 'key:' || $2, array[$1::uuid], json_build_object('key_id', $2::uuid))`,
    [user, id],
  )
  return { ...showKey(row!.row), key: made.key }
}

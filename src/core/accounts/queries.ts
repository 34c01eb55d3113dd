import type { Sql } from '../../base/db.ts'
import { iso } from '../../base/page.ts'
import type { AgentRow } from './agent.ts'
import { agentColumns } from './agent.ts'
import type { Scope } from './scope.ts'
import type { User } from './user.ts'

/** A person as they see themselves, with what they may spend. */
export async function readUser(sql: Sql, id: string): Promise<User | null> {
  const rows = await sql.rows<{ row: User }>(
    `select row_to_json(u) as row from (
       select id, ledger_balance(id) as balance_cents, name, email, avatar_url, user_type, subscription_tier, turn_score(id) as ghost_score,
              stripe_customer_id, stripe_account_id, stripe_account_status, created_at
       from app_user where id = $1 and deleted_at is null) as u`,
    [id],
  )
  const user = rows[0]?.row
  return user ? { ...user, created_at: iso(user.created_at) } : null
}

export async function readAgents(sql: Sql, owner: string): Promise<AgentRow[]> {
  const rows = await sql.rows<{ row: AgentRow }>(
    `select row_to_json(a) as row from (
       select ${agentColumns} from agent where owner_id = $1 and deleted_at is null order by is_default desc, created_at desc, id desc) as a`,
    [owner],
  )
  return rows.map(({ row }) => row)
}

export async function readAgent(sql: Sql, owner: string, id: string): Promise<AgentRow | null> {
  const rows = await sql.rows<{ row: AgentRow }>(
    `select row_to_json(a) as row from (select ${agentColumns} from agent where id = $2 and owner_id = $1 and deleted_at is null) as a`,
    [owner, id],
  )
  return rows[0]?.row ?? null
}

export interface KeyRow {
  readonly id: string
  readonly name: string | null
  readonly prefix: string
  readonly last_four: string
  readonly hosted_agent_id: string | null
  readonly scopes: Scope[]
  readonly spend_limit_cents: number | null
  readonly created_at: string
  readonly expires_at: string
  readonly last_used_at: string | null
  readonly revoked_at: string | null
}

export const keyColumns =
  'id, name, prefix, last_four, agent_id as hosted_agent_id, scopes, spend_limit_cents, created_at, expires_at, last_used_at, revoked_at'

export async function readKeys(sql: Sql, user: string): Promise<KeyRow[]> {
  const rows = await sql.rows<{ row: KeyRow }>(
    `select row_to_json(k) as row from (
       select ${keyColumns} from api_key where user_id = $1 and rotated_at is null order by created_at desc, id desc limit 200) as k`,
    [user],
  )
  return rows.map(({ row }) => row)
}

export function showKey(row: KeyRow): KeyRow {
  return {
    ...row,
    created_at: iso(row.created_at),
    expires_at: iso(row.expires_at),
    last_used_at: iso(row.last_used_at),
    revoked_at: iso(row.revoked_at),
  }
}

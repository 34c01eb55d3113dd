import type { Database, Sql } from '../../base/db.ts'
import { iso } from '../../base/page.ts'
import { audit } from './audit.ts'

/** Somebody who runs this market because it was granted on the machine. */
export interface Granted {
  readonly user_id: string
  readonly name: string
  readonly email: string
  readonly granted_at: string
}

/** Whom a user id or an e-mail address means; null: nobody. */
async function whois(sql: Sql, who: string): Promise<{ id: string; suspended: boolean } | null> {
  const [user] = await sql.rows<{ id: string; suspended: boolean }>(
    `select id, suspended_at is not null as suspended from app_user
     where (id::text = lower($1) or email = lower($1)) and deleted_at is null for update`,
    [who],
  )
  return user ?? null
}

export type GrantOutcome = 'granted' | 'already' | 'unknown' | 'suspended'

/** Makes somebody an operator, on the word of whoever runs the machine; with its row in the audit. */
export function grantOperator(db: Database, who: string): Promise<{ outcome: GrantOutcome; userId: string | null }> {
  return db.transaction(async (sql) => {
    const user = await whois(sql, who)
    if (!user) return { outcome: 'unknown', userId: null }
    if (user.suspended) return { outcome: 'suspended', userId: user.id }
    const made = await sql.rows(
      `insert into operator (user_id, granted_at) values ($1, app_now()) on conflict (user_id) do nothing returning 1`,
      [user.id],
    )
    if (made.length === 0) return { outcome: 'already', userId: user.id }
    await audit(sql, { operatorId: null, act: 'operator.grant', ref: `user:${user.id}` })
    return { outcome: 'granted', userId: user.id }
  })
}

export type RevokeOutcome = 'revoked' | 'not_granted' | 'unknown'

/** Ends what was granted; an address in OPERATOR_EMAILS keeps its rights until that setting changes. */
export function revokeOperator(db: Database, who: string): Promise<{ outcome: RevokeOutcome; userId: string | null }> {
  return db.transaction(async (sql) => {
    const user = await whois(sql, who)
    if (!user) return { outcome: 'unknown', userId: null }
    const gone = await sql.rows(`delete from operator where user_id = $1 returning 1`, [user.id])
    if (gone.length === 0) return { outcome: 'not_granted', userId: user.id }
    await audit(sql, { operatorId: null, act: 'operator.revoke', ref: `user:${user.id}` })
    return { outcome: 'revoked', userId: user.id }
  })
}

/** Everybody it was granted to, the newest first. */
export async function readGranted(sql: Sql): Promise<Granted[]> {
  const rows = await sql.rows<{ row: Granted }>(
    `select row_to_json(g) as row from (
       select o.user_id, u.name, u.email, o.granted_at from operator o join app_user u on u.id = o.user_id
       where u.deleted_at is null order by o.granted_at desc, o.user_id) as g`,
  )
  return rows.map(({ row }) => ({ ...row, granted_at: iso(row.granted_at) }))
}

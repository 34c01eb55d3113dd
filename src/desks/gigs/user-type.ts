import type { Sql } from '../../base/db.ts'

/** Whether somebody is of this type now: asked when they post, apply or start a negotiation; later verbs go by party. */
export async function isOfType(sql: Sql, user: string, type: 'client' | 'freelancer'): Promise<boolean> {
  const [row] = await sql.rows<{ user_type: string }>(
    `select user_type from app_user where id = $1 and deleted_at is null`,
    [user],
  )
  return row?.user_type === type
}

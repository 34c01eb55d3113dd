import type { Database } from '../../base/db.ts'
import { hashPassword } from './password.ts'

/**
 * Gives the account of an e-mail address a new password, on the word of whoever runs the machine. All its browser sessions end,
 * and devices that were let in and have not yet collected their key stay outside; keys go on. Null: there is no such account.
 */
export async function resetPassword(
  db: Database,
  email: string,
  password: string,
): Promise<{ userId: string; sessions: number } | null> {
  const passwordHash = await hashPassword(password)
  return db.transaction(async (sql) => {
    const [user] = await sql.rows<{ id: string }>(
      `select id from app_user where email = lower($1) and deleted_at is null for update`,
      [email],
    )
    if (!user) return null
    await sql.rows(
      `insert into login (user_id, password_hash) values ($1, $2)
       on conflict (user_id) do update set password_hash = excluded.password_hash`,
      [user.id, passwordHash],
    )
    const ended = await sql.rows(
      `update session set ended_at = app_now() where user_id = $1 and ended_at is null returning 1`,
      [user.id],
    )
    await sql.rows(`update device_code set approved = false where decided_by = $1 and approved and used_at is null`, [
      user.id,
    ])
    return { userId: user.id, sessions: ended.length }
  })
}

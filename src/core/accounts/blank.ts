import type { Sql } from '../../base/db.ts'
import { deletedName } from './leaving.ts'

// Each forgets what one table knows of somebody; a second time it finds nothing.
const forget = [
  `delete from login where user_id = $1`,
  `delete from github_login where user_id = $1`,
  `delete from device_code where decided_by = $1`,
  // What was made of their agents' words, while the words are still there.
  `select match_forget_words('{}', array_agg(personality)) from agent where owner_id = $1 and personality is not null`,
  `update agent set name = 'Deleted agent', personality = null, avatar_url = null, listed = false, llm_quota = null,
     deleted_at = coalesce(deleted_at, app_now()) where owner_id = $1`,
  `update app_user set name = '${deletedName}', email = id || '@deleted.invalid', email_verified_at = null, avatar_url = null,
     deleted_at = coalesce(deleted_at, app_now()) where id = $1`,
] as const

/**
 * Ends every session and key of somebody and blanks what this room knows of them; what others have a right to (that there was an
 * account, which key spent what) stays under its number. Answers the credentials that have ended.
 */
export async function blankAccount(sql: Sql, user: string): Promise<string[]> {
  const sessions = await sql.rows<{ id: string }>(`delete from session where user_id = $1 returning id`, [user])
  const keys = await sql.rows<{ id: string }>(
    `update api_key set revoked_at = coalesce(revoked_at, app_now()), rotated_at = null, name = null, prefix = 'clk', last_four = '····',
       secret_hash = ''
     where user_id = $1 and secret_hash <> '' returning id`,
    [user],
  )
  for (const statement of forget) await sql.rows(statement, [user])
  await sql.rows(`select event_forget_pages($1)`, [user])
  await sql.rows(`select files_forget($1, '{}')`, [user])
  return [...sessions, ...keys].map(({ id }) => id)
}

import type { Sql } from '../../base/db.ts'
import { newId } from '../../base/ids.ts'
import { hashOf, makeToken } from './key.ts'

export const sessionCookie = 'clawrk_session'

const lifeSeconds = 30 * 24 * 3600

/** Starts a browser session: 7 days since it was last seen, 30 days in all. Only a hash of its token is kept. */
export async function startSession(sql: Sql, user: string, secure: boolean): Promise<string> {
  const token = makeToken()
  await sql.rows(
    `insert into session (id, user_id, token_hash, created_at, seen_at) values ($1, $2, $3, app_now(), app_now())`,
    [newId(), user, hashOf(token)],
  )
  return setCookie(token, lifeSeconds, secure)
}

export const clearCookie = (secure: boolean): string => setCookie('', 0, secure)

const setCookie = (token: string, maxAge: number, secure: boolean): string =>
  `${sessionCookie}=${token}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`

/** Kept by a browser that is away to sign in elsewhere, and sent only where it comes back. */
export const awayCookie = 'clawrk_away'

/** Lax, because the way back is a link from another site. */
export const setAwayCookie = (value: string, maxAge: number, secure: boolean): string =>
  `${awayCookie}=${value}; Path=/api/auth/callback; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`

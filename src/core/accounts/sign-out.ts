import { type Call, type Reply, reply } from '../../base/endpoint.ts'
import type { Credentials } from './credentials.ts'
import { clearCookie } from './session.ts'

/** Ends the session that asks; its cookie is worth nothing from now on. */
export async function signOut(
  { sql, actor }: Call,
  credentials: Credentials,
  secure: boolean,
): Promise<Reply<{ ok: true }>> {
  await sql.rows(`update session set ended_at = app_now() where id = $1 and ended_at is null`, [actor.sessionId])
  credentials.forget(actor.sessionId!)
  return reply(200, { ok: true }, { 'set-cookie': clearCookie(secure) })
}

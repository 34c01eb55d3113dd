import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { type accountsApi, refuseAccount } from './api.ts'
import { passwordMatches } from './password.ts'
import { readUser } from './queries.ts'
import { startSession } from './session.ts'
import type { User } from './user.ts'

/** Starts a session for whoever knows the password; a wrong address and a wrong password look and take the same. */
export async function signIn(
  { sql }: Call,
  { email, password }: Input<typeof accountsApi.endpoints.sign_in>,
  secure: boolean,
): Promise<Reply<{ user: User }>> {
  const [found] = await sql.rows<{ id: string; password_hash: string }>(
    `select u.id, l.password_hash from app_user u join login l on l.user_id = u.id where u.email = $1 and u.deleted_at is null`,
    [email],
  )
  if (!(await passwordMatches(password, found?.password_hash ?? null)) || !found) throw refuseAccount('login_wrong')
  const cookie = await startSession(sql, found.id, secure)
  return reply(200, { user: (await readUser(sql, found.id))! }, { 'set-cookie': cookie })
}

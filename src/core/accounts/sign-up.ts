import type { Database } from '../../base/db.ts'
import { type Input, type Reply, reply } from '../../base/endpoint.ts'
import type { accountsApi } from './api.ts'
import { openAccount } from './open-account.ts'
import { hashPassword } from './password.ts'
import { readUser } from './queries.ts'
import { startSession } from './session.ts'
import type { User } from './user.ts'

/** Makes a person with a login, the agent `default`, an empty wallet, 10 credits and a session. */
export async function signUp(
  { email, password, name }: Input<typeof accountsApi.endpoints.sign_up>,
  secure: boolean,
  db: Database,
): Promise<Reply<{ user: User }>> {
  const passwordHash = await hashPassword(password)
  return db.transaction(async (sql) => {
    const id = await openAccount(sql, { name, email })
    await sql.rows(`insert into login (user_id, password_hash) values ($1, $2)`, [id, passwordHash])
    const cookie = await startSession(sql, id, secure)
    return reply(201, { user: (await readUser(sql, id))! }, { 'set-cookie': cookie })
  })
}

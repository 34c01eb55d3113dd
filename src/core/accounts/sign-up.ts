import { constraintOf } from '../../base/db.ts'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import { type accountsApi, refuseAccount } from './api.ts'
import { hashPassword } from './password.ts'
import { readUser } from './queries.ts'
import { startSession } from './session.ts'
import type { User } from './user.ts'

/** Makes a person with a login, the agent `default`, an empty wallet, 10 credits and a session. */
export async function signUp(
  call: Call,
  { email, password, name }: Input<typeof accountsApi.endpoints.sign_up>,
  secure: boolean,
): Promise<Reply<{ user: User }>> {
  const { sql } = call
  const id = newId()
  const passwordHash = await hashPassword(password)
  try {
    await sql.rows(`insert into app_user (id, name, email, created_at) values ($1, $2, $3, app_now())`, [
      id,
      name,
      email,
    ])
  } catch (error) {
    if (constraintOf(error) === 'app_user_email') throw refuseAccount('email_taken')
    throw error
  }
  await sql.rows(`insert into login (user_id, password_hash) values ($1, $2)`, [id, passwordHash])
  await sql.rows(
    `insert into agent (id, owner_id, name, is_default, created_at) values ($1, $2, 'default', true, app_now())`,
    [newId(), id],
  )
  await sql.rows(`select ledger_open($1)`, [id])
  await sql.rows(
    `select ledger_post('gift', 'user:' || $1, 'sign_up:' || $1, 'CREDIT', array['platform:credits'], array['credits:' || $1], array[10])`,
    [id],
  )
  await sql.rows(
    `select event_write('user.created', 'user:' || $1, array[$1::uuid], json_build_object('user_id', $1::uuid))`,
    [id],
  )
  const cookie = await startSession(sql, id, secure)
  return reply(201, { user: (await readUser(sql, id))! }, { 'set-cookie': cookie })
}

import { constraintOf, type Sql } from '../../base/db.ts'
import { newId } from '../../base/ids.ts'
import { refuseAccount } from './api.ts'

export interface Newcomer {
  readonly name: string
  readonly email: string
  /** Whether somebody we trust has seen that the address is theirs. */
  readonly verified?: boolean
  readonly avatarUrl?: string | null
}

/** Makes a person with the agent `default`, an empty wallet and 10 credits, in the caller's transaction; answers their id. */
export async function openAccount(
  sql: Sql,
  { name, email, verified = false, avatarUrl = null }: Newcomer,
): Promise<string> {
  const id = newId()
  try {
    await sql.rows(
      `insert into app_user (id, name, email, email_verified_at, avatar_url, created_at)
       values ($1, $2, $3, case when $4 then app_now() end, $5, app_now())`,
      [id, name, email, verified, avatarUrl],
    )
  } catch (error) {
    if (constraintOf(error) === 'app_user_email') throw refuseAccount('email_taken')
    throw error
  }
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
  return id
}

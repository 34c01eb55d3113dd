import type { Sql } from '../../base/db.ts'
import { refuseProfile } from './api.ts'

/**
 * Keeps the caller's account as it is until the transaction ends. A credential is believed for a few seconds: whoever has left
 * meanwhile must not put anything of theirs here again.
 */
export async function keepAccount(sql: Sql, user: string): Promise<void> {
  const [there] = await sql.rows(`select 1 from app_user where id = $1 and deleted_at is null for no key update`, [
    user,
  ])
  if (!there) throw refuseProfile('credential_dead')
}

import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { type accountsApi, refuseAccount } from './api.ts'
import type { Credentials } from './credentials.ts'

/**
 * Ends one of the caller's keys and whatever it has been rotated into, so that a thief who rotates first gains nothing: at once
 * here and within 5 s in every other process. Revoking twice is fine.
 */
export async function revokeKey(
  { sql, actor }: Call,
  { id }: Input<typeof accountsApi.endpoints.revoke_key>,
  credentials: Credentials,
): Promise<Reply<{ ok: true }>> {
  // Rotation takes this lock too: its new key is either seen by the next statement or never made.
  await sql.rows(`select account_lock($1)`, [actor.userId])
  const keys = await sql.rows<{ id: string }>(
    `update api_key set revoked_at = coalesce(revoked_at, app_now())
     where lineage = (select lineage from api_key where id = $2 and user_id = $1) returning id`,
    [actor.userId, id],
  )
  if (keys.length === 0) throw refuseAccount('key_not_found')
  for (const key of keys) credentials.forget(key.id)
  return reply(200, { ok: true })
}

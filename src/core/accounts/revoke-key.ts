import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { type accountsApi, refuseAccount } from './api.ts'
import type { Credentials } from './credentials.ts'

/** Ends one of the caller's keys, at once here and within 5 s in every other process. Revoking twice is fine. */
export async function revokeKey(
  { sql, actor }: Call,
  { id }: Input<typeof accountsApi.endpoints.revoke_key>,
  credentials: Credentials,
): Promise<Reply<{ ok: true }>> {
  const [key] = await sql.rows(
    `update api_key set revoked_at = coalesce(revoked_at, app_now()) where id = $2 and user_id = $1 returning id`,
    [actor.userId, id],
  )
  if (!key) throw refuseAccount('key_not_found')
  credentials.forget(id)
  return reply(200, { ok: true })
}

import { type Call, type Reply, reply } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import { refuseAccount } from './api.ts'
import type { ShownKey } from './create-key.ts'
import type { Credentials } from './credentials.ts'
import { makeKey } from './key.ts'
import { type KeyRow, keyColumns, showKey } from './queries.ts'

/** Replaces the calling key by a new one of the same lineage, rights and length of life; the old one is dead at once. */
export async function rotateKey({ sql, actor }: Call, credentials: Credentials): Promise<Reply<ShownKey>> {
  await sql.rows(`select account_lock($1)`, [actor.userId])
  const [old] = await sql.rows<{ prefix: string }>(
    `update api_key set revoked_at = app_now(), rotated_at = app_now() where id = $1 and revoked_at is null returning prefix`,
    [actor.keyId],
  )
  if (!old) throw refuseAccount('credential_dead')
  const made = makeKey(old.prefix)
  const [row] = await sql.rows<{ row: KeyRow }>(
    `with done as (
       insert into api_key (id, user_id, lineage, prefix, public_id, secret_hash, last_four, name, agent_id, scopes, spend_limit_cents, created_at, expires_at)
       select $2, user_id, lineage, prefix, $3, $4, $5, name, agent_id, scopes, spend_limit_cents, app_now(), app_now() + (expires_at - created_at)
       from api_key where id = $1 returning ${keyColumns})
     select row_to_json(done) as row from done`,
    [actor.keyId, newId(), made.publicId, made.hash, made.lastFour],
  )
  credentials.forget(actor.keyId!)
  return reply(200, { ...showKey(row!.row), key: made.key })
}

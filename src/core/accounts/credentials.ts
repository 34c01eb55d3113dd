import type { Sql } from '../../base/db.ts'
import type { Actor } from '../../base/endpoint.ts'
import { hashOf, publicIdOf, sameHash } from './key.ts'
import { scopes } from './scope.ts'

/** How long a look-up may be believed: a dead key or session is refused everywhere within this time. */
const cachedMs = 4_000

/** Longer than any transaction may take. */
const endingMs = 60_000

export const anonymous: Actor = {
  kind: 'anonymous',
  userId: '',
  lineage: 'anonymous',
  keyId: null,
  sessionId: null,
  scopes: new Set(),
  agentId: null,
  spendLimitCents: null,
  suspended: false,
  operator: false,
}

export interface Credentials {
  /** The actor behind a key; null when it is unknown, expired or revoked. */
  byKey(key: string): Promise<Actor | null>
  /** The actor behind a key that rotation ended at most 60 s ago: only good for replaying that rotation. */
  byRotatedKey(key: string): Promise<Actor | null>
  /** The actor behind a session cookie; null when it has ended. */
  bySession(token: string): Promise<Actor | null>
  /** Drops what is cached of a key or session that this process is just ending, and believes nothing of it for a while. */
  forget(id: string): void
}

interface KeyFound {
  id: string
  user_id: string
  lineage: string
  secret_hash: Buffer
  agent_id: string | null
  scopes: string[]
  spend_limit_cents: number | null
  stale: boolean
  suspended: boolean
  operator: boolean
}

/** What is known of whoever stands behind a credential, beside it; `emails`: those of OPERATOR_EMAILS. */
const standing = (emails: string): string =>
  `u.suspended_at is not null as suspended, account_is_operator(u, ${emails}) as operator`

const keySql = (condition: string): string =>
  `select k.id, k.user_id, k.lineage, k.secret_hash, k.agent_id, k.scopes, k.spend_limit_cents,
          k.last_used_at is null or k.last_used_at < app_now() - interval '1 hour' as stale,
          ${standing('$2')}
   from api_key k join app_user u on u.id = k.user_id
   where k.public_id = $1 and u.deleted_at is null and k.expires_at > app_now() and ${condition}`
const liveKey = keySql('k.revoked_at is null')
const rotatedKey = keySql(`k.rotated_at > app_now() - interval '60 seconds'`)

/** Looks credentials up in the database and believes an answer, of the person behind it too, for a few seconds. */
export function openCredentials(sql: Sql, operatorEmails: readonly string[] = []): Credentials {
  const cache = new Map<string, { actor: Actor; until: number }>()
  // Whoever looks a credential up while it is being ended still finds it alive, and must not put it back.
  const ending = new Map<string, number>()
  const isEnding = ({ keyId, sessionId }: Actor): boolean => (ending.get((keyId ?? sessionId)!) ?? 0) > Date.now()
  const remember = (secret: string, actor: Actor): Actor => {
    if (ending.size > 0 && isEnding(actor)) return actor
    if (cache.size >= 50_000) cache.clear()
    cache.set(secret, { actor, until: Date.now() + cachedMs })
    return actor
  }
  const cached = (secret: string): Actor | null => {
    const entry = cache.get(secret)
    if (!entry) return null
    if (entry.until > Date.now()) return entry.actor
    cache.delete(secret)
    return null
  }
  const lookUp = async (key: string, query: string): Promise<{ actor: Actor; stale: boolean } | null> => {
    const publicId = publicIdOf(key)
    if (!publicId) return null
    const [row] = await sql.rows<KeyFound>(query, [publicId, operatorEmails])
    if (!row || !sameHash(row.secret_hash, hashOf(key))) return null
    return {
      stale: row.stale,
      actor: {
        kind: 'key',
        userId: row.user_id,
        lineage: row.lineage,
        keyId: row.id,
        sessionId: null,
        scopes: new Set(row.scopes),
        agentId: row.agent_id,
        spendLimitCents: row.spend_limit_cents,
        suspended: row.suspended,
        operator: row.operator,
      },
    }
  }
  return {
    async byKey(key) {
      const known = cached(key)
      if (known) return known
      const found = await lookUp(key, liveKey)
      if (!found) return null
      if (found.stale) await sql.rows(`update api_key set last_used_at = app_now() where id = $1`, [found.actor.keyId])
      return remember(key, found.actor)
    },
    async byRotatedKey(key) {
      return (await lookUp(key, rotatedKey))?.actor ?? null
    },
    async bySession(token) {
      const known = cached(token)
      if (known) return known
      const [row] = await sql.rows<Pick<KeyFound, 'id' | 'user_id' | 'stale' | 'suspended' | 'operator'>>(
        `select s.id, s.user_id, s.seen_at < app_now() - interval '1 hour' as stale, ${standing('$2')}
         from session s join app_user u on u.id = s.user_id
         where s.token_hash = $1 and s.ended_at is null and u.deleted_at is null
           and s.seen_at > app_now() - interval '7 days' and s.created_at > app_now() - interval '30 days'`,
        [hashOf(token), operatorEmails],
      )
      if (!row) return null
      if (row.stale) await sql.rows(`update session set seen_at = app_now() where id = $1`, [row.id])
      return remember(token, {
        kind: 'session',
        userId: row.user_id,
        lineage: `session:${row.user_id}`,
        keyId: null,
        sessionId: row.id,
        scopes: new Set<string>(scopes),
        agentId: null,
        spendLimitCents: null,
        suspended: row.suspended,
        operator: row.operator,
      })
    },
    forget(id) {
      if (ending.size >= 1_000) for (const [ended, until] of ending) if (until <= Date.now()) ending.delete(ended)
      ending.set(id, Date.now() + endingMs)
      for (const [secret, { actor }] of cache) if (actor.keyId === id || actor.sessionId === id) cache.delete(secret)
    },
  }
}

import type { Sql } from '../../base/db.ts'
import type { Actor } from '../../base/endpoint.ts'
import { together } from '../../base/together.ts'
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
  /** The same as the database has it now, whatever is cached. Who is asked for at the same moment is asked for in one statement. */
  readonly anew: Pick<Credentials, 'byKey' | 'bySession'>
  /** Drops what is cached of a key or session that this process is just ending, and believes nothing of it for a while. */
  forget(id: string): void
}

interface KeyFound {
  id: string
  user_id: string
  public_id: string
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
  `select k.id, k.user_id, k.public_id, k.lineage, k.secret_hash, k.agent_id, k.scopes, k.spend_limit_cents,
          k.last_used_at is null or k.last_used_at < app_now() - interval '1 hour' as stale,
          ${standing('$2')}
   from api_key k join app_user u on u.id = k.user_id
   where ${condition} and u.deleted_at is null and k.expires_at > app_now()`
const liveKey = keySql('k.public_id = $1 and k.revoked_at is null')
const liveKeys = keySql('k.public_id = any ($1) and k.revoked_at is null')
const rotatedKey = keySql(`k.public_id = $1 and k.rotated_at > app_now() - interval '60 seconds'`)

interface SessionFound {
  id: string
  user_id: string
  token_hash: Buffer
  stale: boolean
  suspended: boolean
  operator: boolean
}

const sessionSql = (condition: string): string =>
  `select s.id, s.user_id, s.token_hash, s.seen_at < app_now() - interval '1 hour' as stale, ${standing('$2')}
   from session s join app_user u on u.id = s.user_id
   where ${condition} and s.ended_at is null and u.deleted_at is null
     and s.seen_at > app_now() - interval '7 days' and s.created_at > app_now() - interval '30 days'`
const liveSession = sessionSql('s.token_hash = $1')
const liveSessions = sessionSql('s.token_hash = any ($1)')

const actorOfKey = (row: KeyFound): Actor => ({
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
})

const actorOfSession = (row: SessionFound): Actor => ({
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
  const lookUp = async (key: string, query: string): Promise<KeyFound | null> => {
    const publicId = publicIdOf(key)
    if (!publicId) return null
    const [row] = await sql.rows<KeyFound>(query, [publicId, operatorEmails])
    return row && sameHash(row.secret_hash, hashOf(key)) ? row : null
  }
  const keysNow = together<KeyFound>(async (publicIds) => {
    const rows = await sql.rows<KeyFound>(liveKeys, [publicIds, operatorEmails])
    return new Map(rows.map((row) => [row.public_id, row]))
  })
  const sessionsNow = together<SessionFound>(async (hashes) => {
    const found = hashes.map((hash) => Buffer.from(hash, 'base64'))
    const rows = await sql.rows<SessionFound>(liveSessions, [found, operatorEmails])
    return new Map(rows.map((row) => [row.token_hash.toString('base64'), row]))
  })
  const useKey = async (key: string, row: KeyFound): Promise<Actor> => {
    if (row.stale) await sql.rows(`update api_key set last_used_at = app_now() where id = $1`, [row.id])
    return remember(key, actorOfKey(row))
  }
  const useSession = async (token: string, row: SessionFound): Promise<Actor> => {
    if (row.stale) await sql.rows(`update session set seen_at = app_now() where id = $1`, [row.id])
    return remember(token, actorOfSession(row))
  }
  return {
    async byKey(key) {
      const known = cached(key)
      if (known) return known
      const row = await lookUp(key, liveKey)
      return row ? useKey(key, row) : null
    },
    async byRotatedKey(key) {
      const row = await lookUp(key, rotatedKey)
      return row ? actorOfKey(row) : null
    },
    async bySession(token) {
      const known = cached(token)
      if (known) return known
      const [row] = await sql.rows<SessionFound>(liveSession, [hashOf(token), operatorEmails])
      return row ? useSession(token, row) : null
    },
    anew: {
      async byKey(key) {
        const publicId = publicIdOf(key)
        const row = publicId ? await keysNow(publicId) : null
        return row && sameHash(row.secret_hash, hashOf(key)) ? useKey(key, row) : null
      },
      async bySession(token) {
        const row = await sessionsNow(hashOf(token).toString('base64'))
        return row ? useSession(token, row) : null
      },
    },
    forget(id) {
      if (ending.size >= 1_000) for (const [ended, until] of ending) if (until <= Date.now()) ending.delete(ended)
      ending.set(id, Date.now() + endingMs)
      for (const [secret, { actor }] of cache) if (actor.keyId === id || actor.sessionId === id) cache.delete(secret)
    },
  }
}

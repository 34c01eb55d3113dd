import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { constraintOf, type Database, type Sql, sqlState } from '../../base/db.ts'
import type { AnyEndpoint, Reply } from '../../base/endpoint.ts'
import { refuseAtEdge } from '../../base/refusals.ts'
import type { Sealer } from '../../base/seal.ts'
import type { Remember } from '../../base/statement.ts'
import { addressOf } from './limits.ts'

/** What an idempotency key stands for: who used it where, and for what input, which may hold passwords and so leaves no plain hash. */
export function rememberOf(
  header: unknown,
  endpoint: AnyEndpoint,
  lineage: string,
  input: unknown,
  sealer: Sealer,
): Remember | null {
  if (header === undefined || endpoint.kind === 'read') return null
  if (typeof header !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(header)) throw refuseAtEdge('idempotency_key_invalid')
  if (endpoint.forgotten) return null
  return {
    lineage,
    route: endpoint.route,
    key: header,
    fingerprint: sealer.fingerprint(JSON.stringify(input)),
    effectId: randomUUID(),
  }
}

/**
 * Under what the keys of somebody without a credential are kept: their address, told again only by whoever has the market's
 * secret. Strangers who happen to use the same key do not get each other's answers.
 */
export const lineageOfStranger = (ip: string, sealer: Sealer): string =>
  `stranger:${sealer.fingerprint(addressOf(ip)).toString('base64url')}`

/** What is stored of an earlier use of a key. */
export interface Stored {
  readonly fingerprint: Buffer
  readonly effect_id: string | null
  readonly running: boolean
  readonly status: number | null
  readonly answer: unknown
  readonly sealed: Buffer | null
  /** Whether the minute is over for which the answer's secrets may be shown again. */
  readonly old: boolean
}

/** Reads an earlier use of the key; a key is good for 24 hours. */
export async function recall(sql: Sql, { lineage, route, key, fingerprint }: Remember): Promise<Stored | null> {
  const [stored] = await sql.rows<Stored>(
    `select fingerprint, effect_id, answer is null and leased_until > clock_timestamp() as running, status, answer,
            case when sealed_until > clock_timestamp() then sealed end as sealed,
            created_at < clock_timestamp() - interval '60 seconds' as old
     from idempotency where lineage = $1 and route = $2 and key = $3`,
    [lineage, route, key],
  )
  if (stored && !stored.fingerprint.equals(fingerprint)) throw refuseAtEdge('idempotency_key_reused')
  return stored ?? null
}

/** Whether an error says that this key has been used, by an effect that has committed meanwhile. */
export const isTwin = (error: unknown): boolean => constraintOf(error) === 'idempotency_pkey'

/** Whether a twin in flight was waited for in vain. */
export const isStillRunning = (error: unknown): boolean => sqlState(error) === '55P03'

/** Takes the secrets out of an answer before it is stored: sealed, and readable for 60 seconds only. */
function withoutSecrets(
  endpoint: AnyEndpoint,
  { body }: Reply,
  sealer: Sealer,
  context: string,
): [answer: unknown, sealed: Buffer | null] {
  if (!endpoint.secrets || typeof body !== 'object' || body === null) return [body, null]
  // An answer whose secrets are all empty has none to hide, and is good for a whole day.
  if (endpoint.secrets.every((name) => (body as Record<string, unknown>)[name] == null)) return [body, null]
  const secrets = Object.fromEntries(endpoint.secrets.map((name) => [name, (body as Record<string, unknown>)[name]]))
  const rest = Object.fromEntries(Object.entries(body).filter(([name]) => !endpoint.secrets!.includes(name)))
  return [rest, sealer.seal(JSON.stringify(secrets), context)]
}

const contextOf = ({ lineage, route, key }: Remember): string => JSON.stringify([lineage, route, key])

/** The stored answer again; its secrets only while they are still sealed beside it. */
export function replay(endpoint: AnyEndpoint, stored: Stored, remember: Remember, sealer: Sealer): Reply {
  const hidesNothing = !endpoint.secrets?.length || endpoint.secrets.some((name) => name in (stored.answer as object))
  if (stored.status! >= 400 || hidesNothing) return { status: stored.status!, body: stored.answer }
  if (!stored.sealed) throw refuseAtEdge('secret_already_shown')
  const secrets = JSON.parse(sealer.open(stored.sealed, contextOf(remember))) as object
  return { status: stored.status!, body: { ...(stored.answer as object), ...secrets } }
}

const begin = `insert into idempotency (lineage, route, key, fingerprint, effect_id, leased_until)
  values ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6)) on conflict do nothing returning 1`

/** Writes the key's row; false when it was there already. Inside a transaction it waits for a twin in flight. */
export async function beginWith(
  sql: Sql,
  { lineage, route, key, fingerprint, effectId }: Remember,
  leaseSeconds: number,
): Promise<boolean> {
  return (await sql.rows(begin, [lineage, route, key, fingerprint, effectId, leaseSeconds])).length > 0
}

/** Stores the answer beside the effect. */
export async function finishWith(
  sql: Sql,
  endpoint: AnyEndpoint,
  remember: Remember,
  answer: Reply,
  sealer: Sealer,
): Promise<void> {
  const [stored, sealed] = withoutSecrets(endpoint, answer, sealer, contextOf(remember))
  await sql.rows(
    `update idempotency set status = $4, answer = $5, sealed = $6, sealed_until = clock_timestamp() + interval '60 seconds', leased_until = null
     where lineage = $1 and route = $2 and key = $3`,
    [remember.lineage, remember.route, remember.key, answer.status, JSON.stringify(stored), sealed],
  )
}

/** A refusal changed nothing: the key may be used again. */
export async function releaseKey(sql: Sql, { lineage, route, key }: Remember): Promise<void> {
  await sql.rows(`delete from idempotency where lineage = $1 and route = $2 and key = $3 and answer is null`, [
    lineage,
    route,
    key,
  ])
}

/**
 * Begins an `outside` effect: answers the key's own row to work under, or what is stored. A twin that is at work is waited for;
 * one whose process died is taken over after its lease, with the same effect id, so the provider sees the same request.
 */
export async function beginOutside(
  db: Database,
  remember: Remember,
): Promise<{ remember: Remember } | { stored: Stored }> {
  if (await beginWith(db, remember, outsideLease)) return { remember }
  for (let waited = 0; waited < 100; waited++) {
    const stored = await recall(db, remember)
    if (!stored) {
      if (await beginWith(db, remember, outsideLease)) return { remember }
    } else if (stored.answer !== null) return { stored }
    else if (!stored.running) {
      const [taken] = await db.rows(
        `update idempotency set leased_until = clock_timestamp() + make_interval(secs => $4)
         where lineage = $1 and route = $2 and key = $3 and answer is null and leased_until <= clock_timestamp() returning 1`,
        [remember.lineage, remember.route, remember.key, outsideLease],
      )
      if (taken) return { remember: { ...remember, effectId: stored.effect_id! } }
    }
    await sleep(100)
  }
  throw refuseAtEdge('idempotency_twin_running', { retryable: true, retry_after_seconds: 5 })
}

/**
 * For an `outside` effect on our own database, within the transaction that has it: true the first time, false for whoever has taken
 * it over from a process that died behind it.
 */
export async function isFirstEffect(sql: Sql, { lineage, route, key }: Remember): Promise<boolean> {
  const marked = await sql.rows(
    `update idempotency set status = 102 where lineage = $1 and route = $2 and key = $3 and status is null returning 1`,
    [lineage, route, key],
  )
  return marked.length > 0
}

/** Longer than any call to a provider may take. */
const outsideLease = 60

/**
 * Forgets what somebody who leaves was answered: by their keys and sessions, and as a stranger who signed up or in. The deletion
 * itself is told again to whoever asks twice at once.
 */
export async function forgetAnswers(sql: Sql, user: string): Promise<void> {
  await sql.rows(
    `delete from idempotency where route <> 'POST /api/account/delete' and lineage in (
       select 'session:' || $1::uuid union all select lineage::text from api_key where user_id = $1)`,
    [user],
  )
  await sql.rows(
    `delete from idempotency where lineage >= 'stranger:' and lineage < 'stranger;' and route like 'POST /api/auth/%' and answer -> 'user' ->> 'id' = $1`,
    [user],
  )
}

/** Throws away keys older than a day, and sealed secrets past their minute. By `now()`: no index is entered with a clock that goes on. */
export async function tidyIdempotency(sql: Sql): Promise<void> {
  await sql.rows(`delete from idempotency where created_at < now() - interval '24 hours'`)
  await sql.rows(`update idempotency set sealed = null where sealed is not null and sealed_until < now()`)
}

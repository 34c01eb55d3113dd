import { createHash } from 'node:crypto'
import { ApiError, errorAnswer } from '../wire/api-error.ts'
import { canonical, type Form } from '../wire/form.ts'
import { print } from '../wire/print.ts'
import type { Call } from './call.ts'

/** A finished answer: its status and its very bytes. `replayOf` is the request that gave it first. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly replayOf?: string
}

export interface KeyedRequest {
  readonly key: string
  readonly path: string
  readonly form: Form
}

/**
 * Runs `work` once per key and 24 hours. The answer is kept with the effect, in one transaction; refusals by
 * `work` are kept too, as Stripe keeps them, and what they had written is undone. A twin of a running request is refused.
 */
export async function once(call: Call, request: KeyedRequest, work: () => Promise<Answer>): Promise<Answer> {
  const { key, path } = request
  if (key.length > 255) throw idempotencyError(400, 'Idempotency keys can be up to 255 characters long.')
  // The lock lives as long as the transaction, so a request that dies leaves no key in use.
  const lock = await call.tx.query<{ free: boolean }>(
    `select pg_try_advisory_xact_lock(hashtextextended('stripe_twin.key:' || $1, 0)) as free`,
    [key],
  )
  if (!lock.rows[0]!.free) throw idempotencyError(409, inUse(key), 'idempotency_key_in_use')
  const hash = createHash('sha256').update(canonical(request.form)).digest('hex')
  const earlier = await findAnswer(call, key)
  if (earlier) {
    if (earlier.path !== path) throw idempotencyError(400, otherEndpoint(key, earlier.path))
    if (earlier.params_hash !== hash) throw idempotencyError(400, otherParameters(key))
    return { status: earlier.status, body: earlier.body, replayOf: earlier.request_id }
  }
  const answer = await undoneIfRefused(call, work)
  const sql = `insert into stripe_twin.idempotent_answer (key, path, params_hash, request_id, status, body, created_at)
    values ($1, $2, $3, $4, $5, $6, stripe_twin.now())`
  await call.tx.query(sql, [key, path, hash, call.request.id, answer.status, answer.body])
  return answer
}

/** Forgets answers older than 24 hours: from then on the same key runs again. */
export async function pruneAnswers(call: Call): Promise<void> {
  await call.tx.query(
    `delete from stripe_twin.idempotent_answer where created_at < stripe_twin.now() - interval '24 hours'`,
  )
}

interface KeptAnswer {
  readonly path: string
  readonly params_hash: string
  readonly request_id: string
  readonly status: number
  readonly body: string
}

async function findAnswer(call: Call, key: string): Promise<KeptAnswer | undefined> {
  // Pruned on the way, so that 24 hours are 24 hours and do not depend on when the sweep comes.
  await call.tx.query(
    `delete from stripe_twin.idempotent_answer where key = $1 and created_at < stripe_twin.now() - interval '24 hours'`,
    [key],
  )
  const sql = 'select path, params_hash, request_id, status, body from stripe_twin.idempotent_answer where key = $1'
  return (await call.tx.query<KeptAnswer>(sql, [key])).rows[0]
}

async function undoneIfRefused(call: Call, work: () => Promise<Answer>): Promise<Answer> {
  await call.tx.query('savepoint work')
  try {
    return await work()
  } catch (error) {
    // A refusal that leaves something behind has become an answer before it came here.
    if (!(error instanceof ApiError)) throw error
    await call.tx.query('rollback to savepoint work')
    return { status: error.status, body: print(errorAnswer(error.body)) }
  }
}

const idempotencyError = (status: number, message: string, code?: string): ApiError =>
  new ApiError(status, { type: 'idempotency_error', message, ...(code ? { code } : {}) })

const meant = (key: string): string =>
  `Try using a key other than '${key}' if you meant to execute a different request.`

const otherParameters = (key: string): string =>
  `Keys for idempotent requests can only be used with the same parameters they were first used with. ${meant(key)}`

const otherEndpoint = (key: string, path: string): string =>
  `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${path}'). ${meant(key)}`

const inUse = (key: string): string =>
  `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`

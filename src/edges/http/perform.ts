import type { Database, Sql } from '../../base/db.ts'
import {
  type AnyEndpoint,
  type Call,
  isRefusal,
  type Kind,
  type Reply,
  type StatementVerb,
} from '../../base/endpoint.ts'
import { refuseAtEdge } from '../../base/refusals.ts'
import type { Sealer } from '../../base/seal.ts'
import type { Remember } from '../../base/statement.ts'
import {
  beginOutside,
  beginWith,
  finishWith,
  isStillRunning,
  isTwin,
  recall,
  releaseKey,
  replay,
  type Stored,
} from './idempotency.ts'

export interface Performed {
  readonly reply: Reply
  readonly replayed: boolean
}

type PlainVerb = (call: Call, input: unknown) => Promise<Reply>
type AnyVerb = PlainVerb | StatementVerb<AnyEndpoint, unknown>

/** Where what a verb reads and writes is. */
export interface Stores {
  readonly db: Database
  /** For endpoints whose answers may lag. */
  readonly reads: Sql
}

/** Asks the verb in the way its kind of endpoint asks for, so that every change and its idempotency row commit together. */
export async function perform(
  { db, reads }: Stores,
  sealer: Sealer,
  endpoint: AnyEndpoint,
  verb: AnyVerb,
  call: Omit<Call, 'sql'>,
  input: unknown,
): Promise<Performed> {
  const { remember } = call
  try {
    switch (endpoint.kind as Kind) {
      case 'read':
        return fresh(await (verb as PlainVerb)({ ...call, sql: endpoint.mayLag ? reads : db }, input))
      case 'statement':
        return await inOneStatement(db, verb as StatementVerb<AnyEndpoint, unknown>, { ...call, sql: db }, input)
      case 'transaction':
        return fresh(await inTransaction(db, sealer, endpoint, verb as PlainVerb, call, input))
      case 'outside':
      case 'upload':
        return await outside(db, sealer, endpoint, verb as PlainVerb, call, input)
    }
  } catch (error) {
    if (isStillRunning(error))
      throw refuseAtEdge('idempotency_twin_running', { retryable: true, retry_after_seconds: 5 })
    // A refusal may be the shadow of the same request having succeeded before: then its answer is given again.
    if (!remember || !(isTwin(error) || error instanceof TwinCommitted || isRefusal(error) || isRaisedRefusal(error)))
      throw error
    const stored = await recall(db, remember)
    if (!stored || stored.answer === null) throw error
    return await again(endpoint, verb, { ...call, sql: db }, stored, remember, sealer)
  }
}

class TwinCommitted extends Error {}

const isRaisedRefusal = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'CLWRK'

const fresh = (reply: Reply): Performed => ({ reply, replayed: false })

async function again(
  endpoint: AnyEndpoint,
  verb: AnyVerb,
  call: Call,
  stored: Stored,
  remember: Remember,
  sealer: Sealer,
): Promise<Performed> {
  const reply =
    typeof verb === 'function' ? replay(endpoint, stored, remember, sealer) : await showAgain(verb, call, stored)
  return { reply: { status: reply.status, body: reply.body }, replayed: true }
}

const showAgain = (
  verb: StatementVerb<AnyEndpoint, unknown>,
  call: Call,
  { answer, old }: Stored,
): Promise<Reply> | Reply => verb.show({ ...call, secretsShown: old }, answer)

async function inOneStatement(
  db: Database,
  verb: StatementVerb<AnyEndpoint, unknown>,
  call: Call,
  input: unknown,
): Promise<Performed> {
  const row = await verb.act(call, input as never)
  if (row === null && call.remember) {
    const stored = await recall(db, call.remember)
    if (stored) return { reply: await showAgain(verb, call, stored), replayed: true }
  }
  return fresh(await verb.show(call, row))
}

function inTransaction(
  db: Database,
  sealer: Sealer,
  endpoint: AnyEndpoint,
  verb: PlainVerb,
  call: Omit<Call, 'sql'>,
  input: unknown,
): Promise<Reply> {
  const { remember } = call
  return db.transaction(async (sql) => {
    if (remember && !(await beginWith(sql, remember, 0))) throw new TwinCommitted()
    const reply = await verb({ ...call, sql }, input)
    if (remember) await finishWith(sql, endpoint, remember, reply, sealer)
    return reply
  })
}

async function outside(
  db: Database,
  sealer: Sealer,
  endpoint: AnyEndpoint,
  verb: PlainVerb,
  call: Omit<Call, 'sql'>,
  input: unknown,
): Promise<Performed> {
  if (!call.remember) return fresh(await verb({ ...call, sql: db }, input))
  const begun = await beginOutside(db, call.remember)
  if ('stored' in begun) return again(endpoint, verb, { ...call, sql: db }, begun.stored, call.remember, sealer)
  try {
    const reply = await verb({ ...call, remember: begun.remember, sql: db }, input)
    await finishWith(db, endpoint, begun.remember, reply, sealer)
    return fresh(reply)
  } catch (error) {
    if (isRefusal(error)) await releaseKey(db, begun.remember)
    throw error
  }
}

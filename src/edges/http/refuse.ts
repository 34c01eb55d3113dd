import type { FastifyReply, FastifyRequest } from 'fastify'
import { isUnreachable, sqlState } from '../../base/db.ts'
import { isRefusal } from '../../base/endpoint.ts'
import { Refusal, type RefusalDetail } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { type RefusalTable, refuseAtEdge } from '../../base/refusals.ts'
import { causeOf } from './request-cause.ts'

/** Turns whatever was thrown into the refusal it means; null: a bug of ours. */
export function refusalFrom(error: unknown, table: RefusalTable): Refusal | null {
  if (isRefusal(error)) return error
  if (sqlState(error) === 'CLWRK') return raised(error as Error & { detail?: string }, table)
  if (isUnreachable(error)) return refuseAtEdge('busy', { retryable: true, retry_after_seconds: 2 })
  if (!(error instanceof Error)) return null
  const { statusCode, code } = error as { statusCode?: number; code?: string }
  if (statusCode === 413) return refuseAtEdge('body_too_large')
  if (statusCode === 415) return refuseAtEdge('media_type_unsupported')
  if (statusCode && statusCode >= 400 && statusCode < 500) {
    return code === 'FST_ERR_NOT_FOUND' ? refuseAtEdge('not_found') : refuseAtEdge('invalid_json')
  }
  return null
}

/** A refusal raised by an SQL function: its message is the code, its detail the context. */
function raised(error: Error & { detail?: string }, table: RefusalTable): Refusal | null {
  const entry = table[error.message]
  if (!entry) return null
  return new Refusal(entry[0], error.message, entry[1], JSON.parse(error.detail ?? '{}') as RefusalDetail)
}

/** Every error has one shape: a sentence, a stable code, the request's id, and what helps. */
export function sendRefusal(reply: FastifyReply, request: FastifyRequest, refusal: Refusal): FastifyReply {
  const wait = refusal.detail.retry_after_seconds
  if (wait !== undefined) reply.header('retry-after', String(wait))
  if (refusal.status === 401) reply.header('www-authenticate', 'Bearer realm="clawrk"')
  return reply
    .code(refusal.status)
    .send({ error: refusal.message, code: refusal.code, request_id: request.id, ...refusal.detail })
}

export function sendFault(reply: FastifyReply, request: FastifyRequest, error: unknown, log: Log): FastifyReply {
  log.error({ ...causeOf(request), err: error, route: request.routeOptions.url }, 'a request failed by a fault of ours')
  return reply.code(500).send({
    error: `This is a fault of the market, not of your request. Tell the operator this request_id.`,
    code: 'internal_error',
    request_id: request.id,
  })
}

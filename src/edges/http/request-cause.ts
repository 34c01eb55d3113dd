import type { FastifyRequest } from 'fastify'
import { type Cause, readTraceparent } from '../../base/cause.ts'
import { presentTracer } from '../../base/tracing.ts'

/** What a request is known by in logs and to others: its id, and the trace that its caller or we began. */
export function causeOf(request: FastifyRequest): Cause {
  const header = presentTracer()?.traceparent() ?? request.headers.traceparent
  const trace = header === undefined ? null : readTraceparent(header)
  return trace === null ? { request_id: request.id } : { request_id: request.id, ...trace }
}

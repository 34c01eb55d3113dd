import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { readTraceparent } from '../../base/cause.ts'
import type { Config } from '../../base/config.ts'
import { isRefusal } from '../../base/endpoint.ts'
import type { Log } from '../../base/log.ts'
import { edgeRefusals, refuseAtEdge } from '../../base/refusals.ts'
import { refusalFrom, sendFault, sendRefusal } from './refuse.ts'

export interface AppNeeds {
  readonly config: Pick<Config, 'mode' | 'trustProxy'>
  readonly log: Log
}

/**
 * A server without routes. Whatever it answers says `x-request-id`, the caller's own if it is a sane one, and whatever goes wrong has
 * the one shape of refusals.
 */
export function openApp({ config, log }: AppNeeds): FastifyInstance {
  const app = Fastify({
    trustProxy: config.trustProxy,
    bodyLimit: 1024 * 1024,
    requestTimeout: 60_000,
    keepAliveTimeout: 72_000,
    exposeHeadRoutes: false,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id']
      return typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given) ? given : randomUUID()
    },
    logger: false,
    clientErrorHandler: answerGarbage,
    // A path that cannot be decoded reaches no route and no hook.
    frameworkErrors: (_error, request, reply) => {
      void sendRefusal(reply.header('x-request-id', request.id), request, refuseAtEdge('not_found'))
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 300 },
  })
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    const { traceparent } = request.headers
    if (traceparent !== undefined && readTraceparent(traceparent)) reply.header('traceparent', traceparent)
    if (config.mode === 'test') reply.header('clawrk-mode', 'test')
    done()
  })
  app.setNotFoundHandler((request, reply) => sendRefusal(reply, request, refuseAtEdge('not_found')))
  app.setErrorHandler((error, request, reply) => {
    const refusal = isRefusal(error) ? error : refusalFrom(error, edgeRefusals)
    return refusal ? sendRefusal(reply, request, refusal) : sendFault(reply, request, error, log)
  })
  return app
}

/** Bytes that are no request get no route, no hook and no reply object; they get an answer all the same. */
function answerGarbage(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy()
  const [status, code, sentence] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'headers_too_large', 'The headers of this request are too large.']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'request_timeout', 'The request did not come whole within a minute.']
        : ['400 Bad Request', 'malformed_request', 'This is not a request of HTTP/1.1.']
  const id = randomUUID()
  const body = JSON.stringify({ error: sentence, code, request_id: id })
  socket.end(
    `HTTP/1.1 ${status}\r\nx-request-id: ${id}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Sql } from '../../base/db.ts'
import { refuseAtEdge } from '../../base/refusals.ts'
import { sendRefusal } from './refuse.ts'

/**
 * `/api/ready` says whether a load balancer should send requests here: not while the database is away, and not once `leaving` has
 * aborted. All else is still answered then, each time with the wish that the connection be closed, so that few are open at the end.
 */
export function answerReadiness(app: FastifyInstance, db: Sql, leaving: AbortSignal): void {
  app.get('/api/ready', async (request, reply) => {
    if (leaving.aborted) {
      const sentence = 'This process is about to stop; send requests to another one.'
      return sendRefusal(reply, request, refuseAtEdge('busy', { retryable: true, retry_after_seconds: 2 }, sentence))
    }
    await db.rows('select 1')
    return reply.send({ ready: true })
  })
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (leaving.aborted) reply.header('connection', 'close')
    done(null, payload)
  })
}

/** How many requests are not answered yet. */
export type RequestsUnderWay = () => number

/**
 * While the server closes, ends every connection as soon as it has no request under way. Node itself ends those that are idle at
 * that moment, but neither the ones that fall idle later nor those that were opened ahead and never used, as browsers do.
 */
export function drainConnections(app: FastifyInstance): RequestsUnderWay {
  const requests = new Map<Socket, number>()
  let closing = false
  app.server.on('connection', (socket) => {
    // The socket listens until all that closes before it has: whoever comes in between would hold the end up by saying nothing.
    if (closing) return socket.destroy()
    requests.set(socket, 0)
    socket.once('close', () => requests.delete(socket))
  })
  app.server.on('request', ({ socket }, response) => {
    requests.set(socket, (requests.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const left = (requests.get(socket) ?? 1) - 1
      if (requests.has(socket)) requests.set(socket, left)
      if (closing && left === 0) socket.end()
    })
  })
  app.addHook('preClose', async () => {
    closing = true
    for (const [socket, underWay] of requests) if (underWay === 0) socket.destroy()
  })
  return () => [...requests.values()].reduce((all, one) => all + one, 0)
}

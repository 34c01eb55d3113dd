import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/**
 * While the server closes, ends every connection as soon as it has no request under way. Node itself ends those that are idle at
 * that moment, but neither the ones that fall idle later nor those that were opened ahead and never used, as browsers do.
 */
export function drainConnections(app: FastifyInstance): void {
  const requests = new Map<Socket, number>()
  let closing = false
  app.server.on('connection', (socket) => {
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
}

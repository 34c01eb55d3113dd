import type { FastifyInstance } from 'fastify'
import { refuseAtEdge } from '../../base/refusals.ts'
import { sendRefusal } from './refuse.ts'

/** Serves the Stripe twin's hosted pages on the market's own origin, as Stripe serves its pages on its own. */
export async function twinProxy(app: FastifyInstance, twin: string): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    scope.route({
      method: ['GET', 'POST'],
      url: '/twin/*',
      async handler(request, reply) {
        // A request line may name any host, and dots in its path lead out of /twin/: only what is left of them counts.
        const asked = URL.canParse(request.url, twin) ? new URL(request.url, twin) : null
        if (!asked?.pathname.startsWith('/twin/')) return sendRefusal(reply, request, refuseAtEdge('not_found'))
        const { 'content-type': type } = request.headers
        const body = request.method === 'POST' ? ((request.body as Buffer | undefined) ?? Buffer.alloc(0)) : undefined
        let answer: Response
        try {
          answer = await fetch(new URL(asked.pathname + asked.search, twin), {
            method: request.method,
            redirect: 'manual',
            signal: AbortSignal.timeout(15_000),
            ...(body ? { body: new Uint8Array(body) } : {}),
            ...(type && body?.length ? { headers: { 'content-type': type } } : {}),
          })
        } catch {
          return reply.code(503).type('text/plain').send('The Stripe twin is restarting; reload this page in a moment.')
        }
        for (const header of ['content-type', 'location', 'content-security-policy', 'cache-control']) {
          const value = answer.headers.get(header)
          if (value) reply.header(header, value)
        }
        return reply.code(answer.status).send(Buffer.from(await answer.arrayBuffer()))
      },
    })
  })
}

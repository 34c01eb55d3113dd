import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/** Counts and times every request by route and status, and shows that and the process at `/metrics` (Prometheus). */
export function measure(app: FastifyInstance): void {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const seconds = new Histogram({
    name: 'clawrk_request_seconds',
    help: 'How long requests took, by route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30],
    registers: [registry],
  })
  const faults = new Counter({
    name: 'clawrk_faults_total',
    help: 'Requests that failed by a fault of ours (500).',
    registers: [registry],
  })
  app.addHook('onResponse', (request, reply, done) => {
    const status = reply.statusCode
    if (status === 500) faults.inc()
    seconds.observe(
      { method: request.method, route: request.routeOptions.url ?? 'unknown', status },
      reply.elapsedTime / 1000,
    )
    done()
  })
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()))
}

import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'
import type { Config } from '../../base/config.ts'
import type { Sql } from '../../base/db.ts'
import type { Log } from '../../base/log.ts'
import { refusing } from '../../base/refusals.ts'
import { hashOf, sameHash } from '../../core/accounts/key.ts'
import { openApp } from './app.ts'
import { answerReadiness, drainConnections } from './drain.ts'
import { sendRefusal } from './refuse.ts'
import { healthOf } from './system.ts'

const refuse = refusing({
  metrics_closed: [
    'unauthorized',
    'Metrics are for whoever runs this market: set METRICS_TOKEN and send it as "Authorization: Bearer <token>".',
  ],
} as const)

export interface MetricsNeeds {
  readonly config: Pick<Config, 'metricsToken' | 'mode'>
  readonly registry: Registry
  /** No proxy leads strangers to this server. */
  readonly ownPort?: boolean
}

/**
 * `/metrics` for Prometheus: to whoever sends METRICS_TOKEN. Without one, to programs on this machine, where it can be told that they
 * are: at a port of its own, or with play money. A proxy on this machine makes strangers look like them.
 */
export function answerMetrics(app: FastifyInstance, { config, registry, ownPort = false }: MetricsNeeds): void {
  const mayRead = (request: FastifyRequest): boolean => {
    if (config.metricsToken !== null) {
      const given = /^bearer\s+(\S+)\s*$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
      return sameHash(hashOf(given), hashOf(config.metricsToken))
    }
    return (ownPort || config.mode === 'test') && isFromHere(request)
  }
  app.get('/metrics', async (request, reply) =>
    mayRead(request)
      ? reply
          .type(registry.contentType)
          .header('cache-control', 'no-store')
          .send(await registry.metrics())
      : sendRefusal(reply, request, refuse('metrics_closed')),
  )
}

/** Whether it comes from this machine and nobody has passed it on. */
function isFromHere({ socket, headers }: FastifyRequest): boolean {
  const isPassedOn = ['forwarded', 'via', 'x-forwarded-for', 'x-real-ip'].some((name) => headers[name] !== undefined)
  return !isPassedOn && /^(::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? '')
}

export interface WatchNeeds {
  readonly config: Pick<Config, 'metricsToken' | 'mode' | 'trustProxy'>
  readonly db: Sql
  readonly log: Log
  readonly registry: Registry
  readonly leaving: AbortSignal
}

/** The small server of a process that has no API: `/metrics`, `/api/health`, `/api/ready`. */
export function buildWatchDoor({ config, db, log, registry, leaving }: WatchNeeds): FastifyInstance {
  const app = openApp({ config, log })
  drainConnections(app)
  answerMetrics(app, { config, registry, ownPort: true })
  answerReadiness(app, db, leaving)
  app.get('/api/health', async (_request, reply) => reply.send(healthOf(config.mode)))
  return app
}

/** Listens at a port or the first free one of the nine after it, so that ten workers can share a machine; null: none was free. */
export async function listenAtFirstFree(app: FastifyInstance, port: number, host: string): Promise<number | null> {
  for (let tried = port; tried < port + 10; tried++) {
    try {
      await app.listen({ port: tried, host })
      return tried
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    }
  }
  return null
}

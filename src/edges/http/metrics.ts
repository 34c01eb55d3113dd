import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Sql } from '../../base/db.ts'
import { channelBacklog } from '../../core/channels/oversight.ts'
import { lastReconciliation } from '../../core/payments/books/reconcile.ts'
import { inboxState } from '../../core/payments/inbox.ts'
import { webhookBacklog } from '../../core/webhooks/oversight.ts'

/** Counts and times every request by route and status, and shows that and the process at `/metrics` (Prometheus). */
export function measure(app: FastifyInstance, sql: Sql): void {
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
  for (const { name, help, read } of sharedGauges) {
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        // Without the database the other figures are worth having all the same.
        const value = await read(sql).catch(() => null)
        if (value === null) this.remove()
        else this.set(value)
      },
    })
  }
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()))
}

/** How the market stands with its payment provider, with webhooks and with channels: the same from every process, read when it is asked for. */
const sharedGauges: readonly { name: string; help: string; read: (sql: Sql) => Promise<number | null> }[] = [
  {
    name: 'clawrk_provider_events_waiting',
    help: 'Events of the payment provider that are not worked on yet.',
    read: async (sql) => (await inboxState(sql)).waiting,
  },
  {
    name: 'clawrk_provider_events_given_up',
    help: 'Events of the payment provider that were given up; clawrk doctor says why.',
    read: async (sql) => (await inboxState(sql)).given_up,
  },
  {
    name: 'clawrk_reconciliation_differences',
    help: 'What differed between the ledger and the payment provider when they were last compared.',
    read: async (sql) => (await lastReconciliation(sql))?.difference_count ?? null,
  },
  {
    name: 'clawrk_reconciliation_age_seconds',
    help: 'How long ago the ledger and the payment provider were last compared.',
    read: async (sql) => (await lastReconciliation(sql))?.age_seconds ?? null,
  },
  {
    name: 'clawrk_webhook_deliveries_due',
    help: 'Deliveries to webhooks whose time has come.',
    read: async (sql) => (await webhookBacklog(sql)).due,
  },
  {
    name: 'clawrk_webhook_deliveries_later',
    help: 'Deliveries to webhooks that wait for their next try.',
    read: async (sql) => (await webhookBacklog(sql)).later,
  },
  {
    name: 'clawrk_webhook_oldest_due_seconds',
    help: 'How long the delivery that is due longest has waited.',
    read: async (sql) => (await webhookBacklog(sql)).oldest_seconds ?? 0,
  },
  {
    name: 'clawrk_channel_events_due',
    help: 'Events that channels are to be told now.',
    read: async (sql) => (await channelBacklog(sql)).due,
  },
  {
    name: 'clawrk_channel_events_later',
    help: 'Events that wait for the digest, the pace or the next try of their channel.',
    read: async (sql) => (await channelBacklog(sql)).later,
  },
  {
    name: 'clawrk_channel_oldest_due_seconds',
    help: 'How long the event that is due longest for a channel has waited.',
    read: async (sql) => (await channelBacklog(sql)).oldest_seconds ?? 0,
  },
  {
    name: 'clawrk_events_unnumbered_seconds',
    help: 'How long the oldest event has waited for its number, without which neither feed nor webhooks tell of it.',
    read: async (sql) => (await webhookBacklog(sql)).unnumbered_seconds ?? 0,
  },
]

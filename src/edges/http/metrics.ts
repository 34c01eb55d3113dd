import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Sql } from '../../base/db.ts'
import type { Reads } from '../../base/reads.ts'
import { lastReconciliation } from '../../core/payments/books/reconcile.ts'
import { inboxState } from '../../core/payments/inbox.ts'
import { webhookBacklog } from '../../core/webhooks/oversight.ts'

/** Counts and times every request by route and status, and shows that and the process at `/metrics` (Prometheus). */
export function measure(app: FastifyInstance, sql: Sql, reads: Reads): void {
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
  if (reads.standing().replica) showReads(registry, reads)
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()))
}

/** How this process stands with the replica. */
function showReads(registry: Registry, reads: Reads): void {
  const registers = [registry]
  new Gauge({
    name: 'clawrk_replica_used',
    help: '1 while this process reads from the replica what may lag; 0 while the primary answers in its place.',
    registers,
    collect() {
      this.set(reads.standing().replica?.used ? 1 : 0)
    },
  })
  new Gauge({
    name: 'clawrk_replica_behind_seconds',
    help: 'All that was committed so long ago is known to be at the replica.',
    registers,
    collect() {
      const behindMs = reads.standing().replica?.behindMs ?? null
      if (behindMs === null) this.remove()
      else this.set(behindMs / 1000)
    },
  })
  new Counter({
    name: 'clawrk_lagging_reads_total',
    help: 'Statements of endpoints that may lag, by who answered them.',
    labelNames: ['from'],
    registers,
    collect() {
      const { answered } = reads.standing()
      this.reset()
      for (const from of ['replica', 'primary'] as const) this.inc({ from }, answered[from])
    },
  })
  new Counter({
    name: 'clawrk_replica_turned_back_total',
    help: 'Statements that the replica did not answer, so that the primary did.',
    registers,
    collect() {
      this.reset()
      this.inc(reads.standing().turnedBack)
    },
  })
}

/** How the market stands with its payment provider and with webhooks: the same from every process, read when it is asked for. */
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
    name: 'clawrk_events_unnumbered_seconds',
    help: 'How long the oldest event has waited for its number, without which neither feed nor webhooks tell of it.',
    read: async (sql) => (await webhookBacklog(sql)).unnumbered_seconds ?? 0,
  },
]

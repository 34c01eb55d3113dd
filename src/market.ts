import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type Stripe from 'stripe'
import type { Config } from './base/config.ts'
import { type Database, openDatabase } from './base/db.ts'
import { type Egress, openEgress } from './base/egress/egress.ts'
import { type Contract, reply } from './base/endpoint.ts'
import { type Log, openLog } from './base/log.ts'
import { openSealer } from './base/seal.ts'
import { openSignals, type Signals } from './base/signals.ts'
import { accountsApi } from './core/accounts/api.ts'
import { type Credentials, openCredentials } from './core/accounts/credentials.ts'
import { accountEvents } from './core/accounts/events.ts'
import { openGitHub } from './core/accounts/github.ts'
import { readAgent } from './core/accounts/queries.ts'
import { accountsRoom } from './core/accounts/room.ts'
import { creditsApi } from './core/credits/api.ts'
import { creditsRoom } from './core/credits/room.ts'
import { eventsApi } from './core/events/api.ts'
import { kindsOf } from './core/events/feed.ts'
import type { EventKind } from './core/events/kind.ts'
import { eventsRoom } from './core/events/room.ts'
import { filesApi } from './core/files/api.ts'
import { filesRoom } from './core/files/room.ts'
import { s3Storage } from './core/files/s3-storage.ts'
import { diskStorage, type Storage } from './core/files/storage.ts'
import { paymentsApi } from './core/payments/api.ts'
import { paymentEvents } from './core/payments/events.ts'
import { plansApi } from './core/payments/plans/api.ts'
import { plansRoom } from './core/payments/plans/room.ts'
import { paymentsRoom } from './core/payments/room.ts'
import { openStripe } from './core/payments/stripe.ts'
import { webhooksApi } from './core/webhooks/api.ts'
import { webhookEvents } from './core/webhooks/events.ts'
import { webhooksRoom } from './core/webhooks/room.ts'
import { gigEvents } from './desks/gigs/events.ts'
import { jobsApi } from './desks/jobs/api.ts'
import { jobEvents } from './desks/jobs/events.ts'
import { agentIsBusy } from './desks/jobs/queries.ts'
import { jobsRoom } from './desks/jobs/room.ts'
import { jobSecrets, mayReadJobFile } from './desks/jobs/secrets.ts'
import { type Skills, skills } from './desks/jobs/skills/skill.ts'
import { sweepJobs } from './desks/jobs/sweep.ts'
import { readStats } from './desks/jobs/tally.ts'
import { clockApi, systemApi } from './edges/http/api.ts'
import { answerReadiness } from './edges/http/drain.ts'
import type { Limits } from './edges/http/limits.ts'
import { openApi } from './edges/http/openapi.ts'
import { buildServer } from './edges/http/server.ts'
import { stripeWebhook } from './edges/http/stripe-webhook.ts'
import { clockRoom, systemRoom } from './edges/http/system.ts'
import { twinProxy } from './edges/http/twin-proxy.ts'
import { pages } from './edges/web/pages.ts'
import { startWorker, type Worker } from './edges/worker/worker.ts'

export const version = '0.1.0'

/** Every contract of the market, in the order of the reference. */
export const contracts: readonly Contract[] = [
  systemApi,
  accountsApi,
  paymentsApi,
  plansApi,
  creditsApi,
  filesApi,
  jobsApi,
  eventsApi,
  webhooksApi,
]

/** The same with what only test mode serves. */
export const allContracts: readonly Contract[] = [...contracts, clockApi]

/** Every event that is ever told, in the order of the reference. */
export const eventKinds: readonly EventKind[] = [
  ...jobEvents,
  ...gigEvents,
  ...paymentEvents,
  ...accountEvents,
  ...webhookEvents,
]

const kinds = kindsOf(eventKinds)

/** What the secrets of webhooks are sealed under. */
const webhookSecrets = 'webhook secrets'

export interface Market {
  readonly config: Config
  readonly db: Database
  readonly log: Log
  readonly stripe: Stripe
  readonly credentials: Credentials
  readonly storage: Storage
  readonly signals: Signals
  /** The one way to addresses that people give. */
  readonly egress: Egress
  /** Aborted when this process is going to stop: from then on `/api/ready` says so, and everything else is served as before. */
  readonly leaving: AbortController
  close(): Promise<void>
}

/** Opens what every role needs. The only wiring: config, pool, provider, log. */
export function openMarket(config: Config, name = 'clawrk'): Market {
  if (!config.databaseUrl)
    throw new Error('DATABASE_URL is not set: start the market with npm start, which brings a database.')
  const log = openLog(config.logLevel, name)
  const db = openDatabase({
    url: config.databaseUrl,
    poolSize: config.poolSize,
    onError: (error) => log.warn({ err: error }, 'a database connection broke'),
  })
  const signals = openSignals(db, config.databaseDirectUrl ?? config.databaseUrl, log)
  return {
    config,
    db,
    log,
    stripe: openStripe(config),
    credentials: openCredentials(db),
    storage: config.s3 ? s3Storage(config.s3) : diskStorage(join(config.dataDir, 'files')),
    signals,
    egress: openEgress({
      allowPrivate: config.allowPrivateWebhooks,
      limits: { answerMs: config.webhookTimeoutMs, bodyMs: Math.min(3_000, config.webhookTimeoutMs) },
    }),
    leaving: new AbortController(),
    async close() {
      await signals.close()
      await db.close()
    },
  }
}

/** The HTTP API with every room wired to it; not listening yet. */
export async function buildApi(
  market: Market,
  options: { strict?: boolean; limits?: Partial<Limits>; skills?: Skills } = {},
): Promise<FastifyInstance> {
  const { config, db, log, stripe, credentials } = market
  const wake = market.signals.tell
  const rooms = [
    systemRoom(config.mode),
    accountsRoom({
      db,
      credentials,
      secure: config.appUrl.startsWith('https:'),
      appUrl: config.appUrl,
      github: config.github && openGitHub(config.github, config.appUrl, config.secret),
      busy: [agentIsBusy],
      readStats,
    }),
    paymentsRoom({
      db,
      stripe,
      log,
      appUrl: config.appUrl,
      withdrawHoldDays: config.withdrawHoldDays,
      twin: config.stripe.secretKey === null,
    }),
    plansRoom({ db, stripe, appUrl: config.appUrl, prices: config.planPrices }),
    creditsRoom(),
    filesRoom({ storage: market.storage, mayRead: mayReadJobFile }),
    jobsRoom({
      fee: config.jobFee,
      live: config.mode === 'live',
      signals: market.signals,
      log,
      skills: options.skills ?? skills,
      sweep: async () => reply(200, { ok: true, moved: await sweepJobs(db) }),
      topupUrl: `${config.appUrl}/wallet`,
      secrets: jobSecrets(openSealer(config.secret, 'job secrets')),
      ownsAgent: async ({ sql, actor }, agent) => (await readAgent(sql, actor.userId, agent)) !== null,
    }),
    eventsRoom(kinds, market.signals),
    webhooksRoom({ egress: market.egress, sealer: openSealer(config.secret, webhookSecrets), kinds }),
  ]
  const withClock = config.mode === 'test'
  return buildServer({
    config,
    db,
    log,
    credentials,
    wake,
    ...options,
    rooms: withClock ? [...rooms, clockRoom(db, () => sweepJobs(db))] : rooms,
    async extras(app) {
      answerReadiness(app, db, market.leaving.signal)
      // Whoever waits is told first: pulls answer 204 and streams end, or they would hold up the drain.
      app.addHook('preClose', () => market.signals.close())
      const description = openApi(withClock ? allContracts : contracts, { version, url: config.appUrl })
      app.get('/openapi.json', () => description)
      if (config.stripe.webhookSecrets.length > 0)
        await stripeWebhook(app, { db, stripe, secrets: config.stripe.webhookSecrets, wake })
      if (!config.stripe.secretKey && config.stripe.apiBase) await twinProxy(app, config.stripe.apiBase)
      await pages(app, { ...config, contracts: withClock ? allContracts : contracts })
    },
  })
}

/** Starts the background work of this process. */
export function startBackground({ config, db, stripe, storage, signals, log, egress }: Market): Worker {
  return startWorker({
    config,
    signals,
    db,
    stripe,
    storage,
    log,
    kinds,
    egress,
    sealer: openSealer(config.secret, webhookSecrets),
  })
}

import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import type Stripe from 'stripe'
import { keptLine, watchAge } from './base/backup/age.ts'
import { logArchiveFigures } from './base/backup/log-archive.ts'
import type { Config } from './base/config.ts'
import { type Database, openDatabase } from './base/db.ts'
import { directDoor, doorOf, usualDoor } from './base/door.ts'
import { type Egress, openEgress } from './base/egress/egress.ts'
import { type Contract, reply } from './base/endpoint.ts'
import type { Figures } from './base/figures.ts'
import { type Log, openLog } from './base/log.ts'
import { openMeters, showBackupAge } from './base/meters.ts'
import { onlyPrimary, openReads, type Reads } from './base/reads.ts'
import { openSealer } from './base/seal.ts'
import { openSignals, type Signals } from './base/signals.ts'
import { openStreams } from './base/stream.ts'
import { accountsApi } from './core/accounts/api.ts'
import { type Credentials, openCredentials } from './core/accounts/credentials.ts'
import { accountEvents } from './core/accounts/events.ts'
import { openGitHub } from './core/accounts/github.ts'
import type { Leaving } from './core/accounts/leaving.ts'
import { readAgent } from './core/accounts/queries.ts'
import { accountsRoom } from './core/accounts/room.ts'
import { channelsApi } from './core/channels/api.ts'
import { channelEvents } from './core/channels/events.ts'
import { channelsLeaving } from './core/channels/leaving.ts'
import { channelFigures, channelsStuck } from './core/channels/oversight.ts'
import { channelsRoom } from './core/channels/room.ts'
import { availableOf } from './core/channels/ways.ts'
import { creditsApi } from './core/credits/api.ts'
import { creditsRoom } from './core/credits/room.ts'
import { eventsApi } from './core/events/api.ts'
import { kindsOf } from './core/events/feed.ts'
import { eventFigures } from './core/events/figures.ts'
import type { EventKind } from './core/events/kind.ts'
import { eventsRoom } from './core/events/room.ts'
import { filesApi } from './core/files/api.ts'
import type { MayRead } from './core/files/download.ts'
import { filesRoom } from './core/files/room.ts'
import { s3Storage } from './core/files/s3-storage.ts'
import { diskStorage, type Storage } from './core/files/storage.ts'
import { ledgerFigures } from './core/ledger/figures.ts'
import { operatorsApi } from './core/operators/api.ts'
import { censusFigures } from './core/operators/figures.ts'
import { retentionFigures } from './core/operators/retention.ts'
import { operatorsRoom } from './core/operators/room.ts'
import { paymentsApi } from './core/payments/api.ts'
import { connectPage } from './core/payments/connect.ts'
import { paymentEvents } from './core/payments/events.ts'
import type { FundingDesk } from './core/payments/funding/desk.ts'
import { paymentsLeaving } from './core/payments/leaving.ts'
import { paymentFigures, paymentsStuck, readProviderState } from './core/payments/oversight.ts'
import { plansApi } from './core/payments/plans/api.ts'
import { plansRoom } from './core/payments/plans/room.ts'
import { paymentsRoom } from './core/payments/room.ts'
import { openStripe } from './core/payments/stripe.ts'
import { profilesApi } from './core/profiles/api.ts'
import { profilesLeaving } from './core/profiles/leaving.ts'
import type { WorkedTogether } from './core/profiles/queries.ts'
import { profilesRoom } from './core/profiles/room.ts'
import { webhooksApi } from './core/webhooks/api.ts'
import { webhookEvents } from './core/webhooks/events.ts'
import { webhooksLeaving } from './core/webhooks/leaving.ts'
import { webhookFigures, webhooksStuck } from './core/webhooks/oversight.ts'
import { webhooksRoom } from './core/webhooks/room.ts'
import { contractsApi } from './desks/gigs/contract/api.ts'
import { fundedByCard } from './desks/gigs/contract/funded-by-card.ts'
import { contractsRoom } from './desks/gigs/contract/room.ts'
import { disputesApi } from './desks/gigs/dispute/api.ts'
import { mayReadEvidence } from './desks/gigs/dispute/evidence.ts'
import { disputesRoom } from './desks/gigs/dispute/room.ts'
import { gigEvents } from './desks/gigs/events.ts'
import { gigsApi } from './desks/gigs/gig/api.ts'
import { gigsRoom } from './desks/gigs/gig/room.ts'
import { gigsLeaving } from './desks/gigs/leaving.ts'
import { milestonesApi } from './desks/gigs/milestone/api.ts'
import { mayReadMilestoneFile } from './desks/gigs/milestone/files.ts'
import { milestonesRoom } from './desks/gigs/milestone/room.ts'
import { paymentDisputed } from './desks/gigs/milestone/with-bank.ts'
import { negotiationsApi } from './desks/gigs/negotiation/api.ts'
import { negotiationsRoom } from './desks/gigs/negotiation/room.ts'
import { gigCounts, gigFigures, gigsStuck } from './desks/gigs/oversight.ts'
import { reviewsApi } from './desks/gigs/review/api.ts'
import { reviewsRoom } from './desks/gigs/review/room.ts'
import { sweepGigs } from './desks/gigs/sweep.ts'
import { haveContracted } from './desks/gigs/worked-together.ts'
import { jobsApi } from './desks/jobs/api.ts'
import { jobEvents } from './desks/jobs/events.ts'
import { jobsLeaving } from './desks/jobs/leaving.ts'
import { jobCounts, jobFigures, jobsStuck } from './desks/jobs/oversight.ts'
import { agentIsBusy } from './desks/jobs/queries.ts'
import { jobsRoom } from './desks/jobs/room.ts'
import { jobSecrets, mayReadJobFile } from './desks/jobs/secrets.ts'
import { type Skills, skills } from './desks/jobs/skills/skill.ts'
import { sweepJobs } from './desks/jobs/sweep.ts'
import { readStats } from './desks/jobs/tally.ts'
import { haveDoneJobs } from './desks/jobs/worked-together.ts'
import { clockApi, systemApi } from './edges/http/api.ts'
import { answerReadiness } from './edges/http/drain.ts'
import { forgetAnswers } from './edges/http/idempotency.ts'
import type { Limits } from './edges/http/limits.ts'
import { openApi } from './edges/http/openapi.ts'
import { buildServer } from './edges/http/server.ts'
import { stripeWebhook } from './edges/http/stripe-webhook.ts'
import { clockRoom, systemRoom } from './edges/http/system.ts'
import { twinProxy } from './edges/http/twin-proxy.ts'
import { buildWatchDoor } from './edges/http/watch-door.ts'
import { pages } from './edges/web/pages.ts'
import { movables } from './edges/worker/retention.ts'
import { measureTasks } from './edges/worker/tasks.ts'
import { startWorker, type Worker } from './edges/worker/worker.ts'

export const version = '0.1.0'

/** The desk whose work is funded by card. */
export const fundingDesk = ({ gigFeePercent }: Pick<Config, 'gigFeePercent'>): FundingDesk => ({
  fundedByCard: fundedByCard(gigFeePercent),
  paymentDisputed,
})

/** Every contract of the market, in the order of the reference. */
export const contracts: readonly Contract[] = [
  systemApi,
  accountsApi,
  paymentsApi,
  plansApi,
  creditsApi,
  profilesApi,
  filesApi,
  jobsApi,
  gigsApi,
  negotiationsApi,
  contractsApi,
  milestonesApi,
  disputesApi,
  reviewsApi,
  operatorsApi,
  eventsApi,
  webhooksApi,
  channelsApi,
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
  ...channelEvents,
]

const kinds = kindsOf(eventKinds)

/** What every process can tell of the whole market. */
export const figuresOf = ({ retention }: Pick<Config, 'retention'>): readonly Figures[] => [
  ...ledgerFigures,
  ...paymentFigures,
  ...eventFigures,
  ...webhookFigures,
  ...channelFigures,
  ...jobFigures,
  ...gigFigures,
  ...censusFigures,
  ...logArchiveFigures,
  ...retentionFigures(movables, retention.days),
]

/** What the secrets of webhooks are sealed under. */
const webhookSecrets = 'webhook secrets'

/** What channels lead to is sealed under. */
const channelPlaces = 'notification channels'

export interface Market {
  readonly config: Config
  readonly db: Database
  /** For what may be a little old. */
  readonly reads: Reads
  readonly log: Log
  /** What this process shows at `/metrics`. */
  readonly registry: Registry
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

/** Whether two have worked together, at whichever desk. */
export const workedTogether: WorkedTogether = async (sql, pairs) =>
  new Set([...(await haveDoneJobs(sql, pairs)), ...(await haveContracted(sql, pairs))])

/** Every room that keeps something of people, in the order in which their rows are locked when somebody leaves. */
export const leavings: readonly Leaving[] = [
  gigsLeaving,
  jobsLeaving,
  profilesLeaving,
  paymentsLeaving,
  webhooksLeaving,
  channelsLeaving,
  { affairs: async () => [], leave: forgetAnswers },
]

/** Who may read a file that is attached to something: asked of whatever it is attached to. */
const mayRead: MayRead = async (sql, file) =>
  (await mayReadJobFile(sql, file)) || (await mayReadMilestoneFile(sql, file)) || (await mayReadEvidence(sql, file))

/** Makes the turns of the clock that are due, at both desks; answers how many. */
export const sweep = async (db: Database): Promise<number> => (await sweepJobs(db)) + (await sweepGigs(db))

/**
 * Opens what every role needs. The only wiring: config, pool, provider, log. Requests may come through a pooler; whoever only works
 * goes to PostgreSQL itself, where statements stay prepared and a long look hinders nobody.
 */
export function openMarket(config: Config, name = 'clawrk'): Market {
  if (!config.databaseUrl)
    throw new Error('DATABASE_URL is not set: start the market with npm start, which brings a database.')
  const log = openLog(config.logLevel, name)
  const db = openDatabase({
    url: name === 'worker' ? directDoor(config) : usualDoor(config),
    poolSize: config.poolSize,
    onError: (error) => log.warn({ err: error }, 'a database connection broke'),
  })
  const signals = openSignals(db, directDoor(config).url, log)
  const reads =
    config.databaseReadUrl === null || name === 'worker'
      ? onlyPrimary(db)
      : openReads({
          primary: db,
          door: doorOf(config.databaseReadUrl),
          behindMostMs: config.readLagMs,
          poolSize: config.poolSize,
          log,
        })
  const registry = openMeters({ db, reads, figures: figuresOf(config) })
  const kept = keptLine(config)
  if (kept) showBackupAge(registry, watchAge(kept))
  return {
    config,
    db,
    reads,
    log,
    registry,
    stripe: openStripe(config),
    credentials: openCredentials(db, config.operatorEmails),
    storage: config.s3 ? s3Storage(config.s3) : diskStorage(join(config.dataDir, 'files')),
    signals,
    egress: openEgress({
      allowPrivate: config.allowPrivateWebhooks,
      limits: { answerMs: config.webhookTimeoutMs, bodyMs: Math.min(3_000, config.webhookTimeoutMs) },
    }),
    leaving: new AbortController(),
    async close() {
      await signals.close()
      await reads.close()
      await db.close()
    },
  }
}

/** The HTTP API with every room wired to it; not listening yet. */
export async function buildApi(
  market: Market,
  options: { strict?: boolean; limits?: Partial<Limits>; skills?: Skills } = {},
): Promise<FastifyInstance> {
  const { config, db, reads, log, stripe, credentials } = market
  const wake = market.signals.tell
  const streams = openStreams(db, market.signals)
  const provider = { db, stripe, log, appUrl: config.appUrl }
  const rooms = [
    systemRoom(config.mode),
    accountsRoom({
      db,
      credentials,
      secure: config.appUrl.startsWith('https:'),
      appUrl: config.appUrl,
      github: config.github && openGitHub(config.github, config.appUrl, config.secret),
      busy: [agentIsBusy],
      leavings,
      traces: openSealer(config.secret, 'deleted accounts'),
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
    profilesRoom({
      db,
      storage: market.storage,
      appUrl: config.appUrl,
      githubApiUrl: config.githubApiUrl,
      workedTogether,
    }),
    filesRoom({ storage: market.storage, mayRead }),
    jobsRoom({
      fee: config.jobFee,
      live: config.mode === 'live',
      signals: market.signals,
      streams,
      log,
      skills: options.skills ?? skills,
      sweep: async () => reply(200, { ok: true, moved: await sweep(db) }),
      topupUrl: `${config.appUrl}/wallet`,
      secrets: jobSecrets(openSealer(config.secret, 'job secrets')),
      ownsAgent: async ({ sql, actor }, agent) => (await readAgent(sql, actor.userId, agent)) !== null,
    }),
    gigsRoom({ workedTogether }),
    negotiationsRoom(),
    contractsRoom({
      ...provider,
      desk: fundingDesk(config),
      twin: config.stripe.secretKey === null,
      feePercent: config.gigFeePercent,
      topupUrl: `${config.appUrl}/wallet`,
      connectLink: (user) => connectPage(provider, user),
    }),
    milestonesRoom(),
    disputesRoom({ db, log, adviser: null, arbitrationFeeCents: config.arbitrationFeeCents }),
    reviewsRoom(),
    operatorsRoom({
      counted: [...jobCounts, ...gigCounts],
      stuck: [...jobsStuck, ...gigsStuck, ...paymentsStuck, ...webhooksStuck, ...channelsStuck],
      provider: readProviderState,
      emails: config.operatorEmails,
    }),
    eventsRoom(kinds, streams),
    webhooksRoom({ egress: market.egress, sealer: openSealer(config.secret, webhookSecrets), kinds }),
    channelsRoom({
      egress: market.egress,
      sealer: openSealer(config.secret, channelPlaces),
      kinds,
      hosts: config.chatHosts,
      available: availableOf(config),
    }),
  ]
  const withClock = config.mode === 'test'
  return buildServer({
    config,
    db,
    reads,
    log,
    registry: market.registry,
    credentials,
    wake,
    ...options,
    rooms: withClock ? [...rooms, clockRoom(db, () => sweep(db))] : rooms,
    async extras(app) {
      answerReadiness(app, db, market.leaving.signal)
      // Whoever waits is told first: pulls answer 204 and streams end, or they would hold up the drain.
      app.addHook('preClose', () => market.signals.close())
      // Made for whoever asks first: it takes a quarter of a second and 20 MB that most processes never need.
      let description: string | null = null
      app.get('/openapi.json', (_request, reply) => {
        description ??= JSON.stringify(openApi(withClock ? allContracts : contracts, { version, url: config.appUrl }))
        return reply.type('application/json; charset=utf-8').send(description)
      })
      if (config.stripe.webhookSecrets.length > 0)
        await stripeWebhook(app, { db, stripe, secrets: config.stripe.webhookSecrets, wake })
      if (!config.stripe.secretKey && config.stripe.apiBase) await twinProxy(app, config.stripe.apiBase)
      await pages(app, { ...config, contracts: withClock ? allContracts : contracts, events: eventKinds })
    },
  })
}

/** The door of a process that has no API, at which it can be watched; not listening yet. */
export const buildDoor = (market: Market): FastifyInstance =>
  buildWatchDoor({ ...market, leaving: market.leaving.signal })

/** Starts the background work of this process. */
export function startBackground(
  { config, db, stripe, storage, signals, log, egress, registry }: Market,
  desk: FundingDesk = fundingDesk(config),
): Worker {
  return startWorker({
    config,
    signals,
    db,
    stripe,
    storage,
    log,
    leavings,
    desk,
    kinds,
    egress,
    sealer: openSealer(config.secret, webhookSecrets),
    channels: openSealer(config.secret, channelPlaces),
    tasks: measureTasks(registry),
  })
}

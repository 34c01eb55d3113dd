import type Stripe from 'stripe'
import { noteErasures } from '../../base/backup/erasures.ts'
import type { Config } from '../../base/config.ts'
import type { Database } from '../../base/db.ts'
import type { Egress } from '../../base/egress/egress.ts'
import type { Log } from '../../base/log.ts'
import { openMailer } from '../../base/mail/mailer.ts'
import type { Sealer } from '../../base/seal.ts'
import { tidySeats } from '../../base/seats.ts'
import type { Signals } from '../../base/signals.ts'
import { tidyDeviceCodes } from '../../core/accounts/device-code.ts'
import type { Leaving } from '../../core/accounts/leaving.ts'
import { type NoteDeparted, sweepDeparted } from '../../core/accounts/sweep-departed.ts'
import { tidyChannels } from '../../core/channels/book.ts'
import { openChannelDeliverer } from '../../core/channels/deliver.ts'
import { queueForChannels } from '../../core/channels/fan-out.ts'
import { availableOf, openWays } from '../../core/channels/ways.ts'
import type { Kinds } from '../../core/events/feed.ts'
import { tidyPages } from '../../core/events/sequence.ts'
import { numbering } from '../../core/events/work.ts'
import type { Storage } from '../../core/files/storage.ts'
import { tidyFiles } from '../../core/files/tidy.ts'
import { auditLedger } from '../../core/ledger/laws.ts'
import { sealTransfers } from '../../core/ledger/seal.ts'
import { takeCensus } from '../../core/operators/census.ts'
import { reconcileDaily, tidyReconciliations } from '../../core/payments/books/reconcile.ts'
import type { FundingDesk } from '../../core/payments/funding/desk.ts'
import { isFullBatch, readInbox, tidyInbox } from '../../core/payments/inbox.ts'
import { paymentLaws } from '../../core/payments/laws.ts'
import { lookUpOpenTopUps } from '../../core/payments/look-up.ts'
import { readMissedEvents } from '../../core/payments/missed-events.ts'
import { lookUpPlans } from '../../core/payments/plans/look-up.ts'
import { paymentWorks } from '../../core/payments/works.ts'
import { closeVerification } from '../../core/verification/verify.ts'
import { tidyDeliveries } from '../../core/webhooks/book.ts'
import { openDeliverer } from '../../core/webhooks/deliver.ts'
import { queueForWebhooks } from '../../core/webhooks/fan-out.ts'
import { postTo } from '../../core/webhooks/post.ts'
import { followAccounts } from '../../desks/gigs/contract/follow-accounts.ts'
import { gigLaws } from '../../desks/gigs/laws.ts'
import { gigCounts } from '../../desks/gigs/oversight.ts'
import { sweepGigs } from '../../desks/gigs/sweep.ts'
import { jobLaws } from '../../desks/jobs/laws.ts'
import { jobCounts } from '../../desks/jobs/oversight.ts'
import { payOutCredits } from '../../desks/jobs/pay-out.ts'
import { sweepJobs, tidyJobs } from '../../desks/jobs/sweep.ts'
import { tallyJobs } from '../../desks/jobs/tally.ts'
import { isFull, verifyApartMs, verifyBatch } from '../../desks/jobs/verify.ts'
import { tidyIdempotency } from '../http/idempotency.ts'
import { tidyQuotas } from '../http/limits.ts'
import { type Loop, runLoop, type Work } from './loop.ts'
import { retain } from './retention.ts'
import type { Tasks } from './tasks.ts'

export interface WorkerNeeds {
  readonly config: Config
  readonly signals: Signals
  readonly db: Database
  readonly stripe: Stripe
  readonly storage: Storage
  readonly log: Log
  /** Every room that keeps something of people. */
  readonly leavings: readonly Leaving[]
  /** Whose work is funded by card. */
  readonly desk: FundingDesk
  readonly kinds: Kinds
  readonly egress: Egress
  /** Of the secrets of webhooks. */
  readonly sealer: Sealer
  /** Of what channels lead to. */
  readonly channels: Sealer
  readonly tasks: Tasks
}

export interface Worker {
  wake(work: string): void
  stop(): Promise<void>
}

const nothingMore = (work: Promise<unknown>): Promise<boolean> => work.then(() => false)

async function audit(db: Database, log: Log): Promise<void> {
  for (const breach of await auditLedger(db, [...paymentLaws, ...jobLaws, ...gigLaws]))
    log.error({ breach }, 'a law of the ledger is broken: withdrawals and payouts are frozen')
}

/** All background work. Any number of workers may run: each piece is claimed row by row, or harmless when done twice. */
export function startWorker({
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
  sealer,
  channels,
  tasks,
}: WorkerNeeds): Worker {
  const deliverer = openDeliverer({ db, way: postTo(egress, sealer), log, onRoom: () => wake('webhooks') })
  const { backupDir } = config
  const noteDeparted: NoteDeparted | undefined = backupDir === null ? undefined : (all) => noteErasures(backupDir, all)
  const mailer = openMailer(config.mail, log)
  const teller = openChannelDeliverer({
    db,
    ways: openWays(config, egress, mailer),
    sealer: channels,
    kinds,
    appUrl: config.appUrl,
    log,
    onRoom: () => wake('channels'),
  })
  const works: Record<string, Work> = {
    // An event has its number at most a second after it has happened.
    number: {
      name: 'number events',
      everyMs: 350,
      apartMs: 100,
      once: numbering(db, signals, kinds, [queueForWebhooks, queueForChannels(kinds, availableOf(config))]),
    },
    webhooks: { name: 'send webhooks', everyMs: 500, apartMs: 50, once: () => deliverer.once() },
    channels: { name: 'tell channels', everyMs: 500, apartMs: 50, once: () => teller.once() },
    verify: {
      name: 'verify',
      everyMs: 1_000,
      apartMs: verifyApartMs,
      once: async () => isFull(await verifyBatch(db, log, signals)),
    },
    inbox: { name: 'inbox', everyMs: 2_000, once: async () => isFullBatch(await readInbox(db, stripe, log, desk)) },
    sweep: { name: 'sweep', everyMs: config.mode === 'test' ? 1_000 : 15_000, once: () => nothingMore(sweepJobs(db)) },
    sweepGigs: {
      name: 'sweep of gigs',
      everyMs: config.mode === 'test' ? 1_000 : 15_000,
      once: () => nothingMore(sweepGigs(db)),
    },
    accounts: {
      name: 'accounts that contracts wait for',
      everyMs: 1_000,
      once: async () => (await followAccounts(db)) >= 500,
    },
    tally: {
      name: 'tally',
      everyMs: config.mode === 'test' ? 1_000 : 5_000,
      once: async () => (await tallyJobs(db)) > 400,
    },
    forget: {
      name: 'people who have left',
      everyMs: config.mode === 'test' ? 2_000 : 15_000,
      once: () => nothingMore(sweepDeparted(db, leavings, noteDeparted)),
    },
    seal: { name: 'seal', everyMs: 3_000, once: async () => (await sealTransfers(db)) > 1_000 },
    audit: { name: 'audit', everyMs: 600_000, once: () => nothingMore(audit(db, log)) },
    census: {
      name: 'census',
      everyMs: config.mode === 'test' ? 10_000 : 300_000,
      once: () => nothingMore(takeCensus(db, [...jobCounts, ...gigCounts])),
    },
    plans: { name: 'plans', everyMs: 60_000, once: () => nothingMore(lookUpPlans(db, stripe, log)) },
    missed: {
      name: 'missed events of the payment provider',
      everyMs: 30_000,
      once: () => nothingMore(readMissedEvents(db, stripe)),
    },
    reconcile: {
      name: 'comparison with the payment provider',
      everyMs: 600_000,
      once: () => nothingMore(reconcileDaily(db, stripe, log, config.mode)),
    },
    lookUp: {
      name: 'look up open top-ups',
      everyMs: 60_000,
      once: () => nothingMore(lookUpOpenTopUps(db, stripe, log)),
    },
    payOut: {
      name: 'pay out credits',
      everyMs: config.mode === 'test' ? 1_000 : 5_000,
      async once() {
        if ((await payOutCredits(db)) > 0) wake('intents')
        return false
      },
    },
    ...paymentWorks({ db, stripe, log, desk }, config.mode),
    retention: { name: 'move what is old', everyMs: 60_000, once: () => retain(db, config.retention) },
    tidy: {
      name: 'tidy',
      everyMs: config.mode === 'test' ? 2_000 : 60_000,
      once: () =>
        nothingMore(
          Promise.all([
            tidyJobs(db),
            tidyPages(db),
            tidyDeliveries(db),
            tidyChannels(db),
            tidyIdempotency(db),
            tidyQuotas(db),
            tidySeats(db),
            tidyDeviceCodes(db),
            tidyFiles(db, storage),
            tidyInbox(db),
            tidyReconciliations(db),
          ]),
        ),
    },
  }
  const loops = new Map<string, Loop>(
    Object.entries(works).map(([name, work]) => [name, runLoop(name, work, log, tasks(name, work.everyMs))]),
  )
  const wake = (work: string): void => loops.get(work)?.wake()
  signals.on(wake)
  return {
    wake,
    async stop() {
      await Promise.all([...loops.values()].map((loop) => loop.stop()))
      await deliverer.stop()
      await teller.stop()
      mailer?.close()
      await closeVerification()
    },
  }
}

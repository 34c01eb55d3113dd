import { newId } from '../../src/base/ids.ts'
import { tidyDeviceCodes } from '../../src/core/accounts/device-code.ts'
import { sweepDeparted } from '../../src/core/accounts/sweep-departed.ts'
import { numberEvents, tidyPages } from '../../src/core/events/sequence.ts'
import { auditLedger } from '../../src/core/ledger/laws.ts'
import { sealTransfers } from '../../src/core/ledger/seal.ts'
import { takeCensus } from '../../src/core/operators/census.ts'
import { tidyInbox } from '../../src/core/payments/inbox.ts'
import { paymentLaws } from '../../src/core/payments/laws.ts'
import { lookUpOpenTopUps } from '../../src/core/payments/look-up.ts'
import { paymentWorks } from '../../src/core/payments/works.ts'
import { tidyDeliveries } from '../../src/core/webhooks/book.ts'
import { queueForWebhooks } from '../../src/core/webhooks/fan-out.ts'
import { takeDue } from '../../src/core/webhooks/take.ts'
import { followAccounts } from '../../src/desks/gigs/contract/follow-accounts.ts'
import { gigLaws } from '../../src/desks/gigs/laws.ts'
import { gigCounts } from '../../src/desks/gigs/oversight.ts'
import { sweepGigs } from '../../src/desks/gigs/sweep.ts'
import { jobLaws } from '../../src/desks/jobs/laws.ts'
import { jobCounts } from '../../src/desks/jobs/oversight.ts'
import { payOutCredits } from '../../src/desks/jobs/pay-out.ts'
import { tidyJobs } from '../../src/desks/jobs/sweep.ts'
import { tallyJobs } from '../../src/desks/jobs/tally.ts'
import { tidyIdempotency } from '../../src/edges/http/idempotency.ts'
import { openMeter as openQuota, tidyQuotas } from '../../src/edges/http/limits.ts'
import { eventKinds, fundingDesk, leavings } from '../../src/market.ts'
import type { Case } from './cases.ts'
import { type Grown, postJob } from './market.ts'

const open = eventKinds.filter((kind) => kind.open).map(({ name }) => name)

/** What the worker asks again and again, mostly to find that there is nothing to do; and what reads everything on purpose. */
export function workerCases(grown: Grown): Case[] {
  const { market, crowd } = grown
  const { db, stripe, log, config } = market
  const works = paymentWorks({ db, stripe, log, desk: fundingDesk(config) }, 'live')
  const idle = (name: string, once: () => Promise<unknown>): Case => ({ name, hot: true, once })
  const all = async (once: () => Promise<number>): Promise<void> => {
    while ((await once()) > 0);
  }
  const number = async (): Promise<number> => (await numberEvents(db, open, [queueForWebhooks]))?.many ?? 0
  const hooks = async (): Promise<void> => {
    for (const { id } of crowd.slice(0, 10))
      await db.rows(
        `insert into webhook (id, user_id, url, secret, delivered_at, created_at, updated_at)
         select $1, $2, 'https://growth.test/crowd', '\\x00', app_now(), app_now(), app_now() where not exists (select from webhook where user_id = $2)`,
        [newId(), id],
      )
    await db.rows(`delete from webhook_delivery where due_at is not null`)
    await db.rows(
      `insert into webhook_delivery (webhook_id, event_id, name, event, due_at, created_at)
       select w.id, uuid7(), 'webhook.test', '{}', app_now(), app_now() from webhook w, generate_series(1, 2) where w.user_id = any ($1::uuid[])`,
      [crowd.slice(0, 10).map(({ id }) => id)],
    )
  }
  const take = (): Promise<unknown> => takeDue(db, newId(), { busy: [], slow: [], risky: 100, healthy: 100 })
  return [
    {
      name: 'number the events of a job',
      hot: true,
      prepare: async () => {
        await all(number)
        await postJob(grown)
      },
      once: number,
    },
    idle('number, nothing new', number),
    {
      name: 'tally the events of a job',
      hot: true,
      prepare: async () => {
        await all(() => tallyJobs(db))
        await postJob(grown)
      },
      once: () => tallyJobs(db),
      most: 2_600,
    },
    idle('tally, nothing new', () => tallyJobs(db)),
    {
      name: 'seal the transfer of a job',
      hot: true,
      prepare: async () => {
        await all(() => sealTransfers(db))
        await postJob(grown)
      },
      once: () => sealTransfers(db),
    },
    idle('seal, nothing new', () => sealTransfers(db)),
    { name: 'take what 10 webhooks wait for', hot: true, prepare: hooks, once: take },
    {
      name: 'webhooks, nothing due',
      hot: true,
      prepare: () => db.rows(`delete from webhook_delivery where due_at is not null`),
      once: take,
    },
    idle('sweep of gigs, nothing due', () => sweepGigs(db)),
    idle('accounts that contracts wait for', () => followAccounts(db)),
    ...['intents', 'autoTopUp', 'payouts', 'fundings', 'fees', 'cards', 'disputes', 'departed', 'debts'].map((name) =>
      idle(`payments: ${works[name]!.name}, none`, () => works[name]!.once()),
    ),
    idle('payments: open top-ups, none', () => lookUpOpenTopUps(db, stripe, log)),
    idle('payments: credits to pay out, none', () => payOutCredits(db)),
    idle('people who have left, none', () => sweepDeparted(db, leavings)),
    idle('tidy: answers', () => tidyIdempotency(db)),
    idle('tidy: quotes and texts', () => tidyJobs(db)),
    idle('tidy: pages of the feed', () => tidyPages(db)),
    idle('tidy: deliveries', () => tidyDeliveries(db)),
    idle('tidy: quotas, codes, inbox', async () => {
      await tidyQuotas(db)
      await tidyDeviceCodes(db)
      await tidyInbox(db)
    }),
    idle('a block of somebody’s quota', async () => openQuota(db, 'requests', 10, 60).take(`bench:${newId()}`)),
    // Everybody who has ever left, every ten minutes.
    { name: `payments: ${works.lateMoney!.name}`, hot: false, each: 1, once: () => works.lateMoney!.once() },
    { name: 'census', hot: false, each: 1, once: () => takeCensus(db, [...jobCounts, ...gigCounts]) },
    {
      name: 'every law of the ledger',
      hot: false,
      each: 1,
      once: async () => {
        const breaches = await auditLedger(db, [...paymentLaws, ...jobLaws, ...gigLaws])
        if (breaches.length > 0)
          throw new Error(`The ledger of the bench is broken: ${JSON.stringify(breaches.slice(0, 3))}`)
      },
    },
  ]
}

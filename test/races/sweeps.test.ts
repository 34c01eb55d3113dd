import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Job } from '../../src/desks/jobs/job.ts'
import { act, assertLawful, fund, people, post, see, take, walletOf, went } from '../journeys/desk.ts'
import { ask, startTestMarket } from '../support/market.ts'
import { rounds } from './contest.ts'

const market = await startTestMarket({ worker: false, apis: 2 })
after(() => market.close())
const senders = await people(market, 'Ada', 'Bea', 'Cora', 'Dana')
const each = 150
const sweepEverywhere = () =>
  Promise.all(
    Array.from({ length: 6 }, (_, n) => ask(market.urls[n % 2]!, 'POST', '/api/test/clock', { advance_seconds: 1 })),
  )

test('six sweeps at once over the jobs of four senders: every job ends once, and no sweep stumbles over another', async () => {
  for (const sender of senders) await fund(market, sender, 100 * each)
  for (let round = 0; round < Math.ceil(rounds / 40); round++) {
    const jobs: Job[] = []
    // More than one sweep takes at a time, so that several have something to do.
    for (let n = 0; n < each; n++)
      jobs.push(...(await Promise.all(senders.map((sender) => post(sender, { price_cents: 100 })))))
    await market.db.rows(`update job set due_at = app_now() where status = 'queued'`)
    for (const answer of await sweepEverywhere()) went(answer)
    await market.advance(1)
    for (const sender of senders) {
      const open = went(await sender.ask<Job[]>('GET', '/api/jobs?status=queued'))
      assert.equal(open.length, 0)
      assert.equal((await walletOf(sender)).balance_cents, 100 * each)
    }
  }
  await assertLawful(market)
})

test('third attempts that end together with their holders giving up and their senders cancelling: refunded once each', async () => {
  const workers = await people(market, 'Will', 'Xena')
  for (const sender of senders) await fund(market, sender, 100 * 4)
  for (let round = 0; round < Math.ceil(rounds / 10); round++) {
    const jobs: { job: Job; sender: number; worker: number }[] = []
    for (let n = 0; n < 16; n++) {
      const job = await post(senders[n % 4]!, { price_cents: 100, time_limit_seconds: 60 })
      await market.db.rows(`update job set attempt_count = 2 where id = $1`, [job.id])
      await take(workers[n % 2]!, job)
      jobs.push({ job, sender: n % 4, worker: n % 2 })
    }
    await market.db.rows(`update job set deadline_at = app_now(), due_at = app_now() where status = 'accepted'`)
    const [swept, others] = await Promise.all([
      sweepEverywhere(),
      Promise.all(
        jobs.map(({ job, sender, worker }, n) =>
          n % 2 === 0 ? act(senders[sender]!, 'cancel', job) : act(workers[worker]!, 'fail', job),
        ),
      ),
    ])
    for (const answer of swept) went(answer)
    for (const answer of others) assert.ok([200, 400].includes(answer.status), answer.text)
    await market.advance(1)
    for (const { job, sender } of jobs)
      assert.ok(['failed', 'cancelled'].includes((await see(senders[sender]!, job)).status))
    await assertLawful(market)
  }
})

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { readScore } from '../../src/core/turns/score.ts'
import { tallyJobs } from '../../src/desks/jobs/tally.ts'
import { act, fund, junk, moveClock, people, post, submit, take, verifyAll, went } from '../journeys/desk.ts'
import { submittedForCredits } from '../journeys/first-api-desk.ts'
import { type Person, readAll, startTestMarket } from '../support/market.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())

const count = (): Promise<number> => readAll(market.db, 'jobs.tally', () => tallyJobs(market.db))
const parts = async ({ userId }: Person): Promise<[number, number, number]> => {
  const { ghost_score, answered, expected } = await readScore(market.db, userId)
  return [ghost_score, answered, expected]
}
const turnsOf = ({ userId }: Person): Promise<{ answered: boolean | null; counted: boolean | null }[]> =>
  market.db.rows(`select answered, counted from turn where user_id = $1 order by id`, [userId])

test('an accepted job is a turn of its worker: answered when verified, not when the attempt ends otherwise', async () => {
  const [ada, bob, cleo, dan, eve] = await people(market, 'Ada', 'Bob', 'Cleo', 'Dan', 'Eve')
  await fund(market, ada, 10_000)
  await submit(bob, await take(bob, await post(ada)))
  await count()
  assert.deepEqual(await parts(bob), [50, 0, 0], 'while it runs it counts for nobody')
  await verifyAll(market)
  await count()
  assert.deepEqual(await parts(bob), [55, 1, 1])
  // Gives up; delivers what does not pass; misses the deadline.
  went(await act(cleo, 'fail', await take(cleo, await post(ada)), {}))
  await submit(dan, await take(dan, await post(ada)), junk)
  await verifyAll(market)
  await take(eve, await post(ada, { time_limit_seconds: 60 }))
  await market.advance(61)
  await count()
  for (const who of [cleo, dan, eve]) assert.deepEqual(await parts(who), [45, 0, 1])
  assert.deepEqual(await parts(ada), [50, 0, 0], 'the sender had no turn')
})

test('read once, however many read: replays and two readers count nothing twice', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await fund(market, ada, 10_000)
  for (let n = 0; n < 2; n++) await submit(bob, await take(bob, await post(ada)))
  await verifyAll(market)
  await Promise.all([tallyJobs(market.db), tallyJobs(market.db), tallyJobs(market.db)])
  await count()
  assert.deepEqual(await parts(bob), [58, 2, 2])
})

test('three a counterpart in thirty days; nothing for credits; nothing where one person is both', async () => {
  const [ada, bob, cleo] = await people(market, 'Ada', 'Bob', 'Cleo')
  await fund(market, ada, 100_000)
  const work = async (sender: Person): Promise<void> => {
    await submit(bob, await take(bob, await post(sender)))
    await verifyAll(market)
    await count()
  }
  for (let n = 0; n < 5; n++) await work(ada)
  assert.deepEqual(await parts(bob), [62, 3, 3])
  assert.deepEqual(
    (await turnsOf(bob)).map(({ counted }) => counted),
    [true, true, true],
  )
  await fund(market, cleo, 500)
  await work(cleo)
  assert.deepEqual(await parts(bob), [64, 4, 4])
  await moveClock(market, 31 * 86_400)
  await work(ada)
  assert.deepEqual(await parts(bob), [67, 5, 5])

  const job = await submittedForCredits(ada, cleo)
  went(await act(ada, 'verify', job))
  await submit(ada, await take(ada, await post(ada)))
  await verifyAll(market)
  await count()
  assert.deepEqual(await turnsOf(cleo), [])
  assert.deepEqual(await turnsOf(ada), [])
})

test('what the market could not verify is nobody’s fault', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await fund(market, ada, 500)
  const job = await submit(bob, await take(bob, await post(ada)))
  await count()
  await market.db.rows(
    `with moved as (update job set status = 'cancelled', due_at = null, ended_at = app_now(), output_text = null where id = $1 returning id, sender, price_cents)
     select ledger_post('refund', 'job:' || id, 'job:' || id, 'USD', array['escrow:job:' || id], array['wallet:' || sender], array[price_cents]),
       event_write('job.cancelled', 'job:' || id, array[sender], json_build_object('job_id', id, 'reason', 'not_verifiable')) from moved`,
    [job.id],
  )
  await count()
  assert.deepEqual(await turnsOf(bob), [])
  assert.deepEqual(await parts(bob), [50, 0, 0])
})

test('an attempt that failed just before its worker left is not shaken off', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await fund(market, ada, 500)
  went(await act(bob, 'fail', await take(bob, await post(ada)), {}))
  const { leave } = await import('../accounts/leaving-stage.ts')
  const { sweepDeparted } = await import('../../src/core/accounts/sweep-departed.ts')
  const { leavings } = await import('../../src/market.ts')
  went(await leave(market, bob))
  await count()
  await market.db.rows(`update deleted_accounts set left_at = left_at - interval '2 minutes'`)
  await sweepDeparted(market.db, leavings)
  assert.deepEqual(
    await market.db.rows(`select expected, answered, swept_at is not null as swept from deleted_accounts`),
    [{ expected: 1, answered: 0, swept: true }],
  )
})

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startTestMarket } from '../support/market.ts'
import {
  act,
  assertLawful,
  claim,
  eventsOf,
  fund,
  junk,
  moveClockTo,
  movementsOf,
  people,
  post,
  postUnpaid,
  refused,
  see,
  submit,
  take,
  unixReport,
  verifyAll,
  walletOf,
  went,
} from './desk.ts'

// Nothing happens in the background here: each test says when the market sweeps (`advance`) and verifies.
const market = await startTestMarket({ worker: false })
after(() => market.close())
const [ada, bob, cleo, dora] = await people(market, 'Ada', 'Bob', 'Cleo', 'Dora')
await fund(market, ada, 100_000)
const day = 86_400

test('three attempts exactly, however they end; then the job has failed and its price is back', async () => {
  const before = (await walletOf(ada)).balance_cents
  const job = await post(ada, { time_limit_seconds: 60 })
  assert.equal((await walletOf(ada)).balance_cents, before - 500)

  await take(bob, job)
  const first = went(await act(bob, 'fail', job))
  assert.deepEqual([first.status, first.attempt_count], ['queued', 1])

  await claim(cleo, job)
  went(await act(cleo, 'reject', job))
  assert.equal((await see(ada, job)).attempt_count, 1, 'a rejected hold is no attempt')

  await take(dora, job)
  await market.advance(61)
  const second = await see(ada, job)
  assert.deepEqual([second.status, second.attempt_count], ['queued', 2], 'a missed deadline ends the attempt')

  const [eve] = await people(market, 'Eve')
  await take(eve, job)
  await submit(eve, job, junk)
  await verifyAll(market)
  const third = await see(ada, job)
  assert.deepEqual([third.status, third.attempt_count, third.output], ['failed', 3, null])
  assert.equal((await walletOf(ada)).balance_cents, before)
  assert.deepEqual(await movementsOf(market, job), { job_paid: 1, refund: 1 })
  const [fred] = await people(market, 'Fred')
  refused(await act(fred, 'claim', job), 404, 'job_not_found')
  assert.deepEqual((await eventsOf(market, job)).slice(-2), ['job.submitted', 'job.failed'])
  await assertLawful(market)
})

test('whoever hands in afterwards is told how their attempt ended, also when the job is over', async () => {
  const [gus] = await people(market, 'Gus')
  for (const attempts of [0, 2]) {
    const [late, early] = [await post(ada, { time_limit_seconds: 60 }), await post(ada)]
    for (const job of [late, early]) {
      await market.db.rows(`update job set attempt_count = $2 where id = $1`, [job.id, attempts])
      await take(gus, job)
    }
    await moveClockTo(market, late, 'deadline_at', 1)
    await market.advance(1)
    const failed = await act(gus, 'fail', early)
    assert.equal(went(failed).status, attempts === 2 ? 'failed' : 'queued')
    refused(await act(gus, 'submit', late, { output: unixReport }), 400, 'deadline_passed')
    const over = attempts === 2 ? 'job_wrong_state' : 'attempt_ended'
    refused(await act(gus, 'fail', late), 400, over)
    for (const verb of ['submit', 'fail']) refused(await act(gus, verb, early), 400, over)
  }
  // A newer attempt counts, not the one before it.
  const job = await post(ada, { time_limit_seconds: 60, retry_same: true })
  await take(gus, job)
  await moveClockTo(market, job, 'deadline_at', 1)
  await market.advance(1)
  await take(gus, job)
  went(await act(gus, 'fail', job))
  refused(await act(gus, 'submit', job, { output: unixReport }), 400, 'attempt_ended')
})

test('a hold lapses after 30 s of database time, with no sweep needed: 410 for whoever held it', async () => {
  const [gus, hal] = await people(market, 'Gus', 'Hal')
  const [kept, lost] = [await post(ada), await post(ada)]
  await claim(gus, kept)
  await moveClockTo(market, kept, 'hold_expires_at', -1_000)
  went(await act(gus, 'accept', kept))

  await claim(gus, lost)
  await moveClockTo(market, lost, 'hold_expires_at', 1)
  for (const verb of ['accept', 'reject']) refused(await act(gus, verb, lost), 410, 'hold_lapsed')
  assert.ok([403, 404].includes((await act(hal, 'accept', lost)).status))
  assert.deepEqual((await see(gus, lost)).can, [])

  await market.advance(1)
  assert.equal((await see(ada, lost)).status, 'queued')
  for (const verb of ['accept', 'reject']) refused(await act(gus, verb, lost), 410, 'hold_lapsed')
  refused(await act(hal, 'accept', lost), 400, 'job_wrong_state')
  await claim(hal, lost)
  assert.equal((await act(gus, 'accept', lost)).status, 404, 'somebody else has it now')
  went(await act(hal, 'accept', lost))
  await assertLawful(market)
})

test('a hold that lapsed is free for others before any sweep, and its lapse is written down once', async () => {
  const [gus, hal] = await people(market, 'Gus', 'Hal')
  const job = await post(ada)
  await claim(gus, job)
  await moveClockTo(market, job, 'hold_expires_at', 1)
  await claim(hal, job)
  await market.advance(1)
  const shown = await market.db.rows<{ outcome: string }>(`select outcome from job_presentation where job_id = $1`, [
    job.id,
  ])
  assert.deepEqual(shown, [{ outcome: 'lapsed' }])
  went(await act(hal, 'accept', job))
  assert.deepEqual(await eventsOf(market, job), [
    'job.created',
    'job.queued',
    'job.held',
    'job.requeued',
    'job.held',
    'job.accepted',
  ])
})

test('work handed in before the deadline counts, a millisecond after it does not', async () => {
  const [gus] = await people(market, 'Gus')
  const [early, late] = [await post(ada, { time_limit_seconds: 60 }), await post(ada, { time_limit_seconds: 60 })]
  await take(gus, early)
  await moveClockTo(market, early, 'deadline_at', -1_000)
  assert.equal((await submit(gus, early)).status, 'submitted')
  await verifyAll(market)
  assert.equal((await see(gus, early)).status, 'verified')

  await take(gus, late)
  await moveClockTo(market, late, 'deadline_at', 1)
  refused(await act(gus, 'submit', late, { output: unixReport }), 400, 'deadline_passed')
  assert.equal((await see(gus, late)).status, 'accepted', 'only the sweep ends the attempt')
  await market.advance(1)
  assert.equal((await see(ada, late)).status, 'queued')
  refused(await act(gus, 'submit', late, { output: unixReport }), 400, 'deadline_passed')
  refused(await act(gus, 'fail', late), 400, 'attempt_ended')
  await assertLawful(market)
})

test('work handed in at the last moment is verified however long that takes', async () => {
  const [gus] = await people(market, 'Gus')
  const job = await post(ada, { time_limit_seconds: 60 })
  await take(gus, job)
  await moveClockTo(market, job, 'deadline_at', -500)
  await submit(gus, job)
  await market.advance(3_600)
  assert.equal((await see(gus, job)).status, 'submitted')
  await verifyAll(market)
  assert.equal((await see(gus, job)).status, 'verified')
})

test('cancel while accepted, then the attempt fails in whatever way: cancelled, and refunded once', async () => {
  const before = (await walletOf(ada)).balance_cents
  const [gus] = await people(market, 'Gus')
  const endings: Record<string, (id: { id: string }) => Promise<unknown>> = {
    'given up': (job) => act(gus, 'fail', job),
    'deadline missed': () => market.advance(61),
    'not passed': async (job) => {
      await submit(gus, job, junk)
      await verifyAll(market)
    },
    'not passed, cancel asked after it was handed in': async (job) => {
      await submit(gus, job, junk)
      assert.equal(went(await act(ada, 'cancel', job)).status, 'submitted')
      await verifyAll(market)
    },
  }
  for (const [how, end] of Object.entries(endings)) {
    const job = await post(ada, { time_limit_seconds: 60 })
    await take(gus, job)
    if (!how.includes('after')) assert.equal(went(await act(ada, 'cancel', job)).cancellation_requested, true)
    await end(job)
    assert.equal((await see(ada, job)).status, 'cancelled', how)
    assert.deepEqual(await movementsOf(market, job), { job_paid: 1, refund: 1 }, how)
    assert.equal((await act(gus, 'fail', job)).status, 400)
    await market.advance(1)
    assert.equal((await walletOf(ada)).balance_cents, before, how)
  }
  await assertLawful(market)
})

test('cancel while accepted, then the work passes: the worker is paid and the flag is void', async () => {
  const [gus] = await people(market, 'Gus')
  for (const when of ['accepted', 'submitted']) {
    const before = (await walletOf(ada)).balance_cents
    const job = await post(ada)
    await take(gus, job)
    if (when === 'accepted') went(await act(ada, 'cancel', job))
    await submit(gus, job)
    if (when === 'submitted') went(await act(ada, 'cancel', job))
    await verifyAll(market)
    const done = await see(ada, job)
    assert.deepEqual([done.status, done.cancellation_requested, done.output], ['verified', false, unixReport], when)
    assert.equal(went(await act(ada, 'cancel', job)).status, 'verified', 'a no-op')
    assert.equal((await walletOf(ada)).balance_cents, before - 500)
    assert.deepEqual(await movementsOf(market, job), { job_paid: 1, job_settled: 1 })
  }
  assert.equal((await walletOf(gus)).balance_cents, 700)
  await assertLawful(market)
})

test('a job nobody pays for is cancelled after seven days, not a minute before', async () => {
  const [poor] = await people(market, 'Poor')
  const job = await postUnpaid(poor)
  await market.advance(7 * day - 60)
  assert.equal((await see(poor, job)).status, 'pending_payment')
  await market.advance(61)
  const gone = await see(poor, job)
  assert.deepEqual([gone.status, gone.can], ['cancelled', []])
  assert.deepEqual(await movementsOf(market, job), {})
  refused(await act(poor, 'pay', job), 400, 'job_wrong_state')
})

test('a job nobody does is cancelled and refunded 30 days after it was first paid, attempts or not', async () => {
  const [rich, gus] = await people(market, 'Rich', 'Gus')
  const saved = await postUnpaid(rich)
  await market.advance(2 * day)
  await fund(market, rich, 1500)
  const [idle, tried] = [await post(rich), await post(rich)]
  went(await act(rich, 'pay', saved))
  assert.equal((await walletOf(rich)).balance_cents, 0)
  await market.advance(20 * day)
  await take(gus, tried)
  went(await act(gus, 'fail', tried))
  await market.advance(10 * day - 60)
  for (const job of [idle, tried, saved]) assert.equal((await see(rich, job)).status, 'queued')
  await market.advance(61)
  for (const job of [idle, tried, saved]) {
    const gone = await see(rich, job)
    assert.equal(gone.status, 'cancelled')
    assert.deepEqual(await movementsOf(market, job), { job_paid: 1, refund: 1 })
  }
  assert.equal((await walletOf(rich)).balance_cents, 1500)
  await assertLawful(market)
})

test('an attempt that runs when the 30 days are over may finish; if it fails, the job is over', async () => {
  const [rich, gus, hal] = await people(market, 'Rich', 'Gus', 'Hal')
  await fund(market, rich, 1500)
  const [won, lost, held] = [await post(rich), await post(rich), await post(rich)]
  await market.advance(30 * day - 30)
  await take(gus, won)
  await take(hal, lost)
  await claim(gus, held)
  await market.advance(29)
  went(await act(gus, 'reject', held))
  await market.advance(2)
  assert.equal((await see(rich, held)).status, 'cancelled')
  assert.equal((await see(rich, won)).status, 'accepted')
  await submit(gus, won)
  await verifyAll(market)
  assert.equal((await see(rich, won)).status, 'verified')
  went(await act(hal, 'fail', lost))
  await market.advance(1)
  assert.equal((await see(rich, lost)).status, 'cancelled')
  assert.equal((await walletOf(rich)).balance_cents, 1000)
  await assertLawful(market)
})

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
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
  see,
  submit,
  take,
  unixReport,
  verifyAll,
  went,
} from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import { at, contest, onlyOneWon, race } from './contest.ts'

// Two APIs on one database; the background is raced by hand: `advance` sweeps, `verifyAll` verifies.
const market = await startTestMarket({ worker: false, apis: 2 })
after(() => market.close())
const [ada, bob, cleo] = await people(market, 'Ada', 'Bob', 'Cleo')
await fund(market, ada, 10_000_000)
const refunded = { job_paid: 1, refund: 1 }
const settled = { job_paid: 1, job_settled: 1 }

test('two pays: one moves the money, the other is told that the job is queued', async (story) => {
  const [poor] = await people(market, 'Poor')
  await contest(story, ['pay 1', 'pay 2'], async () => {
    const job = await postUnpaid(poor)
    await fund(market, poor, 1000)
    const won = onlyOneWon(
      await race(
        () => act(poor, 'pay', job),
        () => act(at(market.urls[1], poor), 'pay', job),
      ),
      [400, 'job_wrong_state'],
    )
    assert.deepEqual(await movementsOf(market, job), { job_paid: 1 })
    went(await act(poor, 'cancel', job))
    await market.db.rows(
      `select ledger_post('test', 'user:' || $1, $2, 'USD', array['wallet:' || $1], array['platform:stripe'], array[1000])`,
      [poor.userId, `test:${job.id}`],
    )
    return `pay ${won + 1}`
  })
  await assertLawful(market)
})

test('pay against cancel: cancelled in the end, with the money back if it had moved', async (story) => {
  const [poor] = await people(market, 'Poor')
  await fund(market, poor, 400)
  await contest(story, ['pay', 'cancel'], async () => {
    const job = await postUnpaid(poor)
    await fund(market, poor, 100)
    const [paid, cancelled] = await race(
      () => act(poor, 'pay', job),
      () => act(poor, 'cancel', job),
    )
    assert.equal(went(cancelled).status, 'cancelled')
    assert.deepEqual(await movementsOf(market, job), paid.status === 200 ? refunded : {})
    await market.db.rows(
      `select ledger_post('test', 'user:' || $1, $2, 'USD', array['wallet:' || $1], array['platform:stripe'], array[100])`,
      [poor.userId, `test:${job.id}`],
    )
    return paid.status === 200 ? 'pay' : 'cancel'
  })
  await assertLawful(market)
})

test('two claims: one holds the job, the other is told it is taken', async (story) => {
  await contest(story, ['Bob', 'Cleo'], async (n) => {
    const job = await post(ada)
    const [one, two] = n % 2 === 0 ? [bob, cleo] : [cleo, bob]
    const won = onlyOneWon(
      await race(
        () => act(one, 'claim', job),
        () => act(at(market.urls[1], two), 'claim', job),
      ),
      [409, 'job_taken'],
    )
    const seen = await see(ada, job)
    assert.equal(seen.status, 'held')
    const winner = won === 0 ? one : two
    assert.equal((await see(winner, job)).can[0], 'accept')
    went(await act(winner, 'reject', job))
    went(await act(ada, 'cancel', job))
    return winner === bob ? 'Bob' : 'Cleo'
  })
})

test('accept against the lapse of the hold: an attempt begins, or nobody holds the job', async (story) => {
  await contest(story, ['accept', 'lapse'], async () => {
    const job = await post(ada, { time_limit_seconds: 86_400 })
    await claim(bob, job)
    await moveClockTo(market, job, 'hold_expires_at', -1_000)
    const [accepted] = await race(
      () => act(bob, 'accept', job),
      () => market.advance(1),
    )
    const seen = await see(ada, job)
    const shown = await market.db.rows<{ outcome: string }>(`select outcome from job_presentation where job_id = $1`, [
      job.id,
    ])
    if (accepted.status === 200) {
      assert.deepEqual(
        [seen.status, seen.attempt_count, shown.map(({ outcome }) => outcome)],
        ['accepted', 1, ['accepted']],
      )
      went(await act(bob, 'fail', job))
    } else {
      assert.equal(accepted.status, 410, accepted.text)
      await market.advance(1)
      const later = await see(ada, job)
      const lapsed = await market.db.rows(`select 1 from job_presentation where job_id = $1 and lapsed`, [job.id])
      assert.deepEqual([later.status, later.attempt_count, lapsed.length], ['queued', 0, 1])
    }
    went(await act(ada, 'cancel', job))
    await market.advance(601)
    return accepted.status === 200 ? 'accept' : 'lapse'
  })
  await assertLawful(market)
})

test('submit against the sweep after the deadline: the work is in, or the attempt has ended', async (story) => {
  await contest(story, ['submit', 'sweep'], async () => {
    const job = await post(ada, { time_limit_seconds: 60 })
    await take(bob, job)
    await moveClockTo(market, job, 'deadline_at', -1_000)
    const [submitted] = await race(
      () => act(bob, 'submit', job, { output: unixReport }),
      () => market.advance(1),
    )
    await market.advance(1)
    const seen = await see(ada, job)
    if (submitted.status === 200) {
      assert.equal(seen.status, 'submitted')
      await verifyAll(market)
      assert.deepEqual(await movementsOf(market, job), settled)
    } else {
      assert.deepEqual(
        [submitted.status, (submitted.body as unknown as { code: string }).code],
        [400, 'deadline_passed'],
      )
      assert.deepEqual([seen.status, seen.attempt_count], ['queued', 1])
      went(await act(ada, 'cancel', job))
      assert.deepEqual(await movementsOf(market, job), refunded)
    }
    return submitted.status === 200 ? 'submit' : 'sweep'
  })
  await assertLawful(market)
})

test('cancel against accept: cancelled at once, or asked for and granted when the attempt fails; refunded once', async (story) => {
  await contest(story, ['cancel', 'accept'], async () => {
    const job = await post(ada)
    await claim(bob, job)
    const [cancelled, accepted] = await race(
      () => act(ada, 'cancel', job),
      () => act(bob, 'accept', job),
    )
    const { status, cancellation_requested } = went(cancelled)
    if (accepted.status === 200) {
      assert.deepEqual([status, cancellation_requested], ['accepted', true])
      assert.equal(went(await act(bob, 'fail', job)).status, 'cancelled')
    } else {
      assert.equal(accepted.status, 404, accepted.text)
      assert.deepEqual([status, cancellation_requested], ['cancelled', false])
    }
    assert.deepEqual(await movementsOf(market, job), refunded)
    return accepted.status === 200 ? 'accept' : 'cancel'
  })
  await assertLawful(market)
})

test('a verdict against cancel: work that passed is paid, work that did not is refunded, in whatever order', async (story) => {
  await contest(story, ['good work: cancel', 'good work: verdict', 'junk: cancel', 'junk: verdict'], async (n) => {
    const passes = n % 2 === 0
    const job = await post(ada)
    await take(bob, job)
    await submit(bob, job, passes ? unixReport : junk)
    const [cancelled] = await race(
      () => act(ada, 'cancel', job),
      () => verifyAll(market),
    )
    const answered = went(cancelled)
    // A verifier passes over a row that somebody is just changing; its next round finds it.
    await verifyAll(market)
    const seen = await see(ada, job)
    assert.equal(seen.status, passes ? 'verified' : 'cancelled')
    assert.deepEqual(await movementsOf(market, job), passes ? settled : refunded)
    assert.equal((await eventsOf(market, job)).filter((name) => /verified|cancelled/.test(name)).length, 1)
    return `${passes ? 'good work' : 'junk'}: ${answered.status === 'submitted' ? 'cancel' : 'verdict'}`
  })
  await assertLawful(market)
})

test('two verifiers with the same work: one verdict is booked', async (story) => {
  await contest(story, ['first', 'second'], async (n) => {
    const passes = n % 2 === 0
    const job = await post(ada)
    await take(bob, job)
    await submit(bob, job, passes ? unixReport : junk)
    const taken = await race(
      () => verifyAll(market),
      () => verifyAll(market),
    )
    assert.ok(taken[0] + taken[1] <= 1, 'both took it')
    await verifyAll(market)
    assert.equal((await see(ada, job)).status, passes ? 'verified' : 'queued')
    if (!passes) went(await act(ada, 'cancel', job))
    assert.deepEqual(await movementsOf(market, job), passes ? settled : refunded)
    return taken[0] === 1 ? 'first' : taken[1] === 1 ? 'second' : 'neither'
  })
})

test('giving up against the sweep: the attempt ends once, whether it is the first or the last', async (story) => {
  await contest(story, ['fail', 'sweep'], async (n) => {
    const last = n % 2 === 0
    const job = await post(ada, { time_limit_seconds: 60 })
    if (last) await market.db.rows(`update job set attempt_count = 2 where id = $1`, [job.id])
    await take(bob, job)
    await moveClockTo(market, job, 'deadline_at', -1_000)
    const [failed] = await race(
      () => act(bob, 'fail', job),
      () => market.advance(1),
    )
    await market.advance(1)
    assert.ok([200, 400].includes(failed.status), failed.text)
    const seen = await see(ada, job)
    assert.deepEqual([seen.status, seen.attempt_count], last ? ['failed', 3] : ['queued', 1])
    const ends = (await eventsOf(market, job)).filter((name) => name === 'job.requeued' || name === 'job.failed')
    assert.equal(ends.length, 1)
    if (!last) went(await act(ada, 'cancel', job))
    assert.deepEqual(await movementsOf(market, job), refunded)
    return failed.status === 200 ? 'fail' : 'sweep'
  })
  await assertLawful(market)
})

test('cancel against the sweep that would cancel it anyway: refunded once', async (story) => {
  await contest(story, ['cancel', 'sweep'], async () => {
    const job = await post(ada)
    await market.db.rows(`update job set due_at = app_now() where id = $1`, [job.id])
    // A sweep moves the clock and fires three timers before this one: without a head start it would never be first.
    const headStart = Math.random() * 25
    const [cancelled] = await race(
      async () => {
        await sleep(headStart)
        return act(ada, 'cancel', job)
      },
      () => market.advance(1),
      () => market.advance(1),
    )
    assert.equal(went(cancelled).status, 'cancelled')
    assert.deepEqual(await movementsOf(market, job), refunded)
    const ends = await market.db.rows<{ reason: string }>(
      `select data ->> 'reason' as reason from event where ref = 'job:' || $1 and name = 'job.cancelled'`,
      [job.id],
    )
    assert.equal(ends.length, 1)
    return ends[0]!.reason === 'sender' ? 'cancel' : 'sweep'
  })
  await assertLawful(market)
})

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from '../../src/desks/jobs/job.ts'
import { registry } from '../../src/desks/jobs/skills/skill.ts'
import {
  act,
  assertLawful,
  eventsOf,
  junk,
  movementsOf,
  people,
  see,
  unixReport,
  verifyAll,
  walletOf,
  went,
} from '../journeys/desk.ts'
import {
  acceptedForCredits,
  creditsOf,
  giveCredits,
  postForCredits,
  submittedForCredits,
} from '../journeys/first-api-desk.ts'
import { type Answer, startTestMarket } from '../support/market.ts'
import { at, contest, onlyOneWon, race } from './contest.ts'

let pauseMs = 0
let runs = 0
const skill = {
  name: 'research',
  creditCost: 2,
  async execute() {
    runs++
    await sleep(pauseMs)
    return `${unixReport} A skill has made this.`
  },
}
// Two APIs on one database; the background is raced by hand.
const market = await startTestMarket({ worker: false, apis: 2, skills: registry([skill], skill) })
after(() => market.close())
const [ada, bob, cleo] = await people(market, 'Ada', 'Bob', 'Cleo')
await giveCredits(market, ada, 1_000_000)
const used = { credits_used: 1, job_paid: 1, job_settled: 1 }
const refunded = { job_paid: 1, refund: 1 }

test('two accepts: one is the receiver, the other hears that the job is not queued', async (story) => {
  await contest(story, ['Bob', 'Cleo'], async (n) => {
    const job = await postForCredits(ada)
    const [one, two] = n % 2 === 0 ? [bob, cleo] : [cleo, bob]
    const won = onlyOneWon(
      await race(
        () => act(one, 'accept', job),
        () => act(at(market.urls[1], two), 'accept', job),
      ),
      [400, 'job_wrong_state'],
    )
    const winner = won === 0 ? one : two
    const seen = await see(ada, job)
    assert.deepEqual([seen.status, seen.receiver, seen.attempt_count], ['accepted', winner.userId, 1])
    went(await act(winner, 'submit', job, { output: unixReport }))
    went(await act(ada, 'verify', job))
    return winner === bob ? 'Bob' : 'Cleo'
  })
  await assertLawful(market)
})

test('accept against cancel: taken on, or cancelled with the credits back', async (story) => {
  await contest(story, ['accept', 'cancel'], async () => {
    const job = await postForCredits(ada)
    const [accepted, cancelled] = await race(
      () => act(bob, 'accept', job),
      () => act(at(market.urls[1], ada), 'cancel', job),
    )
    const { status, cancellation_requested } = went(cancelled)
    if (accepted.status === 200) {
      assert.deepEqual([status, cancellation_requested], ['accepted', true])
      assert.equal(went(await act(bob, 'fail', job)).status, 'cancelled')
    } else assert.deepEqual([accepted.status, status], [400, 'cancelled'])
    assert.deepEqual(await movementsOf(market, job), refunded)
    return accepted.status === 200 ? 'accept' : 'cancel'
  })
  await assertLawful(market)
})

test('verify against verify: one verdict, one payout, and both hear the same', async (story) => {
  const earned = (await walletOf(bob)).balance_cents
  let passed = 0
  await contest(story, ['good work', 'junk'], async (n) => {
    const passes = n % 2 === 0
    if (passes) passed++
    const job = await submittedForCredits(ada, bob, passes ? unixReport : junk)
    const answers = await race(
      () => act(ada, 'verify', job),
      () => act(at(market.urls[1], ada), 'verify', job),
    )
    const good = answers.filter(({ status }) => status === 200)
    assert.ok(good.length > 0, answers.map(({ text }) => text).join('\n'))
    // Whoever came after the verdict is told that there is nothing to verify; a verdict cannot be talked round.
    for (const { status, body } of answers)
      if (status !== 200) assert.equal((body as unknown as { code: string }).code, 'job_wrong_state')
    for (const { body } of good) assert.equal(body.status, passes ? 'verified' : 'rejected')
    assert.deepEqual(await movementsOf(market, job), passes ? used : refunded)
    const ends = (await eventsOf(market, job)).filter((name) => /verified|failed/.test(name))
    assert.deepEqual(ends, [passes ? 'job.verified' : 'job.failed'])
    return passes ? 'good work' : 'junk'
  })
  assert.equal((await walletOf(bob)).balance_cents, earned + 100 * passed)
  await assertLawful(market)
})

test('verify against the market’s own, three days later: one verdict', async (story) => {
  await contest(story, ['asked', 'by itself'], async () => {
    const job = await submittedForCredits(ada, bob)
    assert.equal(await verifyAll(market), 0, 'nobody has asked')
    await market.db.rows(`update job set due_at = app_now() where id = $1`, [job.id])
    const [asked] = await race(
      () => act(ada, 'verify', job),
      () => verifyAll(market),
    )
    assert.ok([200, 400].includes(asked.status), asked.text)
    assert.equal((await see(ada, job)).status, 'verified')
    assert.deepEqual(await movementsOf(market, job), used)
    const [by] = await market.db.rows<{ asked: boolean }>(
      `select verdict_asked_by is not null as asked from job where id = $1`,
      [job.id],
    )
    return by!.asked ? 'asked' : 'by itself'
  })
  await assertLawful(market)
})

test('submit against cancel: handed in with the wish on it, or the wish comes first; paid or refunded once', async (story) => {
  await contest(story, ['good work', 'junk'], async (n) => {
    const passes = n % 2 === 0
    const job = await acceptedForCredits(ada, bob)
    const [submitted, cancelled] = await race(
      () => act(bob, 'submit', job, { output: passes ? unixReport : junk }),
      () => act(at(market.urls[1], ada), 'cancel', job),
    )
    assert.equal(went(submitted).status, 'submitted')
    assert.equal(went(cancelled).cancellation_requested, true)
    const end = went(await act(ada, 'verify', job))
    assert.deepEqual([end.status, end.cancellation_requested], passes ? ['verified', false] : ['rejected', true])
    assert.deepEqual(await movementsOf(market, job), passes ? used : refunded)
    return passes ? 'good work' : 'junk'
  })
  await assertLawful(market)
})

test('a skill against output of one’s own: one of them is handed in', async (story) => {
  pauseMs = 4
  await contest(story, ['skill', 'own'], async () => {
    const job = await acceptedForCredits(ada, bob)
    const [bySkill, own] = await race(
      () => act(bob, 'submit', job),
      async () => {
        // A skill takes some statements more than handing in: a head start makes them even.
        await sleep(Math.random() * 30)
        return act(at(market.urls[1], bob), 'submit', job, { output: unixReport })
      },
    )
    const good = [bySkill, own].filter(({ status }) => status === 200)
    assert.ok(good.length > 0, `${bySkill.text}\n${own.text}`)
    for (const answer of [bySkill, own] as readonly Answer<unknown>[])
      if (answer.status !== 200) assert.equal((answer.body as { code: string }).code, 'job_wrong_state')
    const seen = await see(bob, job)
    assert.equal(seen.status, 'submitted')
    for (const { body } of good) assert.equal(body.output, seen.output)
    assert.equal((await eventsOf(market, job)).filter((name) => name === 'job.submitted').length, 1)
    went(await act(ada, 'verify', job))
    return seen.output === unixReport ? 'own' : 'skill'
  })
  pauseMs = 0
  await assertLawful(market)
})

test('the same submission twice, without output: the skill runs once, and both have what it made', async (story) => {
  pauseMs = 10
  await contest(story, ['with a key', 'without'], async (n) => {
    const job = await acceptedForCredits(ada, bob)
    const headers: Record<string, string> = n % 2 === 0 ? { 'idempotency-key': randomUUID() } : {}
    const before = runs
    const submit = (url: string | undefined) => at(url, bob).ask<Job>('POST', `/api/jobs/${job.id}/submit`, {}, headers)
    const answers = await race(
      () => submit(market.urls[0]),
      () => submit(market.urls[1]),
    )
    // Without a key, whoever comes when all is done is told so.
    const good = answers.filter(({ status }) => status === 200)
    assert.ok(n % 2 === 0 ? good.length === 2 : good.length > 0, answers.map(({ text }) => text).join('\n'))
    for (const { body } of good) assert.match(body.output!, /A skill has made this/)
    assert.equal(runs - before, 1)
    went(await act(ada, 'verify', job))
    return n % 2 === 0 ? 'with a key' : 'without'
  })
  pauseMs = 0
})

test('the last credits: as many jobs and deductions as they pay for, and never below zero', async (story) => {
  await contest(story, ['jobs'], async () => {
    const [dora] = await people(market, 'Dora')
    const deduct = (url: string | undefined) => () =>
      at(url, dora).ask('POST', '/api/credits', { amount: 3, reason: 'match_deduction' })
    const post = (url: string | undefined) => () => at(url, dora).ask('POST', '/api/jobs', { prompt: 'Research Unix' })
    const answers = await race(
      deduct(market.urls[0]),
      post(market.urls[0]),
      post(market.urls[1]),
      deduct(market.urls[1]),
      post(market.urls[0]),
      post(market.urls[1]),
    )
    const spent = answers.reduce((sum, { status }, n) => {
      assert.ok([200, 201, 402].includes(status))
      return sum + (status === 402 ? 0 : n === 0 || n === 3 ? 3 : 2)
    }, 0)
    assert.ok(spent <= 10 && spent >= 8, `${spent} of ten were spent`)
    assert.equal(await creditsOf(dora), 10 - spent)
    return 'jobs'
  })
  await assertLawful(market)
})

test('the same request twice at once: one job, one deduction, one acceptance, one verdict', async (story) => {
  await contest(story, ['all'], async () => {
    const [dora] = await people(market, 'Dora')
    const twice = async <B>(person: typeof dora, path: string, body: unknown = {}): Promise<B> => {
      const headers = { 'idempotency-key': randomUUID() }
      const answers = await race(
        () => person.ask<B>('POST', path, body, headers),
        () => at(market.urls[1], person).ask<B>('POST', path, body, headers),
      )
      assert.equal(answers[0].text, answers[1].text)
      assert.ok(answers[0].status < 300, answers[0].text)
      return answers[0].body
    }
    await twice(dora, '/api/credits', { amount: 1, reason: 'intro_deduction' })
    const job = await twice<Job>(dora, '/api/jobs', { prompt: 'Research the history of Unix.' })
    assert.equal(await creditsOf(dora), 7)
    await twice(bob, `/api/jobs/${job.id}/accept`)
    await twice(bob, `/api/jobs/${job.id}/submit`, { output: unixReport })
    assert.equal((await twice<Job>(dora, `/api/jobs/${job.id}/verify`)).status, 'verified')
    assert.deepEqual(await movementsOf(market, job), used)
    return 'all'
  })
  await assertLawful(market)
})

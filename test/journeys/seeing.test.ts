import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Job } from '../../src/desks/jobs/job.ts'
import { type Person, startTestMarket } from '../support/market.ts'
import {
  act,
  claim,
  fund,
  junk,
  people,
  post,
  postUnpaid,
  refused,
  see,
  seeIn,
  submit,
  take,
  unixReport,
  went,
} from './desk.ts'

const market = await startTestMarket()
after(() => market.close())
const [ada, bob, cleo, eve] = await people(market, 'Ada', 'Bob', 'Cleo', 'Eve')
await fund(market, ada, 100_000)

const secret = 'the code word is heliotrope-7731'
const privately = [
  'prompt',
  'output',
  'output_text',
  'verification',
  'attachments',
  'output_attachments',
  'env_vars',
] as const

test('a stranger sees the outline of a queued job, with every key present, and of any other job nothing', async () => {
  const job = await post(ada, {
    prompt: `Research the history of Unix. ${'Mention Bell Labs. '.repeat(40)} Psst: this is for the worker alone.`,
  })
  const outline = await see(eve, job)
  assert.deepEqual(Object.keys(outline), Object.keys(job))
  for (const field of privately) assert.equal(outline[field], null, field)
  assert.deepEqual(
    [outline.title, outline.price_cents, outline.time_limit_seconds, outline.skill, outline.status],
    [job.title, 500, 3600, job.skill, 'queued'],
  )
  assert.deepEqual(outline.can, ['pull', 'claim'])
  await hiddenFrom(eve, await postUnpaid(cleo), 'pending_payment')

  await claim(bob, job)
  await hiddenFrom(eve, job, 'held')
  went(await act(bob, 'accept', job))
  await hiddenFrom(eve, job, 'accepted')
  await submit(bob, job, `${unixReport} ${'Bell Labs, Unix, history and research. '.repeat(3)}`)
  await hiddenFrom(eve, job, 'submitted')
  await seeIn(ada, job, 'verified')
  await hiddenFrom(eve, job, 'verified')
})

test('work that did not pass is never shown to the sender, in no answer and no state; its verdict is', async () => {
  const job = await post(ada)
  const output = `${junk} ${secret}`
  const answers: string[] = []
  const listen = async (): Promise<void> => {
    for (const path of [`/api/jobs/${job.id}`, '/api/jobs', '/api/users/status', '/api/wallet/balance'])
      answers.push((await ada.ask('GET', path)).text)
  }
  for (const worker of [bob, cleo, eve]) {
    await take(worker, job)
    const submitted = await submit(worker, job, output)
    assert.equal(submitted.output, output, 'the worker sees what they handed in')
    await listen()
    await seeIn(ada, job, worker === eve ? 'failed' : 'queued')
    await listen()
    const mine = await see(ada, job)
    assert.deepEqual([mine.output, mine.output_text], [null, null])
    assert.equal(mine.verification!.pass, false)
    assert.ok(mine.verification!.reasoning.length > 0)
  }
  for (const answer of answers) assert.ok(!answer.includes('heliotrope'), answer.slice(0, 300))
  const [kept] = await market.db.rows<{ n: number }>(
    `select count(*) as n from job where output_text like '%heliotrope%'`,
  )
  assert.equal(kept!.n, 0)
})

test('a former worker reads the verdict on their own work, whoever works the job next, and no more than that', async () => {
  const job = await post(ada, { checks: [{ type: 'contains', name: 'the lab', value: 'Bell Labs' }] })
  await take(bob, job)
  await submit(bob, job, 'Unix was written by Ken Thompson; its history and research are long.')
  await seeIn(bob, job, 'queued')
  await take(cleo, job)
  const mine = await see(bob, job)
  assert.equal(mine.verification!.checks[0]!.pass, false)
  for (const field of ['prompt', 'output', 'output_text', 'env_vars', 'attachments'] as const)
    assert.equal(mine[field], null)
  await submit(cleo, job)
  await seeIn(cleo, job, 'verified')
  const later = await bob.ask<Job>('GET', `/api/jobs/${job.id}`)
  assert.ok(!later.text.includes('Berkeley'), 'the work of another worker')
})

test('`can` says what this caller may do now, in every state', async () => {
  const cans = async (job: Pick<Job, 'id'>, who: Person): Promise<string[]> => (await see(who, job)).can
  const unpaid = await postUnpaid(eve)
  assert.deepEqual(await cans(unpaid, eve), ['pay', 'cancel'])
  const job = await post(ada)
  assert.deepEqual(await cans(job, ada), ['cancel'])
  assert.deepEqual(await cans(job, bob), ['pull', 'claim'])
  await claim(bob, job)
  assert.deepEqual(await cans(job, ada), ['cancel'])
  assert.deepEqual(await cans(job, bob), ['accept', 'reject'])
  went(await act(bob, 'accept', job))
  assert.deepEqual(await cans(job, ada), ['cancel'])
  assert.deepEqual(await cans(job, bob), ['submit', 'fail'])
  const refusal = refused(await act(bob, 'accept', job), 400, 'job_wrong_state')
  assert.deepEqual(refusal.can, ['submit', 'fail'])
  await submit(bob, job)
  await seeIn(bob, job, 'verified')
  assert.deepEqual(await cans(job, ada), [])
  assert.deepEqual(await cans(job, bob), [])

  const late = await post(ada, { time_limit_seconds: 60 })
  await take(bob, late)
  await market.db.rows(`update job set deadline_at = app_now() where id = $1`, [late.id])
  assert.deepEqual(await cans(late, bob), [], 'nothing can be handed in after the deadline')
  const gone = await post(ada)
  went(await act(ada, 'cancel', gone))
  assert.deepEqual(await cans(gone, ada), [])
})

test('back in the queue, a job shows no hold, no deadline and no worker any more', async () => {
  const job = await post(ada)
  await claim(bob, job)
  const rejected = went(await act(bob, 'reject', job))
  await take(cleo, job)
  const failed = went(await act(cleo, 'fail', job))
  for (const [how, { held_by_agent_id, hold_expires_at, deadline_at, receiver }] of [
    ['rejected', rejected],
    ['given up', failed],
  ] as const)
    assert.deepEqual([held_by_agent_id, hold_expires_at, deadline_at, receiver], [null, null, null, null], how)
})

async function hiddenFrom(stranger: Person, job: Pick<Job, 'id'>, state: string): Promise<void> {
  const answer = await stranger.ask('GET', `/api/jobs/${job.id}`)
  assert.equal(answer.status, 404, `${state}: ${answer.text}`)
  refused(answer, 404, 'job_not_found')
  for (const verb of ['accept', 'reject', 'submit', 'fail', 'pay', 'cancel'])
    assert.equal((await act(stranger, verb, job)).status, 404, `${verb} in ${state}`)
}

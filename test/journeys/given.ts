import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Agent } from '../../src/core/accounts/agent.ts'
import type { Job } from '../../src/desks/jobs/job.ts'
import {
  act,
  claim,
  fund,
  junk,
  moveClockTo,
  post,
  postUnpaid,
  see,
  submit,
  take,
  verifyAll,
  walletOf,
  went,
} from './desk.ts'
import type { Given, Holds, Prepared, Row, Scene } from './documents.ts'

/** The states in which the documents speak of a job: the sender's, and the worker's where somebody works on it. */

/** A job of the sender's that is done something to, with a time limit short enough to be waited for. */
const jobThat =
  (happens: (scene: Scene, job: Job) => Promise<unknown>): Given =>
  async (scene) => {
    await fund(scene.market, scene.sender, 500)
    const job = await post(scene.sender, { time_limit_seconds: 60 })
    await happens(scene, job)
    return { job }
  }

export const money: Given = async ({ market, sender }) => {
  await fund(market, sender, 2_000)
  return {}
}
export const unpaid: Given = async ({ sender }) => ({ job: await postUnpaid(sender) })
/** Saved unpaid by somebody who has got the money since. */
export const payable: Given = async ({ market, sender }) => {
  const job = await postUnpaid(sender)
  await fund(market, sender, 700)
  return { job }
}
export const queued = jobThat(async () => {})
export const held = jobThat(({ worker }, job) => claim(worker, job))
export const lapsed = jobThat(async ({ market, worker }, job) => {
  await claim(worker, job)
  await moveClockTo(market, job, 'hold_expires_at', 1)
})
export const accepted = jobThat(({ worker }, job) => take(worker, job))
export const calledOff = jobThat(async ({ sender, worker }, job) => {
  await take(worker, job)
  went(await act(sender, 'cancel', job))
})
/** Two attempts have ended; the worker makes the third. */
export const lastAttempt = jobThat(async ({ market, worker }, job) => {
  await market.db.rows(`update job set attempt_count = 2 where id = $1`, [job.id])
  await take(worker, job)
})
export const late = jobThat(async ({ market, worker }, job) => {
  await take(worker, job)
  await moveClockTo(market, job, 'deadline_at', 1)
})
export const givenUp = jobThat(async ({ worker }, job) => {
  await take(worker, job)
  went(await act(worker, 'fail', job))
})
export const submitted = jobThat(async ({ worker }, job) => {
  await take(worker, job)
  await submit(worker, job)
})
export const verified = jobThat(async ({ market, worker }, job) => {
  await take(worker, job)
  await submit(worker, job)
  await verifyAll(market)
})
export const cancelled = jobThat(({ sender }, job) => act(sender, 'cancel', job))
export const failed = jobThat(async ({ market, worker }, job) => {
  await market.db.rows(`update job set attempt_count = 2 where id = $1`, [job.id])
  await take(worker, job)
  await submit(worker, job, junk)
  await verifyAll(market)
})

/** An agent of the sender's beside the default one. */
export const anAgent: Given = async ({ sender }) => ({
  agent: went(await sender.ask<Agent>('POST', '/api/agents', { name: 'code-monkey', personality: 'Unix' }), 201),
})
/** An agent of the worker's, and a job in one of the states above that it has. */
export const agentOfWorker =
  (then: (scene: Scene, agent: { readonly agent_id: string }, job: Job) => Promise<unknown>): Given =>
  async (scene) => {
    const agent = went(await scene.worker.ask<Agent>('POST', '/api/agents', { name: 'code-monkey' }), 201)
    const { job } = (await queued(scene)) as { job: Job }
    await then(scene, { agent_id: agent.id }, job)
    return { agent, job, id: agent.id }
  }
export const defaultAgent: Given = async ({ sender }) => ({
  agent: went(await sender.ask<Agent[]>('GET', '/api/agents'))[0]!,
})

/** A file of the sender's, attached to nothing yet. */
export const uploaded: Given = async ({ market, sender }) => {
  const form = new FormData()
  form.append('file', new Blob(['notes'], { type: 'text/plain' }), 'notes.txt')
  const headers = { authorization: `Bearer ${sender.key}` }
  const answer = await fetch(`${market.url}/api/attachments`, { method: 'POST', headers, body: form })
  return { id: ((await answer.json()) as { id: string }).id }
}

/** An id that nothing has. */
export const unknown: Given = async () => ({ id: randomUUID() })
export const self: Given = async ({ sender }) => ({ id: sender.userId })

/** Several things at once; the later one counts where both say something. */
export const both =
  (...all: readonly Given[]): Given =>
  async (scene) => {
    let prepared: Prepared = {}
    for (const one of all) prepared = { ...prepared, ...(await one(scene)) }
    return prepared
  }

/** What the documents say of a job object, in whatever answer it stands. */
export const job = (more: { readonly [field: string]: Holds } = {}): Holds => ({
  id: 'id',
  status: 'text',
  title: 'text',
  description: 'text',
  requirements: 'text',
  price_cents: 500,
  time_limit_seconds: 60,
  attempt_count: 'count',
  cancellation_requested: 'truth',
  accepted_at: 'time?',
  deadline_at: 'time?',
  created_at: 'time',
  ...more,
})
/** The agent object of the documents. */
export const agent = (more: { readonly [field: string]: Holds } = {}): Holds => ({
  id: 'id',
  owner_id: 'id',
  name: 'text',
  personality: 'text?',
  avatar_url: 'address?',
  is_default: 'truth',
  created_at: 'time',
  ...more,
})

/** What the sender sees of the job afterwards, and what is in their wallet. */
export const isThen =
  (status: string, attempts: number, cents: number): NonNullable<Row['also']> =>
  async ({ sender, job: { id } }) => {
    const seen = await see(sender, { id })
    const { balance_cents: balance } = await walletOf(sender)
    assert.deepEqual([seen.status, seen.attempt_count, balance], [status, attempts, cents])
  }

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { outputFor, pieceOf } from '../../bench/work.ts'
import { type Answer, type Asker, openAsker, type Persistence, type Refused } from '../../demo/ask.ts'
import { balanceOf } from '../../demo/people.ts'
import type { Job } from '../../src/desks/jobs/job.ts'
import type { Person } from '../support/market.ts'
import { until } from '../support/processes.ts'

/** What the people of the load saw, to be held against what the database says. */
export interface Told {
  /** The jobs of each sender, as the market named them. */
  readonly posted: Map<string, Set<string>>
  toppedUp: number
  submitted: number
  /** Refusals that the moved clock explains, by their code. */
  readonly late: Map<string, number>
  /** What clients without an Idempotency-Key were told when they asked again for what had happened already, by its code. */
  readonly toldAgain: Map<string, number>
  /** Jobs whose answer was lost and that their sender found in the list. */
  found: number
  /** The longest time in which nobody got an answer. */
  longestSilenceMs: number
  answeredAt: number
}

export const newTold = (): Told => ({
  posted: new Map(),
  toppedUp: 0,
  submitted: 0,
  late: new Map(),
  toldAgain: new Map(),
  found: 0,
  longestSilenceMs: 0,
  answeredAt: Date.now(),
})

const count = (counts: Map<string, number>, what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1)

function answered(told: Told): void {
  const now = Date.now()
  told.longestSilenceMs = Math.max(told.longestSilenceMs, now - told.answeredAt)
  told.answeredAt = now
}

export interface Lane {
  readonly sender: Person
  readonly worker: Person
  /** Whether each write carries an Idempotency-Key and is repeated with it, or the client knows the documents only. */
  readonly keyed: boolean
}

export interface Load {
  readonly urls: readonly string[]
  readonly told: Told
  readonly persistence: Persistence
  readonly isOver: () => boolean
  /** Told of every job that has been posted. */
  readonly onPosted: (sender: Person, job: string) => void
}

/** What the clock, moved by an hour or a day at any moment, may have made of a job somebody works on. */
const lateCodes = new Set(['hold_lapsed', 'deadline_passed', 'attempt_ended', 'job_not_found'])
/** What says to a worker that they must wait. */
const waitCodes = new Set(['lapsed_too_often', 'agent_at_capacity'])

/** One sender and one worker, each after their own last request, until the load is over. */
export async function drive(lane: Lane, load: Load): Promise<void> {
  const { sender, worker, keyed } = lane
  const { told, isOver } = load
  const open = ({ key }: Person): Asker => openAsker(load.urls, { authorization: `Bearer ${key}` }, load.persistence)
  const [hers, his] = [open(sender), open(worker)]
  const doHers = keyed ? keyedWrites(hers) : bareWrites(load, sender)
  const doHis = keyed ? keyedWrites(his) : bareWrites(load, worker)
  const posted = new Set<string>()
  told.posted.set(sender.userId, posted)
  for (let n = 0; !isOver(); n++) {
    if (n % 25 === 0) {
      await topUp(hers, 20_000)
      told.toppedUp += 20_000
    }
    const { prompt, checks } = pieceOf(n)
    const order = { prompt, checks, confirmed: true, price_cents: 500, time_limit_seconds: 3600 }
    const job = await doHers.post(order, async () => {
      const { body } = await hers.get<Job[]>('/api/jobs?limit=5')
      return body.find(({ id }) => !posted.has(id)) ?? null
    })
    if (job.found) told.found++
    posted.add(job.id)
    answered(told)
    load.onPosted(sender, job.id)
    await workOne(his, doHis, load, n)
    // Some readers beside it: a process must have something left for them.
    await sleep(20)
  }
}

/** Tops a wallet up on the provider's page and waits for the money; a page that the clock has closed is left for a new one. */
async function topUp(ask: Asker, cents: number): Promise<void> {
  const before = await balanceOf(ask)
  for (;;) {
    const asked = await ask.post<{ url: string }>('/api/wallet/topup', { amount_cents: cents }, { anew: true })
    assert.equal(asked.status, 200, JSON.stringify(asked.body))
    const paid = await ask.post(new URL(asked.body.url).pathname)
    if (paid.status < 400) break
    assert.equal(paid.status, 410)
  }
  await until(`${cents} cents have come`, async () => (await balanceOf(ask)) >= before + cents, 120_000)
}

/** A worker takes whatever fits best; now and then their work is no good. */
async function workOne(his: Asker, writes: Writes, { told, isOver }: Load, n: number): Promise<void> {
  // The same hold again, however often a pull is asked for.
  const pulled = await his.post<Job | Refused | null>('/api/jobs/pull', {})
  answered(told)
  if (pulled.status === 204 || isRefused(pulled, waitCodes)) return void (isOver() || (await sleep(100)))
  assert.equal(pulled.status, 200, JSON.stringify(pulled.body))
  const { id, prompt } = pulled.body as Job
  const accepted = await writes.act(id, 'accept', 'accepted')
  answered(told)
  if (isTooLate(accepted)) return count(told.late, (accepted.body as Refused).code)
  assert.equal(accepted.status, 200, JSON.stringify(accepted.body))
  const output = n % 15 === 7 ? 'asdf asdf asdf qwer qwer zxcv zxcv uiop' : outputFor(prompt!)
  const submitted = await writes.act(id, 'submit', 'submitted', { output })
  answered(told)
  if (isTooLate(submitted)) return count(told.late, (submitted.body as Refused).code)
  assert.equal(submitted.status, 200, JSON.stringify(submitted.body))
  told.submitted++
}

const isRefused = (answer: Answer, codes: ReadonlySet<string>): boolean =>
  answer.status >= 400 && codes.has((answer.body as Refused).code)

/** Whether the clock has taken the job from this worker, and perhaps from the next one already. */
const isTooLate = (answer: Answer): boolean =>
  isRefused(answer, lateCodes) || (answer.status === 400 && (answer.body as Partial<Job>).status === 'queued')

interface Writes {
  /** Posts a job; `find` looks for one whose answer was lost. */
  post(order: object, find: () => Promise<Job | null>): Promise<{ readonly id: string; readonly found: boolean }>
  /** A worker's verb, after which the job is in this state. */
  act(job: string, verb: 'accept' | 'submit', becomes: string, body?: object): Promise<Answer>
}

/** As the SDK does it: what got no answer is asked again under the same Idempotency-Key. */
const keyedWrites = (ask: Asker): Writes => ({
  async post(order) {
    const { status, body } = await ask.post<Job>('/api/jobs/run', order)
    assert.equal(status, 201, JSON.stringify(body))
    return { id: body.id, found: false }
  },
  act: (job, verb, _, body) => ask.post(`/api/jobs/${job}/${verb}`, body),
})

/**
 * As the documents alone tell it, which know no Idempotency-Key: after an answer that did not come, a worker asks again and must be
 * told that it has happened; a sender, for whom asking again is another job, looks whether it is there.
 */
function bareWrites({ urls, told, persistence }: Load, { key }: Person): Writes {
  let turn = 0
  const once = async (path: string, body: object = {}): Promise<Answer | null> => {
    try {
      const answer = await fetch(urls[turn++ % urls.length]! + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(15_000),
      })
      const text = await answer.text()
      if (answer.status >= 500) return null
      return { status: answer.status, body: text ? JSON.parse(text) : null, cookie: null, replayed: false }
    } catch {
      return null
    }
  }
  const lost = async (): Promise<void> => {
    persistence.retries++
    // What a killed process had sent to PostgreSQL may still be under way there.
    await sleep(1_000)
  }
  return {
    async post(order, find) {
      for (;;) {
        const answer = await once('/api/jobs/run', order)
        if (answer) {
          assert.equal(answer.status, 201, JSON.stringify(answer.body))
          return { id: (answer.body as Job).id, found: false }
        }
        await lost()
        const job = await find()
        if (job) return { id: job.id, found: true }
      }
    },
    async act(job, verb, becomes, body) {
      for (let again = false; ; again = true) {
        const answer = await once(`/api/jobs/${job}/${verb}`, body)
        if (!answer) {
          await lost()
          continue
        }
        const { code, status } = (answer.body ?? {}) as { code?: string; status?: string }
        const has = [becomes, ...(verb === 'submit' ? ['verified', 'failed', 'queued', 'cancelled'] : [])]
        if (!again || answer.status !== 400 || code !== 'job_wrong_state' || !has.includes(status!)) return answer
        count(told.toldAgain, `${code}: ${status}`)
        return { ...answer, status: 200 }
      }
    },
  }
}

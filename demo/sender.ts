import { setTimeout as sleep } from 'node:timers/promises'
import { dollars } from '../src/base/money.ts'
import type { Chance } from './chance.ts'
import type { Ordered } from './material.ts'
import { expect, type Person, topUp } from './people.ts'
import type { Told } from './told.ts'

interface Posted {
  readonly id: string
  readonly status: string
}

export interface Sending {
  readonly chance: Chance
  readonly told: Told
  /** Waits until it is time for a sender's n-th job of so many. */
  readonly untilDue: (n: number, of: number) => Promise<void>
}

/** The real price, within what the market allows. */
export const priceOf = ({ price }: Ordered): number => Math.min(100_000, Math.max(100, Math.round(price * 100)))

/** A sender's part: pays in what the jobs cost and a little more, posts them, pays for what was short, changes their mind at times. */
export async function send(
  sender: Person,
  jobs: readonly Ordered[],
  { chance, told, untilDue }: Sending,
): Promise<void> {
  const total = jobs.reduce((sum, job) => sum + priceOf(job), 0)
  // Less than needed at first, so that posting runs short now and then, as it does in life.
  let funded = await fund(sender, Math.max(500, total - 75_000), told)
  for (const [n, job] of jobs.entries()) {
    await untilDue(n, jobs.length)
    const { body, status } = await sender.ask.post<Posted & { job_id?: string }>(
      '/api/jobs/run',
      await order(sender, job, chance),
    )
    told.posted++
    if (status === 402) {
      told.unpaidAtFirst++
      // Somebody never pays: such a job is cancelled by the clock.
      if (chance.of('never pays', job.title) < 0.1) continue
      funded += await fund(sender, Math.max(500, priceOf(job)), told)
      expect(await sender.ask.post(`/api/jobs/${body.job_id}/pay`), 200)
    } else {
      expect({ status, body, cookie: null, replayed: false }, 201)
    }
    const id = body.job_id ?? body.id
    if (chance.of('cancels', job.title) < 0.03) {
      await sleep(100 * chance.of('when', job.title))
      expect(await sender.ask.post(`/api/jobs/${id}/cancel`), 200)
      told.cancelsAsked++
    }
    await sleep(20 * chance.of('pause', job.title))
  }
  told.note(`${sender.name} has posted ${jobs.length} jobs, ${dollars(funded)} topped up`)
}

async function fund(sender: Person, cents: number, told: Told): Promise<number> {
  for (let rest = cents; rest > 0; rest -= 1_000_000) await topUp(sender, Math.max(500, Math.min(1_000_000, rest)))
  told.toppedUp += cents
  return cents
}

async function order(sender: Person, job: Ordered, chance: Chance): Promise<object> {
  const prompt = `${job.title}\n\n${job.description}`.slice(0, 20_000).trim()
  const checks = checksFor(job, chance)
  const terms = { prompt, checks, confirmed: true, price_cents: priceOf(job), time_limit_seconds: 3600 }
  if (chance.of('quote first', job.title) > 0.3) return terms
  const quote = await sender.ask.post<{ quote_id: string }>('/api/jobs/run', { prompt, checks })
  expect(quote, 200)
  return { ...terms, quote_id: quote.body.quote_id }
}

/** Some senders say exactly what must be in the work; a few ask for more than anybody will do for the money. */
function checksFor({ title }: Ordered, chance: Chance): object[] {
  const word = title.match(/\p{L}{5,}/u)?.[0] ?? 'done'
  switch (chance.pick({ none: 62, contains: 12, pull: 10, words: 8, json: 5, hopeless: 3 }, 'checks', title)) {
    case 'contains':
      return [{ type: 'contains', value: word, name: 'speaks of the matter' }]
    case 'pull':
      return [{ type: 'regex', value: '\\bPR #[0-9]{3,}\\b', name: 'names a pull request' }]
    case 'words':
      return [{ type: 'min_words', min: 40 }]
    case 'json':
      return [{ type: 'json_schema', name: 'a report', schema: reportSchema }]
    case 'hopeless':
      return [{ type: 'min_words', min: 5_000, name: 'a treatise' }]
    default:
      return []
  }
}

const reportSchema = {
  type: 'object',
  required: ['summary', 'steps'],
  properties: {
    summary: { type: 'string', minLength: 10 },
    steps: { type: 'array', items: { type: 'string' }, minItems: 2 },
  },
}

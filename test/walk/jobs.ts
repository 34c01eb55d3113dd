import { type Job, jobLife } from '../../src/desks/jobs/job.ts'
import { act, claim, fund, junk, people, post, postUnpaid, submit, take, verifyAll, went } from '../journeys/desk.ts'
import { acceptedForCredits, postForCredits, submittedForCredits } from '../journeys/first-api-desk.ts'
import type { Person } from '../support/market.ts'
import type { Ground, Noun, Thing, Way } from './thing.ts'

interface Cast {
  readonly ground: Ground
  readonly sender: Person
  readonly worker: Person
}

/** Who somebody is to a job, in the words of its life: what it is paid with decides who may take it how. */
function partiesOf(job: Job, who: 'sender' | 'worker' | 'stranger'): string[] {
  const forCredits = job.terms === 'credits'
  // To whoever could take it, it is an offer; the worker has it in hand. In test mode one person may try both sides.
  const free = forCredits ? ['taker'] : ['worker']
  if (who === 'sender') return [...(forCredits ? ['sender', 'verifier'] : ['sender']), ...free]
  if (who === 'stranger') return free
  return job.status === 'queued' ? free : job.status === 'held' ? ['holder'] : ['receiver']
}

const way = (kind: string, come: (cast: Cast) => Promise<Pick<Job, 'id'>>): Way => ({
  kind,
  async make(ground): Promise<Omit<Thing, 'noun' | 'kind' | 'state'>> {
    const [sender, worker, eve] = await people(ground.market, 'Ada', 'Bob', 'Eve')
    const { id } = await come({ ground, sender, worker })
    const job = went(await sender.ask<Job>('GET', `/api/jobs/${id}`))
    // The market's own verifier takes whatever is due; the verbs are asked before it comes.
    return {
      id,
      path: { id },
      askers: [
        { name: 'sender', person: sender, parties: partiesOf(job, 'sender') },
        { name: 'worker', person: worker, parties: partiesOf(job, 'worker') },
        { name: 'stranger', person: eve, parties: partiesOf(job, 'stranger') },
      ],
      told: [sender.userId],
      ref: `job:${id}`,
    }
  },
})

const paidFor = async ({ ground, sender }: Cast): Promise<Job> => {
  await fund(ground.market, sender, 500)
  return post(sender, { time_limit_seconds: 86_400 })
}
const taken = async (cast: Cast): Promise<Job> => take(cast.worker, await paidFor(cast))
/** Out of the verifier's sight for a while. */
const unread = async ({ ground }: Cast, job: Job): Promise<Job> => {
  await ground.market.db.rows(`update job set due_at = app_now() + interval '1 hour' where id = $1`, [job.id])
  return job
}
const judged = async (cast: Cast, output?: string): Promise<Job> => {
  const job = await submit(cast.worker, await taken(cast), output)
  await verifyAll(cast.ground.market)
  return job
}

export const jobNoun: Noun = {
  name: 'job',
  life: jobLife,
  table: 'job',
  column: 'status',
  rests: [],
  verbs: [
    { verb: 'pay', endpoint: 'jobs.pay' },
    { verb: 'claim', endpoint: 'jobs.claim' },
    { verb: 'accept', endpoint: 'jobs.accept' },
    { verb: 'reject', endpoint: 'jobs.reject' },
    {
      verb: 'submit',
      endpoint: 'jobs.submit',
      body: { output: 'A report on Unix, born at Bell Labs.' },
      moves: ['submit'],
    },
    { verb: 'fail', endpoint: 'jobs.fail' },
    { verb: 'verify', endpoint: 'jobs.verdict', isSettledAtOnce: true },
    { verb: 'cancel', endpoint: 'jobs.cancel' },
  ],
  ways: {
    pending_payment: [
      way('unpaid', async ({ ground, sender }) => {
        const job = await postUnpaid(sender)
        await fund(ground.market, sender, 500)
        return job
      }),
    ],
    queued: [way('paid', paidFor), way('for credits', ({ sender }) => postForCredits(sender))],
    held: [
      way('claimed', async (cast) => {
        const job = await paidFor(cast)
        await claim(cast.worker, job)
        return job
      }),
    ],
    accepted: [
      way('taken', taken),
      way('for credits', ({ sender, worker }) => acceptedForCredits(sender, worker)),
      {
        ...way('and to be cancelled', async (cast) => {
          const job = await taken(cast)
          went(await act(cast.sender, 'cancel', job))
          return job
        }),
        clockOnly: true,
      },
    ],
    in_progress: [
      way('for credits', async ({ ground, sender, worker }) => {
        const job = await acceptedForCredits(sender, worker)
        // As it stands while a skill of the market is at work, which would be over before anybody looks.
        await ground.market.db.rows(
          `update job set status = 'in_progress', skill_token = gen_random_uuid(), due_at = app_now() + interval '15 minutes' where id = $1`,
          [job.id],
        )
        return job
      }),
    ],
    submitted: [
      way('handed in', async (cast) => unread(cast, await submit(cast.worker, await taken(cast)))),
      way('for credits', ({ sender, worker }) => submittedForCredits(sender, worker)),
      {
        ...way('not good enough', async (cast) => unread(cast, await submit(cast.worker, await taken(cast), junk))),
        clockOnly: true,
      },
    ],
    verified: [way('passed', (cast) => judged(cast))],
    rejected: [
      way('for credits', async ({ sender, worker }) => {
        const job = await submittedForCredits(sender, worker, junk)
        went(await act(sender, 'verify', job))
        return job
      }),
    ],
    cancelled: [
      way('by its sender', async (cast) => {
        const job = await paidFor(cast)
        went(await act(cast.sender, 'cancel', job))
        return job
      }),
    ],
    failed: [
      way('three times', async (cast) => {
        const job = await paidFor(cast)
        for (const name of ['Cleo', 'Dan']) {
          const [one] = await people(cast.ground.market, name)
          await take(one!, job)
          went(await act(one!, 'fail', job))
        }
        await take(cast.worker, job)
        went(await act(cast.worker, 'fail', job))
        return job
      }),
    ],
  },
}

import { setTimeout as sleep } from 'node:timers/promises'
import { dollars } from '../../../base/money.ts'
import { attemptsMax, type Job } from '../../../desks/jobs/job.ts'
import { ClawrkError } from '../../sdk/client.ts'
import { type ExitCode, exits, refused } from '../exit.ts'
import { resultCard } from '../render/job.ts'
import { startProgress } from '../render/progress.ts'
import { duration } from '../render/time.ts'
import type { Session } from '../session.ts'

/**
 * Waits until a job its sender waits for has ended, or until the attempt of the worker who waits has; then shows the job and
 * sets the exit code: 0 verified, 5 not passed, 1 ended otherwise.
 */
export async function waitFor(session: Session, id: string, timeoutSeconds = Number.POSITIVE_INFINITY): Promise<void> {
  const { client } = session
  const { user } = await client.accounts.whoami()
  const first = await client.jobs.job({ id })
  const asSender = first.sender === user.id
  // What one person sent and works on too (test mode) is waited for as its sender.
  // Work for credits waits for its sender, who then need not wait for it.
  const isOver = asSender
    ? (job: Job) => hasEnded(job) || job.can.includes('verify')
    : (job: Job) => attemptHasEnded(job, user.id)
  if (!asSender && first.receiver !== user.id && !first.can.includes('accept') && first.verification === null) {
    throw refused(
      'job_not_yours',
      `You did not send this job, and nobody of yours works on it: it is ${first.status}.`,
      `clawrk job ${id}`,
    )
  }
  const job = await until(session, first, isOver, timeoutSeconds)
  session.show(job, () => [...resultCard(job), '', ending(job, asSender)])
  process.exitCode = exitFor(job, asSender)
}

const hasEnded = ({ status }: Job): boolean =>
  status === 'verified' || status === 'cancelled' || status === 'failed' || status === 'rejected'

function attemptHasEnded(job: Job, worker: string): boolean {
  return hasEnded(job) || !(job.receiver === worker || job.can.includes('accept'))
}

async function until(
  session: Session,
  first: Job,
  isOver: (job: Job) => boolean,
  timeoutSeconds: number,
): Promise<Job> {
  const startedAt = Date.now()
  const progress = startProgress()
  let job = first
  try {
    for (let pause = 250; !isOver(job); pause = Math.min(pause * 1.3, 2_000)) {
      const waited = (Date.now() - startedAt) / 1000
      if (waited >= timeoutSeconds)
        throw refused(
          'still_waiting',
          `After ${duration(waited)} the job is still ${job.status}.`,
          `clawrk wait ${job.id}`,
        )
      progress.say(`${stage(job)} · ${duration(waited)}`)
      await sleep(Math.min(pause, Math.max(1, (timeoutSeconds - waited) * 1000)))
      job = await look(session, job)
    }
    return job
  } finally {
    progress.stop()
  }
}

/** The job as it is now. What is no longer this person's to see has left their hands. */
async function look({ client }: Session, before: Job): Promise<Job> {
  try {
    return await client.jobs.job({ id: before.id })
  } catch (error) {
    if (!(error instanceof ClawrkError && error.status === 404)) throw error
    throw refused(
      'attempt_ended',
      'Your attempt on this job has ended without a verdict: the time limit passed, or it was given up.',
      'clawrk pull',
    )
  }
}

/** What is going on, in a few words. */
function stage(job: Job): string {
  const attempt = job.attempt_count > 1 ? `, attempt ${job.attempt_count} of ${attemptsMax}` : ''
  switch (job.status) {
    case 'pending_payment':
      return `not paid for yet: clawrk pay ${job.id}`
    case 'queued':
      return job.attempt_count > 0
        ? `attempt ${job.attempt_count} of ${attemptsMax} did not pass; waiting for another agent`
        : 'waiting for an agent'
    case 'held':
      return 'an agent is looking at it'
    case 'submitted':
      return `the work is being verified${attempt}`
    default:
      return `an agent is working on it${attempt}`
  }
}

function exitFor(job: Job, asSender: boolean): ExitCode {
  if (job.status === 'verified' || job.can.includes('verify')) return exits.ok
  if (job.status === 'cancelled' && asSender) return exits.refused
  return job.verification?.pass === false ? exits.workFailed : exits.refused
}

/** What came of a job, in a sentence. */
export function ending(job: Job, asSender: boolean): string {
  const price = dollars(job.price_cents)
  if (asSender && job.credit_cost !== null) return endingForCredits(job, job.credit_cost)
  if (asSender) {
    if (job.status === 'verified') return `The work passed; ${price} is paid.`
    if (job.status === 'cancelled')
      return job.fee_cents === null ? 'The job is cancelled.' : `The job is cancelled; ${price} is back in your wallet.`
    return `No attempt passed; ${price} is back in your wallet.`
  }
  if (job.status === 'verified')
    return `Your work passed; ${dollars(job.price_cents - (job.fee_cents ?? 0))} is in your wallet.`
  if (job.verification?.pass === false) return 'Your work did not pass.'
  return 'Your attempt has ended.'
}

function endingForCredits({ id, status, can }: Job, credits: number): string {
  if (can.includes('verify')) return `The work is handed in. Ask for the verdict: clawrk verify ${id}`
  if (status === 'verified') return `The work passed; ${credits} credits are used.`
  return status === 'cancelled'
    ? `The job is cancelled; ${credits} credits are back.`
    : `The work did not pass; ${credits} credits are back.`
}

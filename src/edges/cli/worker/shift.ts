import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from '../../../desks/jobs/job.ts'
import { ClawrkError } from '../../sdk/client.ts'
import { hasEnded } from '../commands/wait.ts'
import { refused } from '../exit.ts'
import { startProgress } from '../render/progress.ts'
import { oneLine } from '../render/text.ts'
import { duration } from '../render/time.ts'
import type { Session } from '../session.ts'
import { type AttemptNeeds, attempt, reasonOf } from './attempt.ts'
import { insist, isPassing } from './insist.ts'
import { totalsText } from './report.ts'

export type Wish = NonNullable<Parameters<Session['client']['jobs']['pull']>[0]>

export interface ShiftNeeds extends AttemptNeeds {
  readonly wish: Wish
  /** How many jobs at most; none without it. */
  readonly most: number
  /** Leaves after so long without a job. */
  readonly idleSeconds: number
}

/** What the market waits for one pull at most. */
const waitMost = 30

/** Works one job after the other until told to stop, or until there is no more to do; verdicts are followed beside it. */
export async function workShift(needs: ShiftNeeds): Promise<void> {
  const { leaving, givingUp } = needs.stopping
  const { user } = await needs.session.client.accounts.whoami()
  const verdicts = new Set<Promise<void>>()
  const enough = new AbortController()
  const follow = (job: Job, seconds: () => number): void => {
    const signal = AbortSignal.any([givingUp, enough.signal])
    const followed = followVerdict(needs, job, user.id, seconds, signal).finally(() => verdicts.delete(followed))
    verdicts.add(followed)
  }
  try {
    await takeJobs(needs, follow)
  } finally {
    // Who asked to leave does not wait for a slow verifier.
    const soon = (): void => void setTimeout(() => enough.abort(), verdictGraceMs).unref()
    if (leaving.aborted) soon()
    else leaving.addEventListener('abort', soon, { once: true })
    await Promise.allSettled(verdicts)
  }
}

const verdictGraceMs = 15_000

async function takeJobs(needs: ShiftNeeds, follow: (job: Job, seconds: () => number) => void): Promise<void> {
  const { stopping, report, most } = needs
  let taken = 0
  let failures = 0
  while (taken < most && !stopping.leaving.aborted) {
    const held = await nextJob(needs)
    if (!held) return
    if (stopping.leaving.aborted) return putBack(needs, held.id)
    const startedAt = Date.now()
    const seconds = (): number => Math.round((Date.now() - startedAt) / 1000)
    const end = await attempt(needs, held)
    if (end.kind === 'missed') {
      report.remark(`Not ours any more: ${held.title} (${end.why})`)
      continue
    }
    taken++
    if (end.kind === 'submitted') {
      failures = 0
      report.remark(`Handed in: ${end.job.title}`)
      follow(end.job, seconds)
      continue
    }
    report.job(end.job, end.kind, end.why, seconds())
    if (end.unusable) {
      throw refused(
        'command_unusable',
        `The command cannot be run: ${end.why}.`,
        'it runs in a folder of its own: name files by whole paths, or by "$CLAWRK_FROM/…", which is this folder',
      )
    }
    // A command that is broken must not use up the attempts of every job there is.
    if (taken < most)
      await sleep(Math.min(60, 2 ** failures++) * 1000, undefined, { signal: stopping.leaving }).catch(ignore)
  }
}

/** The pause was cut short, which the loop sees by itself. */
const ignore = (): void => {}

/** The next job to be held; null when it is time to leave. */
async function nextJob(needs: ShiftNeeds): Promise<Job | null> {
  const { session, wish, idleSeconds, stopping, report, onAway } = needs
  const startedAt = Date.now()
  const until = startedAt + idleSeconds * 1000
  const progress = session.json ? null : startProgress()
  try {
    for (;;) {
      const waited = (Date.now() - startedAt) / 1000
      progress?.say(`waiting for a job · ${duration(waited)} · ${totalsText(report.totals)}`)
      const pause = Math.max(0, Math.min(waitMost, Math.ceil((until - Date.now()) / 1000)))
      const askedAt = Date.now()
      const answer = await insist(
        (options) => session.client.jobs.pull(pause > 0 ? { ...wish, wait_seconds: pause } : wish, options),
        { until, signal: stopping.leaving, onAway },
      )
      if (answer.status === 200) return answer.body
      if (Date.now() >= until) return null
      // A market that is about to restart answers before its time.
      if (Date.now() - askedAt < (pause - 1) * 1000) await sleep(1_000, undefined, { signal: stopping.leaving })
    }
  } catch (error) {
    if (stopping.leaving.aborted) {
      await letGo(needs)
      return null
    }
    // Away to the end of our patience: that is no job, either.
    if (isPassing(error)) return null
    throw error
  } finally {
    progress?.stop()
  }
}

/** A pull that was broken off may have held a job all the same, a moment later: it goes back, so that it need not lapse. */
async function letGo(needs: ShiftNeeds): Promise<void> {
  const { client } = needs.session
  try {
    await sleep(300)
    const agent =
      needs.wish.agent_id ??
      (await client.accounts.verify_key()).hosted_agent_id ??
      (await client.accounts.agents()).find(({ is_default: yes }) => yes)?.id
    for (const job of await client.jobs.worker_status()) {
      if (job.status === 'held' && job.held_by_agent_id === agent) await putBack(needs, job.id)
    }
  } catch (error) {
    needs.report.remark(`What this agent may still hold goes back by itself within 30 s: ${reasonOf(error)}`)
  }
}

async function putBack({ session, report, onAway }: ShiftNeeds, id: string): Promise<void> {
  try {
    await insist((options) => session.client.jobs.reject({ id }, options), { until: Date.now() + 10_000, onAway })
    report.remark('The job that was held is put back.')
  } catch (error) {
    report.remark(`The job that was held goes back by itself within 30 s: ${reasonOf(error)}`)
  }
}

/** Waits for the verdict on work that was handed in, and reports it. */
async function followVerdict(
  { session, report, onAway }: ShiftNeeds,
  submitted: Job,
  me: string,
  seconds: () => number,
  signal: AbortSignal,
): Promise<void> {
  let job = submitted
  try {
    for (let pause = 250; job.status === 'submitted' && job.receiver === me; pause = Math.min(pause * 1.3, 5_000)) {
      await sleep(pause, undefined, { signal })
      job = await insist((options) => session.client.jobs.job({ id: submitted.id }, options), {
        signal,
        onAway,
      })
    }
  } catch (error) {
    if (signal.aborted) return report.job(submitted, 'pending', `clawrk wait ${submitted.id}`, seconds())
    if (!(error instanceof ClawrkError)) throw error
    return report.job(submitted, 'lost', oneLine(error.message), seconds())
  }
  if (job.status === 'verified' && job.receiver === me) return report.job(job, 'verified', '', seconds())
  if (job.verification?.pass === false) return report.job(job, 'not_passed', reasonLine(job), seconds())
  report.job(job, 'lost', hasEnded(job) ? `the job is ${job.status}` : 'the attempt has ended', seconds())
}

const reasonLine = (job: Job): string => oneLine(job.verification?.reasoning ?? '')

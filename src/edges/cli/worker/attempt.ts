import type { Job } from '../../../desks/jobs/job.ts'
import { ClawrkError } from '../../sdk/client.ts'
import type { Session } from '../session.ts'
import { type Briefing, brief } from './briefing.ts'
import { type ErrandEnd, runErrand } from './child.ts'
import { type Insistence, insist, isPassing } from './insist.ts'
import type { Report } from './report.ts'
import type { Stopping } from './stopping.ts'

export interface AttemptNeeds {
  readonly session: Session
  readonly command: string
  /** Names of variables that a job may set in the command's environment. */
  readonly letIn: readonly string[]
  /** How long before the deadline the command is ended. */
  readonly stopBeforeSeconds: number
  readonly stopping: Stopping
  readonly report: Report
  readonly onAway: NonNullable<Insistence['onAway']>
}

/** What came of an attempt before the verdict; `unusable`: the command itself cannot be run, so another job would fare no better. */
export type AttemptEnd =
  | { readonly kind: 'submitted'; readonly job: Job }
  | { readonly kind: 'given_up' | 'lost'; readonly job: Job; readonly why: string; readonly unusable?: true }
  /** The job was never in our hands. */
  | { readonly kind: 'missed'; readonly why: string }

/** Accepts a held job, has the command do it, and hands its output in, or gives the job up in time. */
export async function attempt(needs: AttemptNeeds, held: Job): Promise<AttemptEnd> {
  const { session, report, onAway } = needs
  const startedAt = Date.now()
  // The market's clock starts when it hears us, so counting from here is never too long.
  const deadline = startedAt + held.time_limit_seconds * 1000
  const untilDeadline: Insistence = { until: deadline, onAway }
  let job: Job
  try {
    job = await insist((options) => session.client.jobs.accept({ id: held.id }, options), untilDeadline)
  } catch (error) {
    return { kind: 'missed', why: reasonOf(error) }
  }
  report.remark(`Accepted: ${job.title}`)
  const end = await work(needs, job, deadline, untilDeadline)
  const why = whyNot(end)
  if (end.kind === 'done' && why === null) {
    try {
      const submitted = await insist(
        (options) => session.client.jobs.submit({ id: job.id, output: end.output }, options),
        untilDeadline,
      )
      return { kind: 'submitted', job: submitted }
    } catch (error) {
      if (!isRefusedWork(error)) return { kind: 'lost', job, why: reasonOf(error) }
      return giveUp(needs, job, `the market does not take it: ${reasonOf(error)}`, untilDeadline)
    }
  }
  const given = await giveUp(needs, job, why!, untilDeadline)
  const unusable = end.kind === 'failed' && (end.code === 126 || end.code === 127)
  return unusable && given.kind === 'given_up' ? { ...given, unusable } : given
}

/** Tells the market that the job is given up. Why is for this side only: what a command says may be anybody's business but theirs. */
async function giveUp(
  { session, stopping }: AttemptNeeds,
  job: Job,
  why: string,
  insistence: Insistence,
): Promise<Extract<AttemptEnd, { kind: 'given_up' | 'lost' }>> {
  // Somebody who wants to leave at once is not kept by a market that is away.
  const until = stopping.givingUp.aborted ? Math.min(insistence.until!, Date.now() + 5_000) : insistence.until!
  try {
    const reason = 'The agent could not do it.'
    const failed = await insist((options) => session.client.jobs.fail({ id: job.id, reason }, options), {
      ...insistence,
      until,
    })
    return { kind: 'given_up', job: failed, why }
  } catch (error) {
    return { kind: 'lost', job, why: `${why}; ${reasonOf(error)}` }
  }
}

type WorkEnd = ErrandEnd | { readonly kind: 'late' } | { readonly kind: 'unprepared'; readonly why: string }

async function work(
  { session, command, letIn, stopBeforeSeconds, stopping, report }: AttemptNeeds,
  job: Job,
  deadline: number,
  insistence: Insistence,
): Promise<WorkEnd> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), Math.max(0, deadline - stopBeforeSeconds * 1000 - Date.now()))
  const stop = AbortSignal.any([late.signal, stopping.givingUp])
  let briefing: Briefing | undefined
  try {
    briefing = await brief(session, job, letIn, { ...insistence, signal: stop })
    const { folder, env, input } = briefing
    const end = await runErrand({ command, folder, env, input, stop, onRemark: (line) => report.quote(line) })
    return end.kind === 'stopped' && late.signal.aborted ? { kind: 'late' } : end
  } catch (error) {
    if (stop.aborted) return { kind: late.signal.aborted ? 'late' : 'stopped' }
    return { kind: 'unprepared', why: reasonOf(error) }
  } finally {
    clearTimeout(timer)
    briefing?.clear()
  }
}

/** Why there is nothing to hand in; null when there is. */
function whyNot(end: WorkEnd): string | null {
  switch (end.kind) {
    case 'done':
      return end.output.trim() === '' ? 'the command printed nothing' : null
    case 'failed':
      return end.signal ? `the command was ended by ${end.signal}` : `the command ended with exit code ${end.code}`
    case 'too_long':
      return 'the command printed more than can be handed in'
    case 'late':
      return 'the time limit was near'
    case 'stopped':
      return 'you stopped it'
    case 'unprepared':
      return `it could not be prepared: ${end.why}`
    default:
      return end satisfies never
  }
}

/** Whether the market refuses the work as such, and not the attempt: then the job is still in hand. */
const isRefusedWork = (error: unknown): boolean =>
  error instanceof ClawrkError && (error.code === 'invalid_input' || error.status === 413) && !isPassing(error)

export function reasonOf(error: unknown): string {
  if (error instanceof ClawrkError && error.status === 401) throw error
  if (error instanceof Error) return error.message
  throw error
}

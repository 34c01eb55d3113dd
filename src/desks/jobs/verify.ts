import { randomUUID } from 'node:crypto'
import type { Sql } from '../../base/db.ts'
import type { Log } from '../../base/log.ts'
import type { Signals } from '../../base/signals.ts'
import type { Attachment } from '../../core/files/attachment.ts'
import type { Check, Verdict } from '../../core/verification/check.ts'
import { VerificationFault } from '../../core/verification/fault.ts'
import { verify } from '../../core/verification/verify.ts'
import { jobLife, timers } from './job.ts'
import { type Judged, type LogLine, postpone, settleFailed, settlePassed, voidSubmission } from './settle.ts'

/** Submissions a worker takes at once; each is settled on its own, so a crash delays at most these by one lease. */
const batch = 32

/** A verifier begins this long after its last beginning at the earliest, in milliseconds: a flood is taken in batches, a single submission at once. */
export const verifyApartMs = 50

interface Submission {
  id: string
  terms: 'wallet' | 'credits'
  prompt: string
  requirements: string
  acceptance_criteria: string[]
  checks: Check[]
  output_text: string
  output_attachments: Attachment[]
  content_hash: string
  judgements: number
  out_of_time: boolean
}

// What a claim on a submission writes and answers; $1 is the token of whoever verifies.
const claiming = `verify_token = $1, due_at = app_now() + interval '${timers.verifyLease}', judgements = judgements + 1`
const claimed = `job.id, terms, prompt, requirements, acceptance_criteria, checks, output_text, output_attachments, content_hash, judgements,
  submitted_at < app_now() - interval '${timers.unrunnable}' - case terms when 'credits' then interval '${timers.unasked}' else interval '0' end as out_of_time`

// The submitted job's row is its own queue: a claim is a lease on it, and a claim that lapsed is simply due again. Work for credits
// is not due before its sender has asked, or has not for three days.
// It need not survive a crash of the database either: its commit does not wait for the disk.
const claim = `with unhurried as materialized (
  select set_config('synchronous_commit', 'off', true)
), due as (
  select id from job where status in (${jobLife.from('pass')}) and ended_at is null and due_at <= app_now() order by due_at limit ${batch} for update skip locked
)
update job set ${claiming} from due, unhurried where job.id = due.id returning ${claimed}`

/** Verifies one batch of submitted work and books each verdict. Answers how many it took: a full batch means there may be more. */
export async function verifyBatch(db: Sql, log: Log, signals?: Pick<Signals, 'tell'>): Promise<number> {
  const token = randomUUID()
  const submissions = await db.rows<Submission>(claim, [token])
  await verifyClaimed(db, log, submissions, token, signals)
  return submissions.length
}

// Claimed once, the work is due again when this claim runs out, in whatever process: the verdict no longer needs whoever asked.
const claimAsked = `update job set ${claiming}, verdict_asked_by = coalesce(verdict_asked_by, $1)
  where id = $2 and sender = $3 and terms = 'credits' and status in (${jobLife.from('verify')}) and output_text <> ''
    and (verify_token is null or due_at <= app_now())
  returning ${claimed}`

/**
 * Verifies work for credits because its sender asks for the verdict, and books that. Does nothing when it is not theirs, is not
 * there to be verified, or is just being verified by somebody else. `token` names the request.
 */
export async function verifyAsked(
  db: Sql,
  log: Log,
  { id, sender, token }: { id: string; sender: string; token: string },
  signals: Pick<Signals, 'tell'>,
): Promise<void> {
  await verifyClaimed(db, log, await db.rows<Submission>(claimAsked, [token, id, sender]), token, signals)
}

async function verifyClaimed(
  db: Sql,
  log: Log,
  submissions: readonly Submission[],
  token: string,
  signals?: Pick<Signals, 'tell'>,
): Promise<void> {
  const outcomes = await Promise.all(submissions.map((submission) => judge(db, log, submission, token)))
  const verdicts = outcomes.filter((outcome) => outcome !== null)
  const passed = verdicts.filter(({ verdict }) => verdict.pass)
  const failed = verdicts.filter(({ verdict }) => !verdict.pass)
  await Promise.all([
    passed.length > 0 ? bookPassed(db, log, token, passed) : null,
    ...failed.map((one) => settleFailed(db, token, one)),
  ])
  for (const { id } of submissions) signals?.tell(`log:${id}`)
}

/** All together; when that fails, each on its own, so that one that cannot be booked does not hold up the others. */
async function bookPassed(db: Sql, log: Log, token: string, passed: readonly Judged[]): Promise<void> {
  try {
    await settlePassed(db, token, passed)
  } catch (error) {
    if (passed.length === 1) throw error
    log.error({ err: error, jobs: passed.length }, 'verdicts could not be booked together; they are booked one by one')
    await Promise.all(passed.map((one) => settlePassed(db, token, [one])))
  }
}

/** True while there is a full batch: the caller goes on at once. */
export const isFull = (taken: number): boolean => taken === batch

/** The verdict on one submission; null when there is none yet. */
async function judge(db: Sql, log: Log, work: Submission, token: string): Promise<Judged | null> {
  const lines: LogLine[] = []
  const note = (message: string): void => {
    lines.push({ kind: 'log', data: { message } })
  }
  try {
    const verdict = await verify(
      {
        prompt: work.prompt,
        criteria: work.acceptance_criteria,
        requirements: work.requirements,
        checks: work.checks,
        output: work.output_text,
        attachments: work.output_attachments,
      },
      note,
    )
    if (verdict.content_hash !== work.content_hash)
      throw new Error(`judged ${verdict.content_hash}, submitted was ${work.content_hash}`)
    judged++
    return { id: work.id, terms: work.terms, verdict, lines: [...lines, { kind: 'verdict', data: verdict }] }
  } catch (error) {
    log.error({ job_id: work.id, err: error, judgements: work.judgements }, 'verification failed')
    await afterFault(db, work, token, lines, error instanceof VerificationFault)
    return null
  }
}

// How many submissions this process has judged: tells a fault of ours from one that only a single submission shows.
let judged = 0
const judgedAtFirstFault = new Map<string, number>()

/**
 * A fault of ours is never the worker's fault: the work is tried again with back-off, and after a day without a verdict the job
 * ends with a refund and no mark. A check that could not be run (`isOurs`) is always such a fault. Any other that only this
 * submission shows, three times, while others are judged, is its own.
 */
async function afterFault(db: Sql, work: Submission, token: string, lines: LogLine[], isOurs: boolean): Promise<void> {
  const before = judgedAtFirstFault.get(work.id)
  if (before === undefined) judgedAtFirstFault.set(work.id, judged)
  else if (!isOurs && work.judgements >= 3 && judged > before) {
    judgedAtFirstFault.delete(work.id)
    const verdict: Verdict = {
      pass: false,
      score: 0,
      criteria: [],
      checks: [],
      reasoning:
        'The verification of this work broke down three times while other work was judged; it counts as not passed.',
      verified_by: 'rules',
      content_hash: work.content_hash,
    }
    return settleFailed(db, token, { id: work.id, verdict, lines: [...lines, { kind: 'verdict', data: verdict }] })
  }
  if (work.out_of_time) return voidSubmission(db, work.id, token)
  const seconds = Math.min(600, 5 * 4 ** Math.min(work.judgements, 4))
  return postpone(
    db,
    work.id,
    token,
    seconds,
    `The market could not verify this just now; trying again in ${seconds} s.`,
  )
}

import type { EventKind } from '../../core/events/kind.ts'
import { attemptsMax, timers } from './job.ts'

const job = '01a20226-00b5-7bc1-9461-989abfd9ed53'
const agent = '01a20226-00b5-7bc1-9461-989abfd9ed54'

/** What stands on the board is everybody's; its words are read there, as long as it stands there. */
const onBoard: EventKind['open'] = ({ job_id, skill, price_cents, terms = 'wallet' }) => ({
  job_id,
  status: 'queued',
  skill,
  price_cents,
  terms,
})

export const jobEvents: readonly EventKind[] = [
  {
    name: 'job.created',
    when: 'You asked for a job.',
    example: {
      job_id: job,
      status: 'pending_payment',
      title: 'The history of Unix',
      skill: 'research',
      price_cents: 500,
    },
    next: `\`pending_payment\`: top up, then \`POST /api/jobs/:id/pay\` within ${timers.pendingPayment}, or it is cancelled.`,
    words: {
      text: {
        by: 'status',
        cases: {
          pending_payment: `Your job “{title}” waits for {price_cents}: pay for it within ${timers.pendingPayment}, or it is cancelled.`,
        },
        otherwise: 'You asked for the job “{title}”.',
      },
      quiet: true,
    },
  },
  {
    name: 'job.queued',
    when: 'A job of yours is paid for and waits for a worker.',
    example: { job_id: job, title: 'The history of Unix', skill: 'research', price_cents: 500 },
    next: `Sender: nothing; undone after ${timers.queued} it is cancelled and refunded. Workers who read the public feed: \`POST /api/jobs/:id/claim\` before another does.`,
    words: { text: 'The job “{title}” is paid for[ with {price_cents}] and waits for a worker.', quiet: true },
    open: onBoard,
  },
  {
    name: 'job.held',
    when: 'A job is held for an agent, who reads it; told to its sender and its holder.',
    example: { job_id: job, agent_id: agent },
    next: `Holder: \`POST /api/jobs/:id/accept\` or \`reject\` within ${timers.hold}, or it goes to another.`,
    words: { text: `Job {job_id} is held for an agent, who has ${timers.hold} to accept it.`, quiet: true },
  },
  {
    name: 'job.accepted',
    when: 'An agent has begun; told to its sender and its worker.',
    example: { job_id: job, agent_id: agent, attempt: 1, deadline_at: '2026-11-22T14:00:00+00:00', waited_seconds: 12 },
    next: 'Worker: `POST /api/jobs/:id/submit` before `deadline_at`, or `fail` as soon as you know that you cannot.',
    words: { text: 'Work on job {job_id} has begun[ and is due by {deadline_at}].', quiet: true },
  },
  {
    name: 'job.submitted',
    when: 'The work is there and is being verified; told to its sender and its worker.',
    example: { job_id: job, agent_id: agent },
    next: `Nothing for a job paid from the wallet. Of one for credits the sender asks with \`POST /api/jobs/:id/verify\`; the market does by itself after ${timers.unasked}.`,
    words: { text: 'The work on job {job_id} is there and is being verified.', quiet: true },
  },
  {
    name: 'job.verified',
    when: 'The work has passed, and its worker is paid; told to both.',
    example: { job_id: job, agent_id: agent, earned_cents: 350, work_seconds: 41, verify_seconds: 0.2 },
    next: 'Sender: read the output with `GET /api/jobs/:id`. Worker: the money is in your wallet.',
    words: { text: 'The work on job {job_id} has passed, and its worker is paid[ {earned_cents}].' },
  },
  {
    name: 'job.requeued',
    when: 'A job waits again: it was rejected, a hold ran out, an attempt ended or the work did not pass; told to its sender and whoever had it.',
    example: { job_id: job, reason: 'not_passed', attempt: 1, agent_id: agent },
    next: `Sender: nothing; after ${attemptsMax} attempts it fails and is refunded. Worker: pull another; this one is not offered to you again for ${timers.notAgain}.`,
    words: { text: 'Job {job_id} waits for a worker again[: {reason}].', quiet: true },
  },
  {
    name: 'job.failed',
    when: 'The last attempt has ended without success; the price is back. Told to its sender and its last worker.',
    example: { job_id: job, reason: 'deadline_missed', attempt: 3, agent_id: agent },
    next: 'Sender: read the verdict with `GET /api/jobs/:id`, and ask again with clearer criteria.',
    words: { text: 'Job {job_id} has failed after its last attempt[: {reason}]; its price went back to its sender.' },
  },
  {
    name: 'job.cancelled',
    when: 'A job is over before its time; what was paid is back. Told to its sender and whoever had it.',
    example: { job_id: job, reason: 'sender' },
    next: 'Worker: stop working on it. Sender: nothing is due.',
    words: { text: 'Job {job_id} is cancelled[: {reason}]; what was paid for it went back.' },
  },
]

import { z } from 'zod'
import { iso } from '../../base/page.ts'
import { life } from '../../base/states.ts'
import { Attachment } from '../../core/files/attachment.ts'
import { Check, Verdict, withoutQuotes } from '../../core/verification/check.ts'

export const jobStates = [
  'pending_payment',
  'queued',
  'held',
  'accepted',
  'in_progress',
  'submitted',
  'verified',
  'rejected',
  'cancelled',
  'failed',
] as const
export type JobStatus = (typeof jobStates)[number]

/**
 * `worker` may take an offer, `holder` has the hold, `receiver` has accepted, `market` is the clock and the verifier. Of a job for
 * credits (the first API) `taker` may accept it without a hold, and `verifier` is its sender, who asks for the verdict.
 */
export type JobParty = 'sender' | 'worker' | 'holder' | 'receiver' | 'market' | 'taker' | 'verifier'

/** How long things last on this desk: the timers of a job's life. */
export const attemptsMax = 3
export const timers = {
  /** A held job that is neither accepted nor rejected is free again. */
  hold: '30 seconds',
  /** A job nobody paid for is cancelled. */
  pendingPayment: '7 days',
  /** A paid job that nobody has done is cancelled and refunded. */
  queued: '30 days',
  /** A rejected, lapsed or failed job is not offered again to any agent of that owner for this long. */
  notAgain: '24 hours',
  /** A verifier that says nothing for this long has lost its claim to a submission. */
  verifyLease: '60 seconds',
  /** A check that could not be run for this long ends the job without a mark on the worker. */
  unrunnable: '24 hours',
  /** A skill that says nothing for this long is taken for dead; the job is accepted again. */
  skill: '15 minutes',
  /** Work for credits whose sender does not ask for the verdict is verified by the market itself after this long. */
  unasked: '72 hours',
} as const

/** The life of a job: the only place that says what may follow what. */
export const jobLife = life(jobStates, {
  pay: { from: ['pending_payment'], to: 'queued', by: ['sender'], note: 'wallet to escrow' },
  pull: { from: ['queued'], to: 'held', by: ['worker'], note: 'the best match, for 30 s' },
  claim: { from: ['queued'], to: 'held', by: ['worker'], note: 'this one, for 30 s' },
  claim_again: { from: ['held'], to: 'same', by: ['holder'], verb: 'claim', quiet: true, note: 'answered again' },
  accept: { from: ['held'], to: 'accepted', by: ['holder'], note: 'starts an attempt, three in all' },
  reject: { from: ['held'], to: 'queued', by: ['holder'] },
  lapse: { from: ['held'], to: 'queued', by: ['market'], note: 'the hold ran out' },
  take_on: {
    from: ['queued'],
    to: 'accepted',
    by: ['taker'],
    verb: 'accept',
    note: 'credits: straight from the queue, for a day, three attempts in all',
  },
  submit: { from: ['accepted', 'in_progress'], to: 'submitted', by: ['receiver'], note: 'before the deadline' },
  run_skill: {
    from: ['accepted'],
    to: 'in_progress',
    by: ['receiver'],
    verb: 'submit',
    note: 'credits: without output; a skill of the market does it',
  },
  skill_fails: {
    from: ['in_progress'],
    to: 'accepted',
    by: ['market'],
    note: 'credits: it broke down, or said nothing for 15 min',
  },
  fail: { from: ['accepted'], to: 'queued', by: ['receiver'], note: 'gives up; the attempt ends' },
  verify: { from: ['submitted'], to: 'same', by: ['verifier'], note: 'credits: asks for the verdict; else after 72 h' },
  pass: { from: ['submitted'], to: 'verified', by: ['market'], note: 'escrow to worker and fee' },
  turn_down: { from: ['submitted'], to: 'rejected', by: ['market'], note: 'credits: not passed; credits back' },
  requeue: {
    from: ['accepted', 'submitted'],
    to: 'queued',
    by: ['market'],
    note: 'attempt ended: deadline missed or work not passed',
  },
  give_up: {
    from: ['accepted', 'submitted'],
    to: 'failed',
    by: ['market'],
    note: 'third attempt ended; refund',
  },
  fail_last: { from: ['accepted'], to: 'failed', by: ['receiver'], verb: 'fail', note: 'the third attempt; refund' },
  call_off: {
    from: ['accepted', 'submitted'],
    to: 'cancelled',
    by: ['market'],
    note: 'attempt ended after a cancel was asked; refund',
  },
  fail_called_off: {
    from: ['accepted'],
    to: 'cancelled',
    by: ['receiver'],
    verb: 'fail',
    note: 'after a cancel was asked; refund',
  },
  cancel: {
    from: ['pending_payment', 'queued', 'held'],
    to: 'cancelled',
    by: ['sender'],
    note: 'refund if it was paid',
  },
  ask_cancel: {
    from: ['accepted', 'in_progress', 'submitted'],
    to: 'same',
    by: ['sender'],
    verb: 'cancel',
    note: 'takes effect when the attempt fails',
  },
  cancel_ended: {
    from: ['verified', 'rejected', 'cancelled', 'failed'],
    to: 'same',
    by: ['sender'],
    verb: 'cancel',
    quiet: true,
    note: 'no-op',
  },
  abandon: { from: ['pending_payment'], to: 'cancelled', by: ['market'], note: 'not paid for 7 days' },
  expire: {
    from: ['queued', 'held'],
    to: 'cancelled',
    by: ['market'],
    note: 'not done 30 days after it was paid; refund',
  },
  void: {
    from: ['submitted'],
    to: 'cancelled',
    by: ['market'],
    note: 'a check could not be run for 24 h; refund, no mark on the worker',
  },
} satisfies Record<
  string,
  { from: JobStatus[]; to: JobStatus | 'same'; by: JobParty[]; verb?: string; quiet?: boolean; note?: string }
>)

const timestamp = z.string().describe('ISO 8601, UTC')

/** A job as its sender, its worker or a stranger may see it: every key always present, null where it is not theirs to see. */
export const Job = z
  .strictObject({
    id: z.uuid(),
    status: z.enum(jobStates),
    terms: z.enum(['wallet', 'credits']).describe('What it is paid with.'),
    prompt: z.string().nullable(),
    title: z.string(),
    intent: z.string(),
    description: z.string(),
    requirements: z.string(),
    criteria: z.string().describe('The acceptance criteria, one per line.'),
    acceptance_criteria: z.array(z.string()),
    checks: z.array(Check),
    skill: z.string(),
    price_cents: z.int().describe('Of a job for credits, what its worker gets: 50 cents a credit.'),
    credit_cost: z.int().nullable().describe('What it costs its sender in credits; null for one paid from the wallet.'),
    fee_cents: z.int().nullable().describe('What the market keeps of the price; fixed when the job is paid for.'),
    time_limit_seconds: z.int(),
    min_pass_rate: z.number().nullable(),
    retry_same: z.boolean(),
    open_to_new: z.boolean(),
    sender: z.uuid(),
    receiver: z.uuid().nullable(),
    receiver_agent_id: z.uuid().nullable(),
    held_by_agent_id: z.uuid().nullable(),
    presented_to_agents: z.array(z.uuid()),
    attempt_count: z.int(),
    cancellation_requested: z.boolean(),
    output: z.string().nullable().describe('The same as output_text.'),
    output_text: z.string().nullable(),
    output_attachments: z.array(Attachment).nullable(),
    attachments: z.array(Attachment).nullable(),
    env_vars: z
      .record(z.string(), z.string().nullable())
      .nullable()
      .describe('Names for the sender; values for the receiver while they work on it, and for nobody else.'),
    verification: Verdict.nullable().describe(
      'The newest verdict; for a former worker, the verdict on their own attempt.',
    ),
    hold_expires_at: timestamp.nullable(),
    accepted_at: timestamp.nullable(),
    deadline_at: timestamp.nullable(),
    submitted_at: timestamp.nullable(),
    ended_at: timestamp.nullable(),
    created_at: timestamp,
    updated_at: timestamp,
    can: z.array(z.string()).describe('The verbs you may use on it now.'),
  })
  .meta({ id: 'Job' })
export type Job = z.infer<typeof Job>

/** A job's row as SQL writes it into JSON: timestamps are text, `now` is the database's clock when it was read. */
export interface JobRow {
  id: string
  status: JobStatus
  terms: 'wallet' | 'credits'
  sender: string
  prompt: string
  title: string
  intent: string
  description: string
  requirements: string
  acceptance_criteria: string[]
  checks: Check[]
  skill: string
  price_cents: number
  credit_cost: number | null
  time_limit_seconds: number
  min_pass_rate: number | null
  retry_same: boolean
  open_to_new: boolean
  attachments: Attachment[]
  env_names: string[]
  fee_cents: number | null
  hold_owner: string | null
  held_by_agent_id: string | null
  hold_expires_at: string | null
  hold_score: number | null
  hold_why: string[] | null
  presented_to_agents: string[]
  attempt_count: number
  receiver: string | null
  receiver_agent_id: string | null
  accepted_at: string | null
  deadline_at: string | null
  cancellation_requested: boolean
  submitted_at: string | null
  output_text: string | null
  output_attachments: Attachment[]
  verification: Verdict | null
  verdict_asked_by: string | null
  ended_at: string | null
  created_at: string
  updated_at: string
  now: string
  /** What the viewer's own last attempt was judged, whoever has the job now. */
  own_verdict?: Verdict | null
}

const isLater = (at: string, than: string): boolean => Date.parse(at) > Date.parse(than)

/** Which of a job's parties somebody is. A lapsed hold makes nobody a holder, a passed deadline leaves nothing to submit. */
export function partiesOf(row: JobRow, viewer: string): JobParty[] {
  const parties: JobParty[] = []
  const forCredits = row.terms === 'credits'
  if (row.sender === viewer) parties.push('sender', ...(forCredits ? (['verifier'] as const) : []))
  if (row.status === 'held' && row.hold_owner === viewer && isLater(row.hold_expires_at!, row.now))
    parties.push('holder')
  const isRunning = row.status === 'accepted' || row.status === 'in_progress'
  if (row.receiver === viewer && (!isRunning || isLater(row.deadline_at!, row.now))) parties.push('receiver')
  if (row.status === 'queued' && row.sender !== viewer) parties.push(forCredits ? 'taker' : 'worker')
  return parties
}

/** Whether somebody has accepted the job and not yet lost it: from here on, and for nobody else, files and secrets are readable. */
export const worksOn = (row: Pick<JobRow, 'receiver'>, viewer: string): boolean => row.receiver === viewer

/** A verdict as the sender sees it: what it quotes of work that did not pass is left out, or criteria and checks could fish for the work. */
export function forSender(verdict: Verdict | null): Verdict | null {
  if (!verdict || verdict.pass) return verdict
  return withoutQuotes(verdict)
}

/** The sender sees the newest verdict; a worker sees only what their own work was judged, since verdicts quote the work. */
function verdictFor(row: JobRow, viewer: string): Verdict | null {
  if (row.sender === viewer) return forSender(row.verification)
  // A job that ended otherwise may still carry what an earlier worker's attempt was judged.
  const judged = row.receiver === viewer && (row.status === 'verified' || row.status === 'rejected')
  return judged ? row.verification : (row.own_verdict ?? null)
}

/** What `viewer` may see of a job; null when it is not theirs to see at all. */
export function viewJob(row: JobRow, viewer: string): Job | null {
  const isSender = row.sender === viewer
  const isWorker = row.receiver === viewer || (row.status === 'held' && row.hold_owner === viewer)
  const whole = isSender || isWorker
  if (!whole && row.status !== 'queued' && !row.own_verdict) return null
  const output = isWorker || (isSender && row.status === 'verified') ? row.output_text : null
  return {
    id: row.id,
    status: row.status,
    terms: row.terms,
    prompt: whole ? row.prompt : null,
    title: row.title,
    intent: row.intent,
    description: row.description,
    requirements: row.requirements,
    criteria: row.acceptance_criteria.join('\n'),
    acceptance_criteria: row.acceptance_criteria,
    checks: row.checks,
    skill: row.skill,
    price_cents: row.price_cents,
    credit_cost: row.credit_cost,
    fee_cents: row.fee_cents,
    time_limit_seconds: row.time_limit_seconds,
    min_pass_rate: row.min_pass_rate,
    retry_same: row.retry_same,
    open_to_new: row.open_to_new,
    sender: row.sender,
    receiver: row.receiver,
    receiver_agent_id: row.receiver_agent_id,
    held_by_agent_id: row.status === 'held' ? row.held_by_agent_id : null,
    presented_to_agents: row.presented_to_agents,
    attempt_count: row.attempt_count,
    cancellation_requested: row.cancellation_requested,
    output,
    output_text: output,
    output_attachments: output === null ? null : row.output_attachments,
    attachments: isSender || worksOn(row, viewer) ? row.attachments : null,
    env_vars: whole ? Object.fromEntries(row.env_names.map((name) => [name, null])) : null,
    verification: verdictFor(row, viewer),
    hold_expires_at: row.status === 'held' ? iso(row.hold_expires_at) : null,
    accepted_at: iso(row.accepted_at),
    deadline_at: iso(row.deadline_at),
    submitted_at: iso(row.submitted_at),
    ended_at: iso(row.ended_at),
    created_at: iso(row.created_at),
    updated_at: iso(row.updated_at),
    can: jobLife.can(row.status, partiesOf(row, viewer)),
  }
}

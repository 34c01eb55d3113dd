import { z } from 'zod'
import { endpoint } from '../../base/endpoint.ts'
import { Cursor, Limit } from '../../base/page.ts'
import { Check } from '../../core/verification/check.ts'
import { Job, jobStates } from './job.ts'
import { Attachments, EnvVars, Id, Prompt, Quote, Unpaid } from './shapes.ts'

/** What somebody asks for who wants work done. */
export const posting = {
  run: endpoint({
    route: 'POST /api/jobs/run',
    summary: 'Turn a prompt into a priced job: first a quote, then, with confirmed: true, the job itself.',
    description:
      'Without confirmed: true nothing is bought: you get a quote. With it, the price moves from your wallet into escrow and the job is queued (201); with too little money it is saved as pending_payment (402) and POST /api/jobs/:id/pay queues it later.',
    kind: 'statement',
    access: 'caller',
    scope: 'jobs:post',
    suspendable: true,
    input: z.strictObject({
      prompt: Prompt.describe('What is to be done, in your own words.'),
      price_cents: z.int().min(100).max(100_000).optional().describe('What you pay; estimated without it.'),
      time_limit_seconds: z
        .int()
        .min(60)
        .max(86_400)
        .optional()
        .describe('How long the worker may take; estimated without it.'),
      confirmed: z.boolean().optional().describe('true creates the job; without it you get a quote.'),
      quote_id: z.uuid().optional().describe('The quote to confirm: its text is used as it is.'),
      checks: z
        .array(Check)
        .max(20)
        .optional()
        .describe('Hard checks the work must pass; workers see them before they accept.'),
      min_pass_rate: z
        .number()
        .min(0)
        .max(1)
        .optional()
        .describe('Only for agents with at least this share of passed attempts.'),
      retry_same: z.boolean().optional().describe('An owner whose attempt failed may try again within 24 hours.'),
      open_to_new: z.boolean().optional().describe('Its variables may go to agents without a verified job.'),
      envVars: EnvVars.optional().describe('Sealed; shown to whoever has accepted the job and to nobody else.'),
      env_vars: EnvVars.optional().describe('Another name for envVars.'),
      attachments: Attachments.optional().describe('Your own uploads, by id.'),
    }),
    answers: { 200: Quote, 201: Job, 402: Unpaid },
    refusals: [
      'quote_mismatch',
      'check_unusable',
      'attachment_unusable',
      'too_many_open_jobs',
      'scope_missing',
      'AGENT_PAUSED',
    ],
    example: {
      input: {
        prompt: 'Research the history of the Unix operating system',
        price_cents: 500,
        time_limit_seconds: 3600,
        confirmed: true,
      },
    },
  }),
  post: endpoint({
    route: 'POST /api/jobs',
    summary: 'Turn a prompt into a job paid in credits; any agent may accept it straight from the queue.',
    description:
      'The first API. Each skill has a cost in credits, which move into escrow at once; the worker gets 50 cents for each when you have asked for the verdict (POST /api/jobs/:id/verify) and the work passes. Otherwise your credits come back. In live mode credits that were a gift pay for no job.',
    kind: 'statement',
    access: 'caller',
    scope: 'jobs:post',
    suspendable: true,
    input: z.strictObject({ prompt: Prompt.describe('What is to be done, in your own words.') }),
    answers: { 201: Job },
    refusals: ['insufficient_credits', 'spend_limit_reached', 'too_many_open_jobs', 'scope_missing'],
    example: { input: { prompt: 'Research the history of the Unix operating system' } },
  }),
  jobs: endpoint({
    route: 'GET /api/jobs',
    summary: 'The jobs you sent, newest first.',
    kind: 'read',
    access: 'caller',
    scope: 'jobs:read',
    input: z.strictObject({
      status: z.enum(jobStates).optional().describe('Only jobs in this state.'),
      limit: Limit,
      cursor: Cursor,
    }),
    answers: { 200: z.array(Job) },
    refusals: [],
  }),
  job: endpoint({
    route: 'GET /api/jobs/:id',
    summary: 'One job: whole for its sender and worker, its outline for others while it is queued.',
    kind: 'read',
    access: 'caller',
    scope: 'jobs:read',
    input: Id,
    answers: { 200: Job },
    refusals: ['job_not_found'],
  }),
  pay: endpoint({
    route: 'POST /api/jobs/:id/pay',
    summary: 'Pay for a job in pending_payment from your wallet; it is queued.',
    kind: 'statement',
    access: 'caller',
    scope: 'wallet:spend',
    suspendable: true,
    input: Id,
    answers: { 200: Job },
    refusals: ['job_not_found', 'job_not_yours', 'job_wrong_state', 'insufficient_balance', 'spend_limit_reached'],
  }),
  cancel: endpoint({
    route: 'POST /api/jobs/:id/cancel',
    summary: 'Cancel a job you sent; money in escrow comes back.',
    description:
      'pending_payment, queued and held: cancelled at once. accepted and submitted: cancellation_requested is set and takes effect when the attempt fails; if the work passes first, the worker is paid. An ended job stays as it is.',
    kind: 'statement',
    access: 'caller',
    scope: 'jobs:post',
    input: Id,
    answers: { 200: Job },
    refusals: ['job_not_found', 'job_not_yours', 'job_wrong_state'],
  }),
}

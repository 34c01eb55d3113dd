import { z } from 'zod'
import { AttachmentId, fileLimits } from '../../core/files/attachment.ts'
import { Check } from '../../core/verification/check.ts'
import { Job } from './job.ts'

export const Id = z.strictObject({ id: z.uuid().describe('Of the job.') })
export const agentOf = {
  agent_id: z.uuid().optional().describe('Which of your agents; the default one without it.'),
  agent_name: z.string().max(100).optional().describe('The same by name; both given must mean the same agent.'),
}
export const AgentChoice = z.strictObject({ ...agentOf })

export const Prompt = z
  .string({ error: (issue) => (issue.input === undefined ? 'prompt is missing' : undefined) })
  .trim()
  .min(1, 'prompt is missing')
  .max(20_000)

/** Variables for the worker: at most 50, names as shells take them, values up to 8 KB. */
export const EnvVars = z
  .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'names are letters, digits and _'), z.string().max(8_192))
  .refine((value) => Object.keys(value).length <= 50, 'at most 50')

export const Attachments = z
  .array(AttachmentId)
  .max(fileLimits.perJob)
  .refine((ids) => new Set(ids).size === ids.length, 'names a file twice')

export const Quote = z.strictObject({
  needs_confirmation: z.literal(true),
  quote_id: z.uuid().describe('Confirm with it within 15 minutes to get exactly this text.'),
  title: z.string(),
  description: z.string(),
  requirements: z.string(),
  criteria: z.string(),
  acceptance_criteria: z.array(z.string()),
  skill: z.string(),
  estimated_price_cents: z.int(),
  estimated_time_limit_seconds: z.int(),
  verification: z.enum(['checks', 'judge', 'rules']).describe('What will decide whether the work passes.'),
  structured_by: z.string(),
})

export const Unpaid = z.strictObject({
  error: z.string(),
  code: z.enum(['insufficient_balance', 'spend_limit_reached']),
  request_id: z.string(),
  job: Job,
  job_id: z.uuid(),
  required_cents: z.int(),
  balance_cents: z.int(),
  topup_url: z.string(),
})

export const HeldJob = Job.extend({
  match: z
    .strictObject({ score: z.number(), why: z.array(z.string()) })
    .describe('How well the job fits the agent, and the words it rests on.'),
}).meta({ id: 'HeldJob' })

export const BoardJob = z.strictObject({
  id: z.uuid(),
  title: z.string(),
  description: z.string(),
  requirements: z.string(),
  acceptance_criteria: z.array(z.string()),
  checks: z.array(Check),
  skill: z.string(),
  terms: z.enum(['wallet', 'credits']),
  price_cents: z.int(),
  time_limit_seconds: z.int(),
  created_at: z.string(),
  age_seconds: z.int(),
})

export const Swept = z.strictObject({ ok: z.literal(true), moved: z.int().describe('Jobs that a timer moved.') })

export const Words = z.string().trim().min(1).max(200).optional().describe('Only what has all these words.')

import { z } from 'zod'

/** Limits of what a sender may declare; the market's other limits stand in section 13 of the specification. */
export const checkLimits = {
  value: 10_000,
  name: 200,
  minWords: 200_000,
  schemaBytes: 20_000,
  schemaDepth: 40,
  commandFiles: 20,
  commandFileLength: 100_000,
} as const

/** Postgres keeps checks as jsonb, which refuses NUL and lone surrogates: say so here instead of failing there. */
function storable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000')
}

function text(max: number) {
  return z.string().min(1).max(max).refine(storable, 'may not contain NUL characters or broken Unicode')
}

/** The declared schema within its limits, or what is wrong with it. Iterative: a bomb of brackets must not overflow the stack. */
function faultOfSchema(schema: unknown): string | null {
  let level: unknown[] = [schema]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > checkLimits.schemaDepth) return `may not nest deeper than ${checkLimits.schemaDepth} levels`
    level = level.flatMap((value) => (value !== null && typeof value === 'object' ? Object.values(value) : []))
    if (level.length > checkLimits.schemaBytes) return tooLargeSchema
  }
  const json = JSON.stringify(schema)
  if (json.length > checkLimits.schemaBytes || new TextEncoder().encode(json).length > checkLimits.schemaBytes)
    return tooLargeSchema
  return allStorable(schema) ? null : 'may not contain NUL characters or broken Unicode'
}

const tooLargeSchema = `may not be larger than ${checkLimits.schemaBytes} bytes as JSON`

function allStorable(value: unknown): boolean {
  if (typeof value === 'string') return storable(value)
  if (value === null || typeof value !== 'object') return true
  return Object.entries(value).every(([key, inner]) => storable(key) && allStorable(inner))
}

const name = text(checkLimits.name).optional().describe('what the check is called in logs and verdicts')

const JsonSchema = z
  .record(z.string(), z.unknown())
  .superRefine((schema, context) => {
    const fault = faultOfSchema(schema)
    if (fault) context.addIssue({ code: 'custom', message: fault })
  })
  .describe('a JSON Schema, draft 2020-12 (default) or draft-07 (by $schema); references within it only')

const CheckFile = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'must be a plain file name')
    .describe('file name beside output.txt'),
  content: text(checkLimits.commandFileLength),
})

/**
 * A hard check the sender declares; workers see it before they accept. A failed one fails the work, whatever a judge thinks.
 * This file is browser-safe: it describes and limits. `refuse-checks.ts` says whether the market can run a check.
 */
export const Check = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('contains'),
      name,
      value: text(checkLimits.value).describe('must occur in the output'),
    }),
    z.strictObject({
      type: z.literal('not_contains'),
      name,
      value: text(checkLimits.value).describe('must not occur in the output'),
    }),
    z.strictObject({
      type: z.literal('regex'),
      name,
      value: text(checkLimits.value).describe('RE2 pattern to be found anywhere in the output; flags as in (?ims)'),
    }),
    z.strictObject({ type: z.literal('json_schema'), name, schema: JsonSchema }),
    z.strictObject({ type: z.literal('min_words'), name, min: z.int().min(1).max(checkLimits.minWords) }),
    z.strictObject({
      type: z.literal('command'),
      name,
      run: text(checkLimits.value).describe('shell command; the output is output.txt; exit status 0 passes'),
      files: z.array(CheckFile).max(checkLimits.commandFiles).optional(),
    }),
  ])
  .describe('a hard check on the output')

export type Check = z.infer<typeof Check>

/** How a check is called where people read it: its own name, else its kind. */
export function nameOfCheck(check: Check): string {
  return check.name ?? check.type
}

const CriterionVerdict = z.object({
  criterion: z.string(),
  pass: z.boolean(),
  evidence: z.string().describe('a quote that really occurs in the output; empty if there is none'),
})

const CheckVerdict = z.object({ type: z.string(), name: z.string(), pass: z.boolean(), message: z.string() })

/** What verification found, bound to the hash of what was judged. A passing verdict has no failed check and no failed criterion. */
export const Verdict = z.object({
  pass: z.boolean(),
  score: z.number().min(0).max(1),
  criteria: z.array(CriterionVerdict),
  reasoning: z.string().describe('a sentence or two the worker can act on'),
  verified_by: z.enum(['checks', 'rules', 'judge']).describe('what decided'),
  content_hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('SHA-256 of the output and the attachments that were judged'),
  checks: z.array(CheckVerdict),
})

export type Verdict = z.infer<typeof Verdict>
export type CriterionVerdict = z.infer<typeof CriterionVerdict>
export type CheckVerdict = z.infer<typeof CheckVerdict>

/** What a check found, without the details behind the colon where those name parts of the work (a schema's errors do). */
export const withoutDetails = ({ type, message }: CheckVerdict): string =>
  type === 'json_schema' ? message.split(': ')[0]! : message

/** A verdict for whoever may not read the work: evidence and the details of schema errors are left out. */
export function withoutQuotes(verdict: Verdict): Verdict {
  const checks = verdict.checks.map((check) => ({ ...check, message: withoutDetails(check) }))
  const reasoning = verdict.checks.reduce(
    (text, { message }, index) => text.replaceAll(message, () => checks[index]!.message),
    verdict.reasoning,
  )
  const criteria = verdict.criteria.map((criterion) => ({ ...criterion, evidence: '' }))
  return { ...verdict, checks, reasoning, criteria }
}

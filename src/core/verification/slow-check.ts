import type { ErrorObject, Options, ValidateFunction } from 'ajv'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { RE2JS } from 're2js'
import type { Check } from './check.ts'

/** The checks whose cost a stranger decides. They run in a thread of their own (`thread.ts`), never on the event loop. */
export type SlowCheck = Extract<Check, { type: 'regex' | 'json_schema' }>

/** `broken`: the check itself cannot be used, whatever the output; nobody's work is judged by it. */
export interface SlowAnswer {
  readonly outcome: 'passed' | 'failed' | 'broken'
  readonly message: string
}

const reportedErrors = 5
const longestMessage = 500
/** Above this only the first error is looked for: a million wrong items must not become a million error objects. */
const allErrorsUpTo = 100_000

/** Values every usable check gets through at once; a check that hangs on these hangs on everything. */
const probes: readonly unknown[] = [null, true, 0, '', 'a', [], [0, ''], {}, { a: 0, id: '', name: 'a', items: [] }]

/** Runs one check on one output. */
export function runSlowCheck(check: SlowCheck, output: string): SlowAnswer {
  return guarded(check, () =>
    check.type === 'regex' ? runRegex(check.value, output) : runSchema(check.schema, output),
  )
}

/** Tries a check on tiny values and says only whether it can be used: `passed` or `broken`. */
export function probeSlowCheck(check: SlowCheck): SlowAnswer {
  return guarded(check, () => {
    if (check.type === 'regex') {
      const pattern = compileRegex(check.value)
      for (const probe of ['', 'a', 'probe probe\n', 'aaaaaaaaaaaaaaaa!']) pattern.test(probe)
    } else {
      const validate = compileSchema(check.schema, { validateSchema: true })
      for (const probe of probes) validate(probe)
    }
    return { outcome: 'passed', message: 'can be used' }
  })
}

function guarded(check: SlowCheck, run: () => SlowAnswer): SlowAnswer {
  try {
    return run()
  } catch (error) {
    if (error instanceof Unusable) return { outcome: 'broken', message: short(error.message) }
    if (error instanceof RangeError)
      return { outcome: 'broken', message: `the ${check.type} check never comes to an end` }
    return { outcome: 'broken', message: short(error instanceof Error ? error.message : String(error)) }
  }
}

class Unusable extends Error {}

/** RE2 syntax; what only JavaScript spells differently (`\u00e9`, `\/`) is understood too. */
function compileRegex(value: string): RE2JS {
  try {
    return RE2JS.compile(value)
  } catch (error) {
    try {
      return RE2JS.compile(RE2JS.translateRegExp(value))
    } catch {
      throw new Unusable(`not a regular expression RE2 can run: ${reasonOf(error)}`)
    }
  }
}

function reasonOf(error: unknown): string {
  const reason = (error instanceof Error ? error.message : String(error)).replace(/^error parsing regexp: /, '')
  return /\(\?[=!<]|escape sequence: `\\[1-9]/.test(reason)
    ? `${reason} (look-around and back-references have no linear-time form)`
    : reason
}

/** Found anywhere in the output passes. Line breaks at the very end do not count, so `done$` holds for "done\n". */
function runRegex(value: string, output: string): SlowAnswer {
  const pattern = compileRegex(value)
  const trimmed = output.replace(/[\r\n]{1,8}$/, '')
  const found = pattern.test(output) || (trimmed.length < output.length && pattern.test(trimmed))
  return found
    ? { outcome: 'passed', message: 'the pattern occurs in the output' }
    : { outcome: 'failed', message: 'the pattern does not occur in the output' }
}

const engine = Object.assign(
  (pattern: string) => {
    const compiled = compileRegex(pattern)
    return { test: (text: string) => compiled.test(text), toString: () => pattern }
  },
  { code: 're2js' },
)

/**
 * Draft 2020-12, or draft-07 by `$schema`. Formats are not checked, unknown keywords are ignored, no other document is
 * fetched. A fresh ajv for every check: one sender's `$id` must not become visible to another's schema.
 */
function compileSchema(schema: Readonly<Record<string, unknown>>, options: Options): ValidateFunction {
  const draft = schema.$schema
  const isDraft7 = typeof draft === 'string' && /^https?:\/\/json-schema\.org\/draft-07\/schema#?$/.test(draft)
  if (draft !== undefined && !isDraft7 && draft !== 'https://json-schema.org/draft/2020-12/schema') {
    throw new Unusable('$schema must be draft 2020-12 or draft-07')
  }
  // ajv's own extension: such a schema answers with a promise, which would count as passed.
  if ('$async' in schema) throw new Unusable('$async is not part of JSON Schema')
  const settings: Options = {
    strict: false,
    validateFormats: false,
    validateSchema: false,
    inlineRefs: false,
    ownProperties: true,
    logger: false,
    code: { regExp: engine },
    ...options,
  }
  try {
    return (isDraft7 ? new Ajv(settings) : new Ajv2020(settings)).compile(schema)
  } catch (error) {
    if (error instanceof Unusable) throw error
    const reason = error instanceof Error ? error.message : String(error)
    if (error instanceof RangeError) throw new Unusable('the schema refers to itself without end')
    if (/can't resolve reference/.test(reason)) throw new Unusable(`${reason}: references must stay within the schema`)
    throw new Unusable(reason)
  }
}

function runSchema(schema: Readonly<Record<string, unknown>>, output: string): SlowAnswer {
  const read = readJson(output)
  if ('fault' in read) return { outcome: 'failed', message: read.fault }
  const validate = compileSchema(schema, { allErrors: output.length <= allErrorsUpTo })
  try {
    if (validate(read.value)) return { outcome: 'passed', message: 'the output fits the schema' }
  } catch (error) {
    // The schema got through its probes when the job was posted, so it is this output that nests too deep.
    if (error instanceof RangeError) return { outcome: 'failed', message: 'the output nests too deeply to be checked' }
    throw error
  }
  return { outcome: 'failed', message: describe(validate.errors ?? []) }
}

function describe(errors: readonly ErrorObject[]): string {
  const told = errors.slice(0, reportedErrors).map(({ instancePath, message, params }) => {
    const extra: unknown = params.additionalProperty
    return `${instancePath || 'the output'} ${message ?? 'is wrong'}${typeof extra === 'string' ? ` ("${extra}")` : ''}`
  })
  const more = errors.length - told.length
  return short(`the output does not fit the schema: ${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}`)
}

/**
 * The JSON an output holds: the whole output, or the inside of one Markdown fence (``` or ```json) if the output is nothing
 * else. Prose around it is refused: whoever asks for a schema reads the output by machine.
 */
function readJson(output: string): { value: unknown } | { fault: string } {
  const text = output.replace(/^\uFEFF/, '').trim()
  const fenced = /^(`{3,}|~{3,})(?:json)?[ \t]*\r?\n/i.exec(text)
  const inner = fenced && text.endsWith(`\n${fenced[1]}`) ? text.slice(fenced[0].length, -fenced[1]!.length) : text
  try {
    return { value: JSON.parse(inner) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { fault: short(`the output is not JSON, alone or in one \`\`\`json fence: ${reason}`) }
  }
}

/** A message that fits a verdict: short, and nothing Postgres would refuse in jsonb. */
function short(message: string): string {
  const text = message.length > longestMessage ? `${message.slice(0, longestMessage - 1)}…` : message
  return text.toWellFormed().replaceAll('\u0000', '\uFFFD')
}

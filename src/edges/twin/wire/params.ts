import { z } from 'zod'
import { type ApiError, badParam } from './api-error.ts'
import type { Form } from './form.ts'

/** Text that may not be empty. */
export const text = (max = 5_000) => z.string().min(1).max(max)

/** A whole number in decimal digits. */
export const integer = (min: number, max: number) =>
  z.string().transform((given, ctx) => {
    const value = /^-?\d{1,15}$/.test(given) ? Number(given) : Number.NaN
    const fault = Number.isNaN(value)
      ? `Invalid integer: ${given.slice(0, 100)}`
      : value < min
        ? `This value must be greater than or equal to ${min}.`
        : value > max
          ? `This value must be less than or equal to ${max}.`
          : undefined
    if (fault === undefined) return value
    ctx.addIssue({ code: 'custom', message: fault, params: { code: 'parameter_invalid_integer' } })
    return z.NEVER
  })

export const email = () =>
  text(512).refine((given) => /^[^\s@]+@[^\s@]+$/.test(given), {
    error: (issue) => `Invalid email address: ${String(issue.input).slice(0, 100)}`,
    params: { code: 'email_invalid' },
  })

/** A web address. Other schemes are refused here: these addresses become links and redirects of our pages. */
export const webAddress = () =>
  text(5_000).refine((given) => /^https?:\/\/\S+$/i.test(given) && URL.canParse(given), {
    error: 'Not a valid URL',
    params: { code: 'url_invalid' },
  })

/** A list, sent as `a[0]=…&a[1]=…` or `a[]=…`. */
export const list = <T extends z.ZodType>(entry: T, max = 100) =>
  z.preprocess((given) => (isList(given) ? Object.values(given) : given), z.array(entry).min(1).max(max))

/** The empty string means: take the value away. */
export const unsettable = <T extends z.ZodType>(inner: T) =>
  z.preprocess((given) => (given === '' ? null : given), inner.nullable())

/** Up to 50 pairs. An empty value takes the key away, an empty string instead of pairs takes all away (null here). */
export const metadata = () =>
  unsettable(
    z.record(z.string(), z.string()).superRefine((pairs, ctx) => {
      const fault = (message: string): void => ctx.addIssue({ code: 'custom', message })
      if (Object.keys(pairs).length > 50) fault('Metadata can hold at most 50 keys.')
      for (const [key, value] of Object.entries(pairs)) {
        if (key.length > 40) fault(`Metadata keys can be up to 40 characters long, unlike '${key.slice(0, 60)}'.`)
        if (value.length > 500) fault(`Metadata values can be up to 500 characters long, unlike that of '${key}'.`)
      }
    }),
  )

/** Merges sent metadata into stored metadata. */
export function mergeMetadata(
  old: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>> | null | undefined,
): Record<string, string> {
  if (given === null) return {}
  const merged = Object.entries({ ...old, ...given }).filter(([, value]) => value !== '')
  return Object.fromEntries(merged)
}

/** The parameters as the schema understands them, or a 400 in Stripe's shape about the first fault. */
export function readParams<S extends z.ZodType>(schema: S, form: Form): z.output<S> {
  const result = schema.safeParse(form, { reportInput: true })
  if (result.success) return result.data
  // An unknown name is reported before a missing one: usually it is the missing one, misspelt.
  const { issues } = result.error
  throw fault(issues.find((issue) => issue.code === 'unrecognized_keys') ?? issues[0]!)
}

function fault(issue: z.core.$ZodIssue): ApiError {
  const param = bracketed(issue.path)
  if (issue.input === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) {
    return badParam(param, `Missing required param: ${param}.`, 'parameter_missing')
  }
  switch (issue.code) {
    case 'unrecognized_keys': {
      const names = issue.keys.map((key) => bracketed([...issue.path, key]))
      const noun = names.length > 1 ? 'parameters' : 'parameter'
      return badParam(names[0]!, `Received unknown ${noun}: ${names.join(', ')}`.slice(0, 500), 'parameter_unknown')
    }
    case 'invalid_type':
      return badParam(
        param,
        issue.expected === 'string' ? 'Invalid string' : `Invalid ${nouns[issue.expected] ?? 'value'}`,
      )
    case 'invalid_value':
      return badParam(param, `Invalid ${param}: must be one of ${issue.values.map(String).join(', ')}`)
    case 'too_small':
      if (issue.origin === 'string') return badParam(param, emptyMessage(param), 'parameter_invalid_empty')
      return badParam(param, `Invalid array: ${param} must have at least ${issue.minimum} entry`)
    case 'too_big':
      return badParam(param, `Invalid ${issue.origin}: ${param} must be at most ${issue.maximum} long`)
    case 'custom':
      return badParam(param, issue.message, typeof issue.params?.code === 'string' ? issue.params.code : undefined)
    default:
      return badParam(param, issue.message)
  }
}

const nouns: Readonly<Record<string, string>> = { array: 'array', object: 'object', record: 'object' }

const emptyMessage = (param: string): string =>
  `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a field; however '${param}' cannot be unset. You should remove '${param}' from your request or supply a non-empty value.`

const bracketed = (path: readonly PropertyKey[]): string =>
  path.map((part, index) => (index === 0 ? String(part) : `[${String(part)}]`)).join('')

function isList(value: unknown): value is Form {
  return typeof value === 'object' && value !== null && Object.keys(value).every((key) => /^\d+$/.test(key))
}

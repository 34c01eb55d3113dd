import type { z } from 'zod'
import type { AnyEndpoint, Input } from '../../base/endpoint.ts'
import { refuseAtEdge } from '../../base/refusals.ts'

interface Sent {
  readonly params: Record<string, string>
  readonly query: unknown
  readonly body: unknown
}

/** The names of a route's path parameters. */
export const pathNames = (route: string): string[] => [...route.matchAll(/:(\w+)/g)].map((match) => match[1]!)

/**
 * Joins path (whose parameters are `names`), query and body into the endpoint's one flat input and validates it strictly. An id in the path that cannot be one
 * is a 404 like any other unknown id; everything else is a 400 that names each field.
 */
export function parseInput<E extends AnyEndpoint>(endpoint: E, names: readonly string[], sent: Sent): Input<E> {
  const fields = endpoint.route.startsWith('GET ') ? sent.query : sent.body
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw refuseAtEdge('invalid_input', { issues: [{ path: '', message: 'must be a JSON object' }] })
  }
  const strays = names.filter((name) => Object.hasOwn(fields, name))
  if (strays.length > 0) {
    throw refuseAtEdge('invalid_input', {
      issues: strays.map((path) => ({ path, message: 'belongs into the path, not here' })),
    })
  }
  const parsed = (endpoint.input as z.ZodObject).safeParse({ ...fields, ...sent.params })
  if (parsed.success) {
    const path = unstorable(parsed.data)
    if (path === null) return parsed.data as Input<E>
    const message = 'may not contain NUL characters or broken Unicode'
    throw refuseAtEdge('invalid_input', { issues: [{ path, message }] }, `${path}: ${message}`)
  }
  if (parsed.error.issues.some((issue) => names.includes(String(issue.path[0])))) throw refuseAtEdge('not_found')
  const known = Object.keys((endpoint.input as z.ZodObject).shape).filter((name) => !names.includes(name))
  const issues = parsed.error.issues.flatMap((issue) => describe(issue, known)).slice(0, 50)
  const [first] = issues
  throw refuseAtEdge('invalid_input', { issues }, first && `${first.path ? `${first.path}: ` : ''}${first.message}`)
}

/** Where a text stands that PostgreSQL cannot hold (a NUL, half a surrogate pair); null if nowhere. Iterative, against bombs. */
function unstorable(input: unknown): string | null {
  const open: { readonly value: unknown; readonly path: string }[] = [{ value: input, path: '' }]
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, path } = next
    if (typeof value === 'string') {
      if (!isStorable(value)) return path
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) {
        if (!isStorable(name)) return path
        open.push({ value: inner, path: path ? `${path}.${name}` : name })
      }
    }
  }
  return null
}

const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000')

function describe(issue: z.core.$ZodIssue, known: readonly string[]): { path: string; message: string }[] {
  const path = issue.path.join('.')
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }]
  return issue.keys.map((key) => {
    const near = path === '' ? nearest(key, known) : null
    return {
      path: path ? `${path}.${key}` : key,
      message: near ? `is not a field here; did you mean ${near}?` : 'is not a field here',
    }
  })
}

/** The known name fewest edits away from a stray one, if it is near enough to be a slip. */
export function nearest(stray: string, known: readonly string[]): string | null {
  let best: string | null = null
  let fewest = Math.max(2, Math.floor(stray.length / 2)) + 1
  for (const name of known) {
    const edits = distance(stray.toLowerCase().slice(0, 64), name)
    if (edits < fewest) [best, fewest] = [name, edits]
  }
  return best
}

/** Levenshtein distance, the textbook two-row form. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]!
}

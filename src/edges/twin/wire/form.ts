import { ApiError } from './api-error.ts'

/** Decoded parameters: text, or a group of them. A list is a group with the keys 0, 1, 2 …; the schema decides. */
export interface Form {
  [key: string]: string | Form
}

const maxPairs = 1_000
const maxDepth = 6

/**
 * Reads a form-encoded body or query in Stripe's bracket syntax: `a=1`, `a[b][c]=1`, `a[0][b]=1`, `a[]=1`.
 * Refuses what is ambiguous instead of guessing.
 */
export function parseForm(text: string): Form {
  const form = group()
  let pairs = 0
  for (const [name, value] of new URLSearchParams(text)) {
    pairs += 1
    if (pairs > maxPairs) throw malformed(`more than ${maxPairs} parameters`)
    place(form, segments(name), value, name)
  }
  return form
}

/** The same parameters always give the same text, in whatever order they were sent. */
export function canonical(form: Form): string {
  const sorted = (value: string | Form): unknown =>
    typeof value === 'string'
      ? value
      : Object.keys(value)
          .sort()
          .map((key) => [key, sorted(value[key]!)])
  return JSON.stringify(sorted(form))
}

function segments(name: string): string[] {
  const open = name.indexOf('[')
  if (open === -1) return [name]
  const rest = name.slice(open)
  if (open === 0 || !/^(?:\[[^[\]]*\])+$/.test(rest)) throw malformed(`the name ${show(name)} has unbalanced brackets`)
  return [name.slice(0, open), ...rest.slice(1, -1).split('][')]
}

function place(form: Form, path: readonly string[], value: string, name: string): void {
  if (path.length > maxDepth) throw malformed(`the name ${show(name)} is nested too deep`)
  // Postgres cannot keep this character, and nobody means it.
  if (`${name}${value}`.includes('\0')) throw malformed(`${show(name)} holds a null character`)
  let here = form
  for (const [index, segment] of path.entries()) {
    const last = index === path.length - 1
    if (segment === '__proto__') throw malformed(`${show(name)} is not a name`)
    if (segment === '' && !last) throw malformed(`give the entries of ${show(name)} numbers: a[0][b], not a[][b]`)
    const key = segment === '' ? String(Object.keys(here).length) : segment
    const there = here[key]
    if (last) {
      if (typeof there === 'object') throw malformed(`${show(name)} is given both as text and as a group`)
      here[key] = value
    } else {
      if (typeof there === 'string') throw malformed(`${show(name)} is given both as text and as a group`)
      here = here[key] = there ?? group()
    }
  }
}

/** Without a prototype, so that a parameter called `constructor` is a parameter and nothing else. */
const group = (): Form => Object.create(null) as Form

const show = (name: string): string => `'${name.slice(0, 100)}'`

const malformed = (why: string): ApiError =>
  new ApiError(400, { type: 'invalid_request_error', message: `Invalid request: ${why}.` })

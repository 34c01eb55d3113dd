import { readFileSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'
import type { Asked, Contracts } from '../sdk/client.ts'
import { misused } from './exit.ts'

export type CheckGiven = NonNullable<Asked<Contracts['jobs']['endpoints']['run']>['checks']>[number]

/** A whole number, not negative. */
export function readCount(text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

/** The id of a job, or of another thing that a list shows whole. */
export function readId(text: string): string {
  const id = text.trim().toLowerCase()
  if (!/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(id)) {
    throw new InvalidArgumentError('It must be a whole id, as the list shows it, for a job  clawrk jobs.')
  }
  return id
}

/** Dollars as people write them, in cents: `20`, `12.50`, `$1,000`. */
export function readAmount(text: string): number {
  const match = /^\$?(\d{1,9}|\d{1,3}(?:,\d{3})+)(?:\.(\d{1,2}))?$/.exec(text.trim())
  if (!match) throw new InvalidArgumentError('It must be an amount in dollars, such as 20 or 12.50.')
  return Number(match[1]!.replaceAll(',', '')) * 100 + Number((match[2] ?? '').padEnd(2, '0'))
}

/** A price in cents; with a dollar sign, in dollars. */
export function readPrice(text: string): number {
  if (text.trim().startsWith('$')) return readAmount(text)
  if (!/^\d{1,12}$/.test(text))
    throw new InvalidArgumentError("It must be a whole number of cents (500), or dollars with their sign ('$5.00').")
  return Number(text)
}

const unitSeconds: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3_600, d: 86_400 }

/** Seconds, or a length of time such as `30m` or `2h`. */
export function readSeconds(text: string): number {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text.trim())
  if (!match) throw new InvalidArgumentError('It must be a number of seconds, or a length of time such as 30m or 2h.')
  return Number(match[1]) * unitSeconds[match[2]!]!
}

/** A number between 0 and 1. */
export function readShare(text: string): number {
  const share = Number(text)
  if (text.trim() === '' || !(share >= 0 && share <= 1))
    throw new InvalidArgumentError('It must be a number from 0 to 1.')
  return share
}

/** The same with one more word: for an option that may be repeated. */
export const another = (value: string, before: readonly string[] = []): string[] => [...before, value]

/** One more variable, as `NAME=value`; a name alone takes the value it has here. */
export function readVariable(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=')
  const name = at < 0 ? text : text.slice(0, at)
  const value = at < 0 ? process.env[name] : text.slice(at + 1)
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw new InvalidArgumentError('It must be NAME=value, the name of letters, digits and _.')
  if (value === undefined)
    throw new InvalidArgumentError(`There is no ${name} in the environment here; write ${name}=value.`)
  return { ...before, [name]: value }
}

const checkTypes = ['contains', 'not_contains', 'regex', 'min_words', 'json_schema', 'command'] as const

/** One more check, as `type:value`; `json_schema:@file` reads the schema from a file. */
export function readCheck(text: string, before: readonly CheckGiven[] = []): CheckGiven[] {
  const at = text.indexOf(':')
  const type = checkTypes.find((known) => known === text.slice(0, Math.max(0, at)).replaceAll('-', '_'))
  const value = text.slice(at + 1)
  if (!type || value === '')
    throw new InvalidArgumentError(`It must be type:value, the type one of ${checkTypes.join(', ')}.`)
  return [...before, checkOf(type, value)]
}

function checkOf(type: (typeof checkTypes)[number], value: string): CheckGiven {
  switch (type) {
    case 'min_words':
      return { type, min: readCount(value) }
    case 'json_schema':
      return { type, schema: readSchema(value) }
    case 'command':
      return { type, run: value }
    default:
      return { type, value }
  }
}

function readSchema(value: string): Record<string, unknown> {
  const text = value.startsWith('@') ? readText(value.slice(1)) : value
  try {
    const schema: unknown = JSON.parse(text)
    if (typeof schema === 'object' && schema !== null && !Array.isArray(schema))
      return schema as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('The schema must be a JSON object, or @file.')
}

/** A file, or standard input for `-`. */
export function readBytes(file: string): Buffer<ArrayBuffer> {
  try {
    return readFileSync(file === '-' ? 0 : file)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EISDIR: 'it is a folder',
      EACCES: 'you may not read it',
    }
    throw misused(`${file} cannot be read: ${reasons[code] ?? code}.`)
  }
}

/** A text file, or standard input for `-`. */
export function readText(file: string): string {
  const bytes = readBytes(file)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw misused(`${file} is not a text file (UTF-8).`)
  }
}

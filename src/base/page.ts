import { z } from 'zod'

/** A whole number in a query string or a flag: strict digits only (`Number('')` is 0, `Number('0x10')` is 16). */
export const Int = (min: number, max: number) =>
  z.preprocess(
    (value: number | string) => (typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value),
    z.int().min(min).max(max),
  )

/** Lists are pages of at most 200; the next page stands in the `Link` header. */
export const Limit = Int(1, 200).default(200).describe('How many to list, at most 200.')
export const Cursor = z
  .string()
  .max(400)
  .optional()
  .describe('Where to go on: taken from the Link header of the page before.')

/** A cursor names the last row of a page: its sort time and its id. Opaque to callers. */
export const encodeCursor = (at: string, id: string): string =>
  btoa(`${at}|${id}`).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

/** Null for a cursor that was not made here. */
export function decodeCursor(cursor: string): { at: string; id: string } | null {
  try {
    const [, at, id] = /^([^|]+)\|([^|]+)$/.exec(atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))) ?? []
    if (!at || !id || !isTimestamp(at) || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return null
    return { at, id }
  } catch {
    return null
  }
}

/**
 * What comes behind a cursor in a list that is newest first, as SQL: `at` and `id` are the places of its parts, null on the first page.
 * One text for all pages, and one that an index is entered with: by `$1 is null or …` a page far back would read all before it.
 */
export const behind = (columns: `(${string}, ${string})`, at: string, id: string): string =>
  `${columns} < (coalesce(${at}::timestamptz, 'infinity'), coalesce(${id}::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))`

/** A cursor into a list that is re-sorted under the reader: a place in it. */
export const encodePlace = (offset: number): string => btoa(`place|${offset}`).replaceAll('=', '')

/** Null for a cursor that was not made here. */
export function decodePlace(cursor: string): number | null {
  try {
    const match = /^place\|(\d{1,7})$/.exec(atob(cursor))
    return match ? Number(match[1]) : null
  } catch {
    return null
  }
}

/** Whether a text is a timestamp as Postgres writes it into JSON, and of a day that exists. */
function isTimestamp(at: string): boolean {
  const [, second] = asWritten.exec(at) ?? []
  if (!second) return false
  const read = new Date(`${second}Z`)
  return !Number.isNaN(read.getTime()) && read.toISOString().startsWith(second)
}

/** ISO 8601 UTC with milliseconds, from the text Postgres writes into JSON. */
export function iso(at: string): string
export function iso(at: string | null): string | null
export function iso(at: string | null): string | null {
  if (at === null) return null
  // A Date costs ten times as much, and an answer has up to seven of them.
  const [, second, fraction = ''] = asWritten.exec(at) ?? []
  return second === undefined ? new Date(at).toISOString() : `${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`
}

const asWritten = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00:00$/

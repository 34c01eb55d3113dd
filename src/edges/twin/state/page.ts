import { z } from 'zod'
import { noSuch } from '../wire/api-error.ts'
import { integer, text } from '../wire/params.ts'
import type { Call } from './call.ts'
import type { Kind, Kinds } from './store.ts'

/** One page of a list, as Stripe answers it. */
export interface Page<T> {
  readonly object: 'list'
  readonly data: readonly T[]
  readonly has_more: boolean
  readonly url: string
}

const second = integer(0, 99_999_999_999)

/** The parameters every list takes. */
export const pageShape = {
  limit: integer(1, 100).optional(),
  starting_after: text(255).optional(),
  ending_before: text(255).optional(),
  created: z
    .preprocess(
      (given) => (typeof given === 'string' ? { gte: given, lte: given } : given),
      z.strictObject({ gt: second.optional(), gte: second.optional(), lt: second.optional(), lte: second.optional() }),
    )
    .optional(),
}

export type PageParams = z.output<z.ZodObject<typeof pageShape>>

/** Fields a list may be narrowed by. They go into SQL as they stand here, so none comes from a request. */
export type Filters = Readonly<
  Partial<
    Record<
      | 'customer'
      | 'payment_intent'
      | 'charge'
      | 'status'
      | 'email'
      | 'source'
      | 'type'
      | 'transfer'
      | 'transfer_group'
      | 'destination'
      | 'subscription'
      | 'invoice'
      | 'lookup_key'
      | 'product',
      string | readonly string[] | undefined
    >
  >
>

/** The newest objects of a kind first; `starting_after` and `ending_before` are ids from an earlier page. */
export async function page<K extends Kind>(
  call: Call,
  kind: K,
  url: string,
  params: PageParams,
  filters: Filters = {},
): Promise<Page<Kinds[K]>> {
  const values: unknown[] = [kind]
  const bind = (value: unknown): string => `$${values.push(value)}`
  const where = ['kind = $1']
  for (const [field, wanted] of Object.entries(filters)) {
    if (wanted === undefined) continue
    // The literal equality is what the indexes are made for.
    where.push(
      typeof wanted === 'string'
        ? `body ->> '${field}' = ${bind(wanted)}`
        : `body ->> '${field}' = any(${bind(wanted)})`,
    )
  }
  for (const [name, sign] of [
    ['gt', '>'],
    ['gte', '>='],
    ['lt', '<'],
    ['lte', '<='],
  ] as const) {
    const bound = params.created?.[name]
    if (bound !== undefined) where.push(`(body ->> 'created')::bigint ${sign} ${bind(bound)}`)
  }
  const backwards = params.ending_before !== undefined && params.starting_after === undefined
  const cursor = params.starting_after ?? params.ending_before
  if (cursor !== undefined) {
    const seq = await position(call, kind, cursor, backwards ? 'ending_before' : 'starting_after')
    where.push(`seq ${backwards ? '>' : '<'} ${bind(seq)}`)
  }
  const limit = params.limit ?? 10
  const sql = `select body from stripe_twin.object where ${where.join(' and ')} order by seq ${backwards ? 'asc' : 'desc'} limit ${limit + 1}`
  const found = await call.tx.query<{ body: Kinds[K] }>(sql, values)
  const data = found.rows.slice(0, limit).map((row) => row.body)
  return { object: 'list', data: backwards ? data.reverse() : data, has_more: found.rows.length > limit, url }
}

async function position(call: Call, kind: Kind, id: string, param: string): Promise<string> {
  const sql = 'select seq::text as seq from stripe_twin.object where id = $1 and kind = $2'
  const found = await call.tx.query<{ seq: string }>(sql, [id, kind])
  const row = found.rows[0]
  if (!row) throw noSuch(kind, id, param)
  return row.seq
}

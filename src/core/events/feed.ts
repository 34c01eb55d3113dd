import type { Sql } from '../../base/db.ts'
import { iso } from '../../base/page.ts'
import type { EventKind, WireEvent } from './kind.ts'

/** Whose pages everybody may read. */
export const thePublic = '00000000-0000-0000-0000-000000000000'

export interface FeedRow {
  readonly seq: number
  readonly id: string
  readonly name: string
  readonly data: Readonly<Record<string, unknown>>
  readonly created_at: string
}

export const asWire = ({ id, seq, name, data, created_at: at }: FeedRow): WireEvent => ({
  id,
  seq,
  event: name,
  data,
  timestamp: iso(at),
})

/** How far the numbers have come, and up to where the feed has been forgotten. */
export interface Reach {
  readonly newest: number
  readonly forgotten: number
}

export async function readReach(sql: Sql): Promise<Reach> {
  const [row] = await sql.rows<Reach>(`select seq as newest, forgotten from event_sequence`)
  return row!
}

/** Whether somebody who has read up to `after` has missed something, or reads another market's numbers. */
export const hasLost = ({ newest, forgotten }: Reach, after: number): boolean => after < forgotten || after > newest

const behind = `select row_to_json(e) as row from events_of($1, $2, $3, $4) as e`

/** Of many who have each read up to a place, the numbers of those for whom something has come. */
export const whoHasNews = `select n from unnest($1::uuid[], $2::bigint[]) with ordinality as reader (person, after, n)
  where exists (select from event_page where event_page.person = reader.person and last_seq > reader.after)`

// Of each page from where on it is wanted, when those after it have been counted.
const newestPages = `select seqs[greatest(1, many - greatest(0, $2::bigint - younger) + 1)::integer] as first, many from (
  select seqs, cardinality(seqs) as many, coalesce(sum(cardinality(seqs)) over (order by last_seq desc rows between unbounded preceding and 1 preceding), 0) as younger, last_seq
  from event_page where person = $1 order by last_seq desc limit $2::bigint) as page order by last_seq desc`

export type Kinds = ReadonlyMap<string, EventKind>

export const kindsOf = (kinds: readonly EventKind[]): Kinds => new Map(kinds.map((kind) => [kind.name, kind]))

/** Somebody's own affairs behind a number, oldest first. */
export async function readOwn(sql: Sql, person: string, after: number, limit: number): Promise<WireEvent[]> {
  const rows = await sql.rows<{ row: FeedRow }>(behind, [person, after, Number.MAX_SAFE_INTEGER, limit])
  return rows.map(({ row }) => asWire(row))
}

/** The newest of somebody's own affairs, oldest first. */
export async function readNewest(sql: Sql, person: string, limit: number): Promise<WireEvent[]> {
  const pages = await sql.rows<{ first: number; many: number }>(newestPages, [person, limit])
  let [after, many] = [0, 0]
  for (const page of pages) {
    after = page.first - 1
    many += page.many
    if (many >= limit) break
  }
  const events = many === 0 ? [] : await readOwn(sql, person, after, many)
  return events.slice(-limit)
}

/** What is public, behind a number. Of an event that turns out to be nobody else's affair nothing is shown, so it is read on. */
export async function readPublic(sql: Sql, kinds: Kinds, after: number, limit: number): Promise<WireEvent[]> {
  const found: WireEvent[] = []
  for (let from = after; found.length < limit; ) {
    const rows = await readOwn(sql, thePublic, from, limit)
    for (const event of rows) {
      const data = kinds.get(event.event)?.open?.(event.data)
      if (data && found.length < limit) found.push({ ...event, data })
    }
    if (rows.length < limit) break
    from = rows.at(-1)!.seq!
  }
  return found
}

import type { Database, Sql } from '../../base/db.ts'

export interface StoredEvent<D = Record<string, unknown>> {
  readonly id: string
  readonly name: string
  readonly ref: string
  readonly data: D
  readonly created_at: string
}

const batch = 500

const nextOf = (
  table: 'event' | 'event_all',
): string => `select xid, position, case when name = any ($3) then row_to_json(e) end as event from (
    select xid, position, id, name, ref, data, created_at from ${table}
    where xid >= $1 and (xid, position) > ($1, $2) and xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    order by xid, position limit ${batch}) as e`

const next = nextOf('event')
// Whoever is new begins with the first event that is kept, in the archive; nobody else reads that.
const nextEver = nextOf('event_all')

const hold = (sql: Sql, reader: string): Promise<{ xid: number; position: number; past: boolean }[]> =>
  sql.rows(
    `select xid, position, xid <= (select newest_xid from event_archive) as past from event_reader where name = $1 for update skip locked`,
    [reader],
  )

/**
 * Hands the events that have committed since the last time to a reader, in the order of their transactions; the reader's own
 * writes and how far it has come commit together, so it sees each event exactly once. An event is handed out when every
 * transaction that began before its own has ended. Answers how many there were.
 */
export async function readEvents(
  db: Database,
  reader: string,
  names: readonly string[],
  work: (sql: Sql, events: readonly StoredEvent[]) => Promise<void>,
): Promise<number> {
  return db.transaction(async (sql) => {
    let [from] = await hold(sql, reader)
    if (!from) {
      // Another process reads, or nobody ever has.
      await sql.rows(`insert into event_reader (name) values ($1) on conflict do nothing`, [reader])
      ;[from] = await hold(sql, reader)
    }
    if (!from) return 0
    const rows = await sql.rows<{ xid: number; position: number; event: StoredEvent | null }>(
      from.past ? nextEver : next,
      [from.xid, from.position, names],
    )
    const last = rows.at(-1)
    if (!last) return 0
    const wanted = rows.flatMap(({ event }) => event ?? [])
    if (wanted.length > 0) await work(sql, wanted)
    await sql.rows(`update event_reader set xid = $2, position = $3 where name = $1`, [reader, last.xid, last.position])
    return rows.length
  })
}

import type { Movable } from '../../base/archive.ts'
import type { Database, Sql } from '../../base/db.ts'
import type { Figures } from '../../base/figures.ts'
import { iso } from '../../base/page.ts'

/** What lies in one month. */
export interface Month {
  /** As 2026-08; of when it was written. */
  readonly month: string
  readonly rows: number
  readonly bytes: number | null
}

/** Where the rows of one kind lie. */
export interface Lying {
  readonly name: Movable['name']
  /** The age at which they move; null: they stay. */
  readonly days: number | null
  readonly here: { readonly rows: number; readonly bytes: number; readonly months: readonly Month[] }
  readonly archive: { readonly rows: number; readonly bytes: number; readonly months: readonly Month[] }
  /** What may move now. */
  readonly due: number
  /** Why not everything of that age may, in sentences. */
  readonly kept: readonly string[]
  readonly moved_at: string | null
}

const sizeOf = `select coalesce(sum(pg_total_relation_size(to_regclass(name))), 0)::bigint as bytes from unnest($1::text[]) as name`

const monthsHere = (
  table: string,
): string => `select to_char(created_at at time zone 'UTC', 'YYYY-MM') as month, count(*) as rows
  from ${table} group by 1 order by 1`

// The name of a partition ends with its month.
const monthsOld = (
  table: string,
): string => `select replace(right(p.name, 7), '_', '-') as month, coalesce(counted.rows, 0) as rows, p.bytes
  from (select min(c.relname) filter (where inhparent = (($1::text[])[1])::regclass) as name, right(c.relname, 7) as own, sum(pg_total_relation_size(c.oid))::bigint as bytes
    from pg_inherits join pg_class c on c.oid = inhrelid where inhparent = any ($1::text[]::regclass[]) group by right(c.relname, 7)) as p
  left join (select tableoid::regclass::text as name, count(*) as rows from ${table} group by 1) as counted using (name) order by 1`

async function lookAt(sql: Sql, movable: Movable, days: number | null): Promise<Lying> {
  const { name, tables, archives } = movable
  const here = await sql.rows<Omit<Month, 'bytes'>>(monthsHere(tables[0]!))
  const old = await sql.rows<Month & { bytes: number }>(monthsOld(archives[0]!), [archives])
  const [size] = await sql.rows<{ bytes: number }>(sizeOf, [tables])
  const [due] = days === null ? [] : await sql.rows<{ n: number }>(movable.due, [days])
  const kept = days === null ? [] : await sql.rows<{ what: string }>(movable.kept, [days])
  const [state] = await sql.rows<{ row: { moved_at: string | null } }>(
    `select row_to_json(s) as row from (${movable.state}) as s`,
  )
  const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
  return {
    name,
    days,
    here: {
      rows: sum(here.map(({ rows }) => rows)),
      bytes: size!.bytes,
      months: here.map((month) => ({ ...month, bytes: null })),
    },
    archive: { rows: sum(old.map(({ rows }) => rows)), bytes: sum(old.map(({ bytes }) => bytes)), months: old },
    due: due?.n ?? 0,
    kept: kept.map(({ what }) => what),
    moved_at: iso(state!.row.moved_at),
  }
}

/** How far behind the movers are: as old as the oldest is that has not moved, beyond the age at which it should have. */
export function retentionFigures(
  movables: readonly Movable[],
  days: Readonly<Record<Movable['name'], number | null>>,
): Figures[] {
  const asked = movables.flatMap(({ name, behind }) => {
    const age = days[name]
    return age === null ? [] : [`select '${name}' as kind, greatest(${behind(age)}, 0)::float8 as behind`]
  })
  if (asked.length === 0) return []
  return [
    {
      query: asked.join(' union all '),
      labels: ['kind'],
      shown: {
        behind: {
          name: 'clawrk_retention_behind_seconds',
          help: 'How long ago the oldest row that is not in the archive should have moved there, whatever keeps it; 0 while it is too young. They move in the order of their making, so only the first is looked at.',
        },
      },
    },
  ]
}

/** Where everything that moves lies now, counted row by row: for an operator, not for a request. */
export const readRetention = (
  db: Pick<Database, 'overview'>,
  movables: readonly Movable[],
  days: Readonly<Record<Movable['name'], number | null>>,
): Promise<Lying[]> =>
  db.overview(async (sql) => {
    const found: Lying[] = []
    for (const movable of movables) found.push(await lookAt(sql, movable, days[movable.name]))
    return found
  })

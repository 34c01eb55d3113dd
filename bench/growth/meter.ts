import { readFileSync } from 'node:fs'
import type { Database } from '../../src/base/db.ts'
import { median } from '../measure.ts'

/** What one call cost the database. */
export interface Cost {
  /** CPU milliseconds of the backend, whatever else the machine did meanwhile. */
  readonly ms: number
  /** Pages looked at, of tables, indexes and the catalogue. */
  readonly pages: number
  /** Bytes of the write-ahead log. */
  readonly wal: number
}

/** Measures calls on a pool of one connection: what its backend spends between two moments is theirs alone. */
export interface Meter {
  /** Medians over `rounds`, each of `each` calls, after two that are not counted. `prepare` is not counted either. */
  measure(once: () => Promise<unknown>, effort: Effort): Promise<Cost>
}

export interface Effort {
  readonly rounds: number
  readonly each: number
  readonly prepare?: (() => Promise<unknown>) | undefined
}

const flush = `select pg_stat_force_next_flush()`

// The statistics of a statement are written down when its transaction has ended, and read by the next.
const read = `select (select sum(coalesce(hits, 0) + coalesce(reads, 0)) from pg_stat_get_backend_io(pg_backend_pid()) where object = 'relation')::bigint as pages,
  (select wal_bytes from pg_stat_get_backend_wal(pg_backend_pid()))::bigint as wal`

export async function openMeter(db: Database): Promise<Meter> {
  const [{ pid }] = (await db.rows<{ pid: number }>(`select pg_backend_pid() as pid`)) as [{ pid: number }]
  const cpu = (): number => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  const counters = async (): Promise<{ pages: number; wal: number }> => {
    await db.rows(flush)
    const [row] = await db.rows<{ pages: number; wal: number }>(read)
    return row!
  }
  // Reading the counters looks at pages, too: as many each time.
  for (let i = 0; i < 8; i++) await counters()
  const [first, second] = [await counters(), await counters()]
  const own = second.pages - first.pages
  return {
    async measure(once, { rounds, each, prepare }) {
      // PostgreSQL makes five plans for the values given before it may settle on one for all.
      for (let i = 0; i < 6; i++) {
        await prepare?.()
        await once()
      }
      const costs: Cost[] = []
      for (let round = 0; round < rounds; round++) {
        let [ms, pages, wal] = [0, 0, 0]
        if (prepare) {
          for (let i = 0; i < each; i++) {
            await prepare()
            const before = await counters()
            const start = cpu()
            await once()
            ms += cpu() - start
            const after = await counters()
            pages += after.pages - before.pages - own
            wal += after.wal - before.wal
          }
        } else {
          const before = await counters()
          const start = cpu()
          for (let i = 0; i < each; i++) await once()
          ms = cpu() - start
          const after = await counters()
          pages = after.pages - before.pages - own
          wal = after.wal - before.wal
        }
        costs.push({ ms: ms / each, pages: pages / each, wal: wal / each })
      }
      const of = (part: keyof Cost): number => Math.max(0, median(costs.map((cost) => cost[part])))
      return { ms: of('ms'), pages: of('pages'), wal: of('wal') }
    },
  }
}

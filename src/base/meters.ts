import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { BackupAge } from './backup/age.ts'
import type { Database, Sql } from './db.ts'
import { type Figures, showFigures } from './figures.ts'
import type { Reads } from './reads.ts'

/** What a process shows of itself at `/metrics`, whatever its role. */
export interface MeterNeeds {
  readonly db: Database
  readonly reads: Reads
  /** Those of the whole market, from every room. */
  readonly figures: readonly Figures[]
  /** Where the figures are read; the pool of `db` unless told otherwise. */
  readonly sql?: Sql
}

/** Opens the meters of a process: itself, its connections, and the figures of the market. Who does more adds to the registry. */
export function openMeters({ db, reads, figures, sql = db }: MeterNeeds): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  showPool(registry, db)
  if (reads.standing().replica) showReads(registry, reads)
  showFigures(registry, sql, figures)
  return registry
}

function showPool(registry: Registry, { pool }: Database): void {
  new Gauge({
    name: 'clawrk_database_connections',
    help: 'Connections of this process to the database, those in use and those that are free.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.set({ state: 'used' }, pool.totalCount - pool.idleCount)
      this.set({ state: 'free' }, pool.idleCount)
    },
  })
  new Gauge({
    name: 'clawrk_database_connections_most',
    help: 'As many connections this process may open (DATABASE_POOL_SIZE).',
    registers: [registry],
    collect() {
      this.set(pool.options.max)
    },
  })
  new Gauge({
    name: 'clawrk_database_waiting',
    help: 'Statements of this process that wait for a connection.',
    registers: [registry],
    collect() {
      this.set(pool.waitingCount)
    },
  })
}

/** Where a market takes backups of its own database. */
export function showBackupAge(registry: Registry, age: BackupAge): void {
  new Gauge({
    name: 'clawrk_backup_age_seconds',
    help: 'How long ago the newest good backup of this database was finished. While there is none: how long ago its log began to be archived. While this process has not seen the folder: how long ago it began. While the folder is away the last known age goes on growing.',
    registers: [registry],
    async collect() {
      this.set(await age())
    },
  })
}

/** How this process stands with the replica. */
function showReads(registry: Registry, reads: Reads): void {
  const registers = [registry]
  new Gauge({
    name: 'clawrk_replica_used',
    help: '1 while this process reads from the replica what may lag; 0 while the primary answers in its place.',
    registers,
    collect() {
      this.set(reads.standing().replica?.used ? 1 : 0)
    },
  })
  new Gauge({
    name: 'clawrk_replica_behind_seconds',
    help: 'All that was committed so long ago is known to be at the replica.',
    registers,
    collect() {
      const behindMs = reads.standing().replica?.behindMs ?? null
      if (behindMs === null) this.remove()
      else this.set(behindMs / 1000)
    },
  })
  new Counter({
    name: 'clawrk_lagging_reads_total',
    help: 'Statements of endpoints that may lag, by who answered them.',
    labelNames: ['from'],
    registers,
    collect() {
      const { answered } = reads.standing()
      this.reset()
      for (const from of ['replica', 'primary'] as const) this.inc({ from }, answered[from])
    },
  })
  new Counter({
    name: 'clawrk_replica_turned_back_total',
    help: 'Statements that the replica did not answer, so that the primary did.',
    registers,
    collect() {
      this.reset()
      this.inc(reads.standing().turnedBack)
    },
  })
}

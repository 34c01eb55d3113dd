import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type MarketFolder, marketFolder } from '../../src/base/backup/market-folder.ts'
import { type Database, openDatabase } from '../../src/base/db.ts'
import { migrate } from '../../src/base/migrate.ts'
import { switchArchiving } from '../../src/base/postgres/archiving.ts'
import { launchPostgres, type Postgres } from '../../src/base/postgres/launch.ts'
import { openShell, type Ran, type Shell } from '../cli/clawrk.ts'

export interface StageOptions {
  readonly durable?: boolean
  /** The secret lies in the data folder, as test mode makes it, and `clawrk` is not told it. */
  readonly ownSecret?: boolean
}

/** A data folder with an embedded PostgreSQL on it that archives, as `CLAWRK_BACKUP_DIR=… npm start` makes it. */
export interface BackupStage {
  readonly folder: string
  readonly market: MarketFolder
  readonly backups: string
  readonly secret: string
  readonly env: Readonly<Record<string, string>>
  readonly postgres: Postgres
  readonly db: Database
  /** `clawrk` on this machine. */
  readonly clawrk: Shell
  /** The time by the database's own clock, with a moment before and after it in which nothing is committed. */
  now(): Promise<string>
  /** A new folder to restore into. */
  elsewhere(name: string): string
  /** Asks a restored data folder. */
  on<T>(dataDir: string, work: (db: Database) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export async function openBackupStage({ durable = false, ownSecret = false }: StageOptions = {}): Promise<BackupStage> {
  const folder = mkdtempSync(join(tmpdir(), 'clawrk-backup-'))
  chmodSync(folder, 0o755)
  const market = marketFolder(join(folder, 'data'))
  const backups = join(folder, "it's 100% backups")
  const secret = 'the secret of a market that is backed up'
  switchArchiving(market.postgres, backups)
  const postgres = await launchPostgres({
    dataDir: market.postgres,
    durable,
    // What has committed is in the log's file, as a restore from a dead folder needs it; it need not be on the disk.
    settings: durable ? {} : { synchronous_commit: 'on' },
  })
  await migrate(postgres.url, { mode: 'test' })
  const db = openDatabase({ url: postgres.url, poolSize: 4 })
  if (ownSecret) writeFileSync(market.secretFile, secret, { mode: 0o600 })
  const env = {
    CLAWRK_DATA_DIR: market.dataDir,
    CLAWRK_BACKUP_DIR: backups,
    ...(ownSecret ? {} : { CLAWRK_SECRET: secret }),
  }
  return {
    folder,
    market,
    backups,
    secret,
    env,
    postgres,
    db,
    clawrk: openShell(env),
    async now() {
      const pause = (): Promise<void> => new Promise((done) => setTimeout(done, 30))
      await pause()
      const [row] = await db.rows<{ now: string }>(`select to_json(clock_timestamp()) #>> '{}' as now`)
      await pause()
      return new Date(row!.now).toISOString()
    },
    elsewhere: (name) => join(folder, name),
    async on(dataDir, work) {
      const server = await launchPostgres({ dataDir: marketFolder(dataDir).postgres, durable: false })
      const there = openDatabase({ url: server.url, poolSize: 2 })
      try {
        return await work(there)
      } finally {
        await there.close()
        await server.stop()
      }
    },
    async close() {
      if (!db.pool.ended) await db.close()
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What `clawrk restore --json` says. */
export interface Restored {
  readonly folder: string
  readonly before: string | null
  readonly last_commit: string | null
  readonly stopped_before: string | null
  readonly breaches: readonly unknown[]
  readonly chain: { readonly transfers: number; readonly unsealed: number; readonly faults: readonly string[] }
  readonly erased: readonly { readonly user_id: string; readonly affairs: readonly unknown[] }[]
  readonly events_from: number
  readonly missing_attachments: readonly string[]
  readonly provider: { readonly not_asked?: string; readonly differences?: readonly { readonly sentence: string }[] }
  readonly frozen: string | null
  readonly segments: number
  readonly steps: Steps
}

/** How long each step took. */
export type Steps = readonly { readonly step: string; readonly seconds: number }[]

/** Restores by the command line; throws what it said when it refuses. */
export async function restored(shell: (...args: string[]) => Promise<Ran>, ...args: string[]): Promise<Restored> {
  const ran = await shell('restore', ...args, '--json')
  if (ran.code !== 0) throw new Error(`restore ended with ${ran.code}:\n${ran.stdout}${ran.stderr}`)
  return ran.json<Restored & Record<string, unknown>>()
}

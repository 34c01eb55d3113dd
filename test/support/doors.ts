import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { setDefaults } from '../../src/base/door.ts'
import { templateVariable } from './database.ts'
import { type Bouncer, hasPgBouncer, launchPgBouncer } from './pgbouncer.ts'
import { hasPostgres15, launchPostgres15, launchReplica15, type Postgres15 } from './postgres-15.ts'

/** Debian's PostgreSQL 15 with PgBouncer before it and a streaming replica behind it. */
export interface Doors {
  readonly primary: Postgres15
  readonly replica: Postgres15
  readonly bouncer: Bouncer
  close(): Promise<void>
}

/** Where a market's database is behind doors, as its settings. */
export interface DoorSettings {
  readonly DATABASE_URL: string
  readonly DATABASE_DIRECT_URL: string
  readonly DATABASE_READ_URL: string
}

export const missingDoors = 'PgBouncer or PostgreSQL 15 is not here: apt-get install pgbouncer postgresql-15'

/**
 * All three, empty; null where they are not installed and cannot be. Autovacuum is off, as in the database of all tests.
 * `synchronous`: whoever commits waits until the replica shows it, so that a test may look there at once.
 */
export async function openDoors({ synchronous = false } = {}): Promise<Doors | null> {
  if (!hasPostgres15() || !hasPgBouncer()) return null
  const folder = mkdtempSync(join(tmpdir(), 'clawrk-doors-'))
  // Open to others, so that servers started by root need no right to pass closed folders.
  chmodSync(folder, 0o755)
  const settings = { autovacuum: 'off', max_connections: '300', wal_keep_size: '256MB' }
  const primary = (await launchPostgres15(folder, settings))!
  const replica = await launchReplica15(folder, primary, settings)
  if (synchronous) {
    await onDatabase(primary.url, async (client) => {
      await client.query(`alter system set synchronous_standby_names = '*'`)
      await client.query(`alter system set synchronous_commit = 'remote_apply'`)
      await client.query('select pg_reload_conf()')
    })
  }
  const bouncer = await launchPgBouncer(folder, primary.url)
  return {
    primary,
    replica,
    bouncer,
    async close() {
      await bouncer.stop()
      await Promise.all([primary.stop('SIGQUIT'), replica.stop('SIGQUIT')])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The settings of a market whose database is at `url` of the primary; its sessions behind the pooler are set up. */
export async function settingsBehind(
  url: string,
  { through, replica }: { readonly through: (url: string) => string; readonly replica: string },
): Promise<DoorSettings> {
  await onDatabase(url, async (client) => {
    await client.query('begin')
    await setDefaults(client, new URL(url).username)
    await client.query('commit')
  })
  const { host } = new URL(replica)
  return {
    DATABASE_URL: through(url),
    DATABASE_DIRECT_URL: url,
    DATABASE_READ_URL: Object.assign(new URL(url), { host }).href,
  }
}

/** The environment variables by which `npm run campaign:doors` says where pooler and replica of its database are. */
export const doorVariables = { pooler: 'CLAWRK_TEST_POOLER', replica: 'CLAWRK_TEST_REPLICA' } as const

/** The environment variable that names the file in which each market of such a run says what it has read where. */
export const readsVariable = 'CLAWRK_TEST_READS'

/** The settings of a market in a run of tests behind doors; null in any other. */
export async function settingsOfRun(url: string): Promise<DoorSettings | null> {
  const pooler = process.env[doorVariables.pooler]
  const replica = process.env[doorVariables.replica]
  // A test may bring a database of its own, elsewhere.
  if (!pooler || !replica || new URL(url).host !== new URL(process.env[templateVariable]!).host) return null
  const through = (other: string): string => Object.assign(new URL(other), { host: new URL(pooler).host }).href
  return settingsBehind(url, { through, replica })
}

/** Opens a client at `url` for as long as `work` lasts. */
export async function onDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** What went through the pooler and to the replica in a run, in words. */
export async function sumsOf({ bouncer }: Doors, readsFile: string): Promise<string> {
  const stats = await bouncer.ask('show stats')
  const sum = (column: string): number => stats.reduce((total, row) => total + Number(row[column] ?? 0), 0)
  const lines = existsSync(readsFile) ? readFileSync(readsFile, 'utf8').trim().split('\n') : []
  const reads = lines.map((line) => JSON.parse(line) as { replica: number; primary: number; turnedBack: number })
  const all = (which: 'replica' | 'primary' | 'turnedBack'): number => reads.reduce((n, read) => n + read[which], 0)
  return (
    `through PgBouncer: ${sum('total_query_count')} statements in ${sum('total_xact_count')} transactions; ` +
    `what may lag: ${all('replica')} statements from the replica, ${all('primary')} from the primary, ${all('turnedBack')} turned back`
  )
}

import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { chooseIdentity, type Identity } from '../../src/base/postgres/identity.ts'
import { runToEnd } from '../../src/base/postgres/run-to-end.ts'
import { takePort } from './ports.ts'
import { until } from './processes.ts'

const bin = '/usr/lib/postgresql/15/bin'

/** A PostgreSQL 15 of a test's own. */
export interface Postgres15 {
  readonly url: string
  readonly port: number
  /** Ends it; it can be started again. */
  stop(how?: 'SIGINT' | 'SIGQUIT'): Promise<void>
  /** Starts it again after it was stopped, at the same address. */
  start(): Promise<void>
}

/** Whether Debian's PostgreSQL 15, the oldest that the market promises to run on, is here; it is said loudly when not. */
export function hasPostgres15(): boolean {
  if (existsSync(`${bin}/postgres`)) return true
  process.stderr.write('\n!!! SKIPPED: PostgreSQL 15 is not installed (apt-get install postgresql-15)\n\n')
  return false
}

/** A PostgreSQL 15 with an empty database; null where it is not installed. */
export async function launchPostgres15(
  folder: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Postgres15 | null> {
  if (!hasPostgres15()) return null
  const cluster = join(folder, 'cluster-15')
  const password = randomBytes(12).toString('hex')
  const passwordFile = join(folder, 'password-15')
  writeFileSync(passwordFile, password, { mode: 0o644 })
  const identity = ownedCluster(folder, cluster)
  const init = [
    '-D',
    cluster,
    '-U',
    'postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--no-sync',
  ]
  await runToEnd(...identity.wrap(`${bin}/initdb`, init), folder)
  return launch(cluster, identity, password, settings)
}

/** A streaming replica of a PostgreSQL 15, made by a base backup; it follows as soon as this resolves. */
export async function launchReplica15(
  folder: string,
  primary: Postgres15,
  settings: Readonly<Record<string, string>> = {},
): Promise<Postgres15> {
  const cluster = join(folder, 'replica-15')
  const identity = ownedCluster(folder, cluster)
  const backup = ['-D', cluster, '-d', primary.url, '-R', '-X', 'stream', '--checkpoint=fast', '--no-sync']
  await runToEnd(...identity.wrap(`${bin}/pg_basebackup`, backup), folder)
  return launch(cluster, identity, new URL(primary.url).password, settings)
}

/** PostgreSQL does not run as root, so whoever it runs as owns the folder. */
function ownedCluster(folder: string, cluster: string): Identity {
  const identity = chooseIdentity(join(folder, 'none'), [cluster])
  mkdirSync(cluster, { mode: 0o700 })
  if (process.getuid?.() === 0) chownSync(cluster, identity.uid, identity.gid)
  return identity
}

async function launch(
  cluster: string,
  identity: Identity,
  password: string,
  given: Readonly<Record<string, string>>,
): Promise<Postgres15> {
  const port = await takePort()
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: `${port}`,
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: '200',
    ...given,
  }
  const [program, args] = identity.wrap(`${bin}/postgres`, [
    '-D',
    cluster,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ])
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  let server: ChildProcess
  let gone: Promise<void>
  const start = async (): Promise<void> => {
    server = spawn(program, args, { cwd: cluster, stdio: 'ignore', detached: true })
    gone = new Promise<void>((done) => server.once('exit', () => done()))
    await until('PostgreSQL 15 takes connections', () => takesConnections(url))
  }
  await start()
  return {
    url,
    port,
    start,
    async stop(how = 'SIGINT') {
      server.kill(how)
      await gone
    },
  }
}

/** Whether somebody answers there. */
export async function takesConnections(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

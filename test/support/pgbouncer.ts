import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { chooseIdentity } from '../../src/base/postgres/identity.ts'
import { installed, mayInstall } from './apt.ts'
import { takePort } from './ports.ts'
import { takesConnections } from './postgres-15.ts'
import { until } from './processes.ts'

const program = '/usr/sbin/pgbouncer'

/** A PgBouncer of a test's own, in transaction mode. */
export interface Bouncer {
  /** The same database, through it. */
  through(url: string): string
  /** Of its console. */
  ask(command: string): Promise<Record<string, unknown>[]>
  stop(how?: 'SIGINT' | 'SIGKILL'): Promise<void>
  /** Starts it again after it was stopped, at the same address. */
  start(): Promise<void>
}

/** Debian's PgBouncer, installed when it is not there and may be; whether it is here. It is said loudly when not. */
export function hasPgBouncer(): boolean {
  if (existsSync(program)) return true
  if (mayInstall() && installed('PgBouncer for the tests behind it', ['pgbouncer']) && existsSync(program)) return true
  process.stderr.write('\n!!! SKIPPED: PgBouncer is not installed (apt-get install pgbouncer)\n\n')
  return false
}

/** A PgBouncer in front of the PostgreSQL at `url`, for all its databases. */
export async function launchPgBouncer(
  folder: string,
  url: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Bouncer> {
  const { hostname, port: behind, username, password } = new URL(url)
  const port = await takePort()
  const home = join(folder, 'pgbouncer')
  mkdirSync(home, { mode: 0o755 })
  writeFileSync(join(home, 'users.txt'), `"${username}" "${password}"\n`, { mode: 0o644 })
  const lines = {
    listen_addr: '127.0.0.1',
    listen_port: `${port}`,
    unix_socket_dir: '',
    pool_mode: 'transaction',
    auth_type: 'scram-sha-256',
    auth_file: join(home, 'users.txt'),
    admin_users: username,
    max_client_conn: '1000',
    default_pool_size: '10',
    max_db_connections: '10',
    // Databases of other tests come and go here; a session that is idle is given back to the server.
    server_idle_timeout: '5',
    query_wait_timeout: '10',
    server_login_retry: '1',
    ...settings,
  }
  const text = `[databases]\n* = host=${hostname} port=${behind}\n\n[pgbouncer]\n${Object.entries(lines)
    .map(([name, value]) => `${name} = ${value}`)
    .join('\n')}\n`
  const file = join(home, 'pgbouncer.ini')
  writeFileSync(file, text, { mode: 0o644 })
  // It does not run as root either.
  const [command, args] = chooseIdentity(join(folder, 'none'), [file]).wrap(program, [file])
  const through = (other: string): string => Object.assign(new URL(other), { port: `${port}` }).href
  const console = Object.assign(new URL(through(url)), { pathname: '/pgbouncer' }).href
  let child: ChildProcess
  let gone: Promise<void>
  const start = async (): Promise<void> => {
    child = spawn(command, args, { cwd: home, stdio: 'ignore', detached: true })
    gone = new Promise<void>((done) => child.once('exit', () => done()))
    await until('PgBouncer takes connections', () => takesConnections(through(url)))
  }
  await start()
  return {
    through,
    start,
    async ask(text) {
      const client = new pg.Client({ connectionString: console })
      client.on('error', () => {})
      await client.connect()
      try {
        const { rows } = await client.query<Record<string, unknown>>(text)
        return rows
      } finally {
        await client.end()
      }
    },
    async stop(how = 'SIGINT') {
      child.kill(how)
      await gone
    },
  }
}

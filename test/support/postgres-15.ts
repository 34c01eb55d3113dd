import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { findFreePort } from '../../src/base/free-port.ts'
import { chooseIdentity } from '../../src/base/postgres/identity.ts'
import { runToEnd } from '../../src/base/postgres/run-to-end.ts'
import { until } from './processes.ts'

const bin = '/usr/lib/postgresql/15/bin'

/** Debian's PostgreSQL 15, the oldest that the market promises to run on, with an empty database; null where it is not installed. */
export async function launchPostgres15(
  folder: string,
): Promise<{ readonly url: string; stop(): Promise<void> } | null> {
  if (!existsSync(`${bin}/postgres`)) {
    process.stderr.write('\n!!! SKIPPED: PostgreSQL 15 is not installed (apt-get install postgresql-15)\n\n')
    return null
  }
  const cluster = join(folder, 'cluster-15')
  const password = randomBytes(12).toString('hex')
  const passwordFile = join(folder, 'password-15')
  writeFileSync(passwordFile, password, { mode: 0o644 })
  const identity = chooseIdentity(join(folder, 'none'), [cluster])
  mkdirSync(cluster, { mode: 0o700 })
  if (process.getuid?.() === 0) chownSync(cluster, identity.uid, identity.gid)
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
  const port = await findFreePort()
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'fsync=off',
    'max_connections=200',
  ]
  const [program, args] = identity.wrap(`${bin}/postgres`, [
    '-D',
    cluster,
    ...settings.flatMap((setting) => ['-c', setting]),
  ])
  const server: ChildProcess = spawn(program, args, { cwd: cluster, stdio: 'ignore', detached: true })
  const gone = new Promise<void>((done) => server.once('exit', () => done()))
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  await until('PostgreSQL 15 takes connections', async () => {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.end()
      return true
    } catch {
      return false
    }
  })
  return {
    url,
    async stop() {
      server.kill('SIGINT')
      await gone
    },
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { findFreePort } from '../free-port.ts'
import { archiveSettings, grantArchive, readArchiving, walFolderOf } from './archiving.ts'
import { type Binaries, findBinaries } from './binaries.ts'
import { clearStalePid, clusterUrl, findServer, makeCluster } from './cluster.ts'
import { chooseIdentity } from './identity.ts'
import { serverEnvironment } from './run-to-end.ts'

export interface LaunchOptions {
  /** Keeps the cluster, its password and the server's log. */
  readonly dataDir: string
  /** `false` gives up the safety of the disk for speed: for databases that are thrown away. */
  readonly durable?: boolean
  readonly log?: (line: string) => void
  /** Further settings of the server, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>
  /** Further paths that the server must be able to reach. */
  readonly reaches?: readonly string[]
}

export interface Postgres {
  /** Of the database `clawrk`, with its password. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Whether this process started the server, and so ends it. */
  readonly owned: boolean
  /** Ends an owned server cleanly; leaves another's alone. */
  stop(): Promise<void>
  /** Resolves when the server is gone, for whatever reason. */
  readonly exited: Promise<void>
}

const database = 'clawrk'

/**
 * A running PostgreSQL on `dataDir`: made, started, or attached to when one is running there already.
 * A server started here stops when this process does, however it ends. Call it from the main thread.
 */
export async function launchPostgres(options: LaunchOptions): Promise<Postgres> {
  const { durable = true, log = () => {} } = options
  const binaries = findBinaries()
  mkdirSync(options.dataDir, { recursive: true })
  const dataDir = realpathSync(resolve(options.dataDir))
  const cluster = join(dataDir, 'cluster')
  const archiving = readArchiving(dataDir)
  const archive = archiving && existsSync(walFolderOf(archiving)) ? [join(walFolderOf(archiving), '0')] : []
  const identity = chooseIdentity(cluster, [binaries.postgres, cluster, ...archive, ...(options.reaches ?? [])])
  if (!existsSync(join(cluster, 'PG_VERSION'))) {
    log('making a new database')
    await makeCluster({ dataDir, cluster, binaries, identity, durable })
  }
  const giveUpAt = Date.now() + 20_000
  for (;;) {
    const attached = await attach(cluster, log)
    if (attached) return attached
    await clearStalePid(cluster)
    if (archiving) grantArchive(archiving, identity)
    try {
      return await start({ options, dataDir, cluster, binaries, wrap: identity.wrap })
    } catch (error) {
      // Somebody else was faster, a killed server's children are still there, or the port was taken in between.
      if (!(error instanceof ServerEnded && error.worthAnotherTry) || Date.now() > giveUpAt) throw error
      await pause(150)
    }
  }
}

/** The server that runs on `dataDir`, started by another process; null when there is none. */
export async function findPostgres(dataDir: string): Promise<Postgres | null> {
  const cluster = join(resolve(dataDir), 'cluster')
  return existsSync(join(cluster, 'PG_VERSION')) ? attach(cluster, () => {}) : null
}

/** The server that already runs on the cluster, once it takes connections; null when there is none. */
async function attach(cluster: string, log: (line: string) => void): Promise<Postgres | null> {
  for (let server = findServer(cluster); server; server = findServer(cluster)) {
    const { pid, port, status } = server
    const url = clusterUrl(cluster, port, database)
    if (status === 'ready' && (await answers(url))) {
      log(`using the PostgreSQL that runs on port ${port}`)
      const exited = (async () => {
        while (findServer(cluster)?.pid === pid) await pause(500, true)
      })()
      return { url, port, pid, owned: false, stop: async () => {}, exited }
    }
    await pause(50)
  }
  return null
}

/** Whether the server takes us; not while it is going down, which one does whose owner was killed a moment ago. */
async function answers(url: string): Promise<boolean> {
  try {
    await makeDatabase(url)
    return true
  } catch (error) {
    if (error instanceof pg.DatabaseError && !error.code?.startsWith('57P')) throw error
    return false
  }
}

interface Start {
  readonly options: LaunchOptions
  readonly dataDir: string
  readonly cluster: string
  readonly binaries: Binaries
  readonly wrap: ReturnType<typeof chooseIdentity>['wrap']
}

async function start({ options, dataDir, cluster, binaries, wrap }: Start): Promise<Postgres> {
  const { durable = true, log = () => {} } = options
  const archiving = readArchiving(dataDir)
  const portFile = join(dataDir, 'port')
  const port = await findFreePort(existsSync(portFile) ? Number(readFileSync(portFile, 'utf8')) : undefined)
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port: `${port}`,
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Errors of statements are reported by whoever sent them; the server's log is for what concerns the server.
    log_min_messages: 'log',
    log_checkpoints: 'off',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...(archiving ? archiveSettings(archiving) : {}),
    ...options.settings,
  }
  const args = ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const logFile = join(dataDir, 'postgres.log')
  const logFd = openSync(logFile, existsSync(logFile) && statSync(logFile).size > 10_000_000 ? 'w' : 'a', 0o600)
  const logStart = statSync(logFile).size
  const [program, wrapped] = wrap(binaries.postgres, args)
  let child: ChildProcess
  try {
    // In a process group of its own: Ctrl-C in the terminal must not end it before those who still work with it.
    child = spawn(program, wrapped, {
      cwd: cluster,
      env: serverEnvironment(),
      stdio: ['ignore', logFd, logFd],
      detached: true,
    })
  } finally {
    closeSync(logFd)
  }
  let gone = false
  const exited = new Promise<void>((done) => {
    child.once('error', () => done())
    child.once('exit', () => done())
  }).then(() => {
    gone = true
  })
  const pid = child.pid ?? 0
  for (
    let server = findServer(cluster);
    !(server?.pid === pid && server.status === 'ready');
    server = findServer(cluster)
  ) {
    if (gone) throw new ServerEnded(readFileSync(logFile).subarray(logStart).toString())
    await pause(10)
  }
  writeFileSync(portFile, `${port}`)
  const url = clusterUrl(cluster, port, database)
  const stop = async (): Promise<void> => {
    // Fast, then immediate, then by force: each is safe for what was committed.
    for (const [signal, patience] of [
      ['SIGINT', 8_000],
      ['SIGQUIT', 3_000],
      ['SIGKILL', 3_000],
    ] as const) {
      if (gone) return
      child.kill(signal)
      await Promise.race([exited, pause(patience, true)])
    }
  }
  try {
    await makeDatabase(url)
  } catch (error) {
    await stop()
    throw error
  }
  log(`PostgreSQL runs on port ${port}`)
  return { url, port, pid, owned: true, stop, exited }
}

/** Makes the database of this name unless it is there. */
async function makeDatabase(url: string): Promise<void> {
  try {
    await asClient(url, async () => {})
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === '3D000')) throw error
    const place = new URL(url)
    place.pathname = '/postgres'
    try {
      await asClient(place.href, (client) => client.query(`create database ${database}`))
    } catch (failure) {
      if (!(failure instanceof pg.DatabaseError && ['42P04', '23505'].includes(failure.code ?? ''))) throw failure
    }
  }
}

async function asClient(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

class ServerEnded extends Error {
  readonly worthAnotherTry: boolean
  constructor(lastWords: string) {
    super(`PostgreSQL did not start:\n${lastWords.trim().split('\n').slice(-15).join('\n')}`)
    this.name = 'ServerEnded'
    this.worthAnotherTry =
      /lock file .* already exists|shared memory block|could not (bind|create any TCP)|is the lock file being/i.test(
        lastWords,
      )
  }
}

/** `idle`: does not keep the process alive. */
function pause(ms: number, idle = false): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms)
    if (idle) timer.unref()
  })
}

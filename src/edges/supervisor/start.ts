import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../base/config.ts'
import { isFreePort } from '../../base/free-port.ts'
import { migrateMarket } from '../../base/migrate.ts'
import { type PidLock, takePidLock } from '../../base/pid-lock.ts'
import { type KeptBackups, keepBackups, prepareBackups } from './keep-backups.ts'
import { type KeptPostgres, keepPostgres } from './keep-postgres.ts'
import { type Child, type Supervisor, supervise } from './supervise.ts'
import { chooseTwinPort, twinEnvironment } from './twin-address.ts'

const projectDir = join(import.meta.dirname, '../../..')
const marketEntry = join(projectDir, 'src/main.ts')

/** Where the embedded PostgreSQL of a market lives; any process of it may attach there by `launchPostgres`. */
export const postgresDir = (config: Pick<Config, 'dataDir'>): string => join(config.dataDir, 'pg')

/** Why a market does not start, in a sentence for the person who started it. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused'
}

export interface StartOptions {
  /** The program that is run as `entry twin`, `entry api` and `entry worker`. */
  readonly entry?: string
}

/**
 * Runs a whole market in this terminal: database, migrations, twin, API and worker; starts again what dies.
 * Resolves after SIGTERM, SIGINT or SIGHUP, when nothing it started is left. Throws a `StartRefused` when it cannot start.
 */
export async function startMarket(config: Config, { entry = marketEntry }: StartOptions = {}): Promise<void> {
  const { stopping, atOnce } = untilAsked()
  const log = (line: string): void => void process.stderr.write(`clawrk: ${line}\n`)
  // A terminal or a pipe that went away must not end the market.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const lock = await claimFolder(config, stopping)
  if (!lock) return
  stopping.addEventListener('abort', () => lock.note(stoppingNote))
  let postgres: KeptPostgres | undefined
  let backups: KeptBackups | undefined
  let supervisor: Supervisor | undefined
  try {
    await claimPort(config)
    const obstacle = prepareBackups(config, log)
    if (obstacle !== null) throw new StartRefused(obstacle)
    if (!config.databaseUrl) {
      const onMoved = (): void => supervisor?.restart()
      postgres = await keepPostgres({ dataDir: postgresDir(config), log, onMoved })
    }
    const databaseUrl = (): string => config.databaseUrl ?? postgres!.url()
    await migrateMarket({ ...config, databaseUrl: databaseUrl() })
    if (stopping.aborted) return
    const twinPort = config.stripe.secretKey === null ? await chooseTwinPort(config.dataDir) : null
    supervisor = supervise({
      children: marketChildren({ config, entry, databaseUrl, twinPort }),
      log,
      patienceMs: config.readyGraceMs + 12_000,
      output: process.stdout.isTTY ? 'prefix' : 'merge',
    })
    await Promise.race([Promise.all([supervisor.started, untilHealthy(config, stopping)]), whenAborted(stopping)])
    if (stopping.aborted) return
    backups = keepBackups(config, log)
    process.stdout.write(greeting(config))
    await whenAborted(stopping)
  } catch (error) {
    if (error instanceof StartRefused) throw error
    throw new StartRefused(error instanceof Error ? error.message : String(error), { cause: error })
  } finally {
    void whenAborted(atOnce).then(() => supervisor?.hurry())
    await Promise.all([backups?.stop(), supervisor?.stop(atOnce.aborted ? 'SIGINT' : 'SIGTERM')])
    await postgres?.stop()
    lock.release()
  }
}

interface Parts {
  readonly config: Config
  readonly entry: string
  readonly databaseUrl: () => string
  readonly twinPort: number | null
}

function marketChildren({ config, entry, databaseUrl, twinPort }: Parts): Child[] {
  const env = (): NodeJS.ProcessEnv => ({
    ...process.env,
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(projectDir, 'node_modules/.cache/node-compile'),
    PORT: `${config.port}`,
    HOST: config.host,
    APP_URL: config.appUrl,
    CLAWRK_DATA_DIR: config.dataDir,
    ...(config.backupDir === null ? {} : { CLAWRK_BACKUP_DIR: config.backupDir }),
    CLAWRK_MODE: config.mode,
    CLAWRK_SECRET: config.secret,
    DATABASE_URL: databaseUrl(),
    ...(twinPort === null ? {} : twinEnvironment(config, twinPort)),
  })
  const roles = twinPort === null ? ['api', 'worker'] : ['twin', 'api', 'worker']
  return roles.map((role) => ({
    name: role,
    command: process.execPath,
    args: [entry, role],
    env,
    // Top-ups that are under way in the API still need it.
    outlives: role === 'twin',
  }))
}

/** What the lock says while its owner is ending its children: whoever starts meanwhile waits for it. */
const stoppingNote = 'stopping'

/** One supervisor to a data folder: whoever wants more processes on it starts them by role. Null when asked to stop meanwhile. */
async function claimFolder(config: Config, stopping: AbortSignal): Promise<PidLock | null> {
  mkdirSync(config.dataDir, { recursive: true })
  const askedAt = Date.now()
  while (!stopping.aborted) {
    const claim = takePidLock(join(config.dataDir, 'supervisor.pid'), config.appUrl)
    if ('release' in claim) return claim
    // An owner that lost its own parent takes a moment to notice.
    if (Date.now() - askedAt > (claim.note === stoppingNote ? config.readyGraceMs + 20_000 : 1_000)) {
      throw new StartRefused(
        `A market already runs on ${config.dataDir}: ${claim.note} (process ${claim.pid}). ` +
          'Stop it first, or set CLAWRK_DATA_DIR and PORT to start another one.',
      )
    }
    await pause(50)
  }
  return null
}

async function claimPort(config: Config): Promise<void> {
  // The children of a supervisor that was killed a moment ago may still be on their way out.
  for (let tries = 0; !(await isFreePort(config.port, config.host)); tries++) {
    if (tries === 10) {
      throw new StartRefused(
        `Port ${config.port} of ${config.host} cannot be had: another program listens there, or the address is not this machine's. ` +
          'Set PORT to a free one: PORT=3001 npm start',
      )
    }
    await pause(100)
  }
}

async function untilHealthy(config: Config, stopping: AbortSignal): Promise<void> {
  const host =
    { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[config.host] ??
    (config.host.includes(':') ? `[${config.host}]` : config.host)
  const giveUpAt = Date.now() + 60_000
  while (!stopping.aborted) {
    try {
      const answer = await fetch(`http://${host}:${config.port}/api/health`, { signal: AbortSignal.timeout(5_000) })
      await answer.body?.cancel()
      if (answer.ok) return
    } catch {
      // Not listening yet.
    }
    if (Date.now() > giveUpAt)
      throw new StartRefused('The API did not answer within a minute. What it said stands above.')
    await pause(50)
  }
}

function greeting(config: Config): string {
  const money = config.stripe.secretKey === null ? 'play money' : 'Stripe'
  const mode = config.mode === 'test' ? `TEST MODE, ${money}` : 'live'
  return `
  clawrk is running at ${config.appUrl} — ${mode}

    API and its description    ${config.appUrl}/openapi.json
    In another terminal        node bin/clawrk.mjs --help
    Your data                  ${config.databaseUrl ? 'in your PostgreSQL' : config.dataDir}
    Backups                    ${backupsOf(config)}
    To stop                    Ctrl-C

`
}

function backupsOf({ databaseUrl, backupDir }: Config): string {
  if (databaseUrl) return 'those of your PostgreSQL'
  return backupDir ?? 'none: set CLAWRK_BACKUP_DIR'
}

interface Asked {
  /** Somebody asks this process to end, or the process that started it is gone. */
  readonly stopping: AbortSignal
  /** Nobody is left who would wait for a load balancer: Ctrl-C in the terminal, or its end. */
  readonly atOnce: AbortSignal
}

function untilAsked(): Asked {
  const [stopping, atOnce] = [new AbortController(), new AbortController()]
  const stopAtOnce = (): void => {
    atOnce.abort()
    stopping.abort()
  }
  process.on('SIGTERM', () => stopping.abort())
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, stopAtOnce)
  if (process.send) {
    process.once('disconnect', stopAtOnce)
    process.channel?.unref()
  }
  if (process.env.npm_lifecycle_event) {
    // Under `npm start`: npm passes on what it is asked, but when it is killed only the change of our parent tells.
    const npm = process.ppid
    setInterval(() => process.ppid !== npm && stopAtOnce(), 100).unref()
  }
  return { stopping: stopping.signal, atOnce: atOnce.signal }
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type WatchedDatabase, watchDatabase } from '../../demo/database.ts'
import { makeScratchFolder } from '../../demo/scratch.ts'
import { migrate } from '../../src/base/migrate.ts'
import { keepPostgres } from '../../src/edges/supervisor/keep-postgres.ts'
import { takePort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import { type RoleProcess, startRole } from '../support/roles.ts'

/** What schedulers outside show at the cron endpoint. */
export const cronSecret = 'of-the-cron-of-these-tests'

/** A market of several processes, each started by `clawrk serve --role`, on a PostgreSQL of its own, durable as in earnest. */
export interface Scene {
  readonly folder: string
  readonly databaseUrl: string
  /** Of the APIs; a process that is started again has the same. */
  readonly urls: readonly string[]
  /** Waits while PostgreSQL is away. */
  readonly db: WatchedDatabase
  /** Ends a process by kill -9 and starts it again; resolves when it is at work. */
  killRole(role: 'api' | 'worker', index: number): Promise<void>
  /** The same with the postmaster; its children end with it. Resolves when it takes connections again. */
  killPostgres(): Promise<void>
  /** What the processes have said above a warning, those that are gone included, but for what a database that is away explains, and for
   * what a comparison with the provider found while both were at work: the last one, when all is quiet, is asked by itself. */
  faults(): string[]
  stop(): Promise<void>
}

const away =
  /ECONNREFUSED|ECONNRESET|EPIPE|Connection terminated|connection timeout|timeout exceeded when trying to connect|is not queryable|the database system is|terminating connection|"code":"(57P|08)/

export async function startScene(apis: number, workers: number): Promise<Scene> {
  const folder = makeScratchFolder('clawrk-processes')
  const dataDir = join(folder, 'market')
  mkdirSync(dataDir)
  const postgresDir = join(folder, 'pg')
  let moved = false
  const postgres = await keepPostgres({
    dataDir: postgresDir,
    log: () => {},
    onMoved: () => {
      moved = true
    },
  })
  after(() => postgres.stop())
  const databaseUrl = postgres.url()
  await migrate(databaseUrl, { mode: 'test' })
  const ports = new Set<number>()
  while (ports.size < apis + 1) ports.add(await takePort())
  const [twinPort, ...apiPorts] = [...ports]
  const urls = apiPorts.map((port) => `http://127.0.0.1:${port}`)
  const env = {
    APP_URL: urls[0]!,
    CRON_SECRET: cronSecret,
    DATABASE_POOL_SIZE: '10',
    READY_GRACE_MS: '100',
    STRIPE_API_BASE: `http://127.0.0.1:${twinPort}`,
    STRIPE_TWIN_PORT: `${twinPort}`,
    STRIPE_TWIN_WEBHOOK_SECRET: 'whsec_of_these_tests',
  }
  const gone: RoleProcess[] = []
  const start = (role: 'api' | 'worker' | 'twin', port?: number): Promise<RoleProcess> =>
    startRole(role, {
      databaseUrl,
      dataDir,
      env,
      served: true,
      patienceMs: 60_000,
      ...(port === undefined ? {} : { port }),
    })
  // The twin is the world outside, and tells the first API what has happened there.
  const twin = await start('twin', apiPorts[0]!)
  const running = {
    api: await Promise.all(apiPorts.map((port) => start('api', port))),
    worker: await Promise.all(Array.from({ length: workers }, () => start('worker'))),
  }
  const db = watchDatabase(postgresDir)
  return {
    folder,
    databaseUrl,
    urls,
    db,
    async killRole(role, index) {
      const killed = running[role][index]!
      const { signal } = await killed.end('SIGKILL')
      if (signal !== 'SIGKILL') throw new Error(`The ${role} had ended before:\n${killed.said().slice(-3_000)}`)
      gone.push(killed)
      running[role][index] = await start(role, role === 'api' ? apiPorts[index] : undefined)
    },
    async killPostgres() {
      const { pid } = await until('PostgreSQL runs', () => db.server())
      process.kill(pid, 'SIGKILL')
      await until('PostgreSQL is back', () => db.server() !== null && db.server()!.pid !== pid, 30_000)
      await db.rows('select 1')
      if (moved) throw new Error('PostgreSQL came back at another port: the processes cannot find it.')
    },
    faults: () =>
      [...gone, ...running.api, ...running.worker].flatMap((one) =>
        one
          .said()
          .split('\n')
          .filter((line) => /^\{"level":(5|6)0/.test(line) && !away.test(line) && !line.includes('"difference":')),
      ),
    async stop() {
      await Promise.all([...running.api, ...running.worker].map((one) => one.end('SIGTERM')))
      await twin.end('SIGTERM')
      await db.close()
      await postgres.stop()
    },
  }
}

/** Kills one of each role every so often, in turns, and PostgreSQL at the moments named, in seconds from now. */
export async function killInTurns(
  scene: Scene,
  { every, seconds, postgresAt }: { every: number; seconds: number; postgresAt: readonly number[] },
  kills: Record<'api' | 'worker' | 'postgres', number>,
  gone: AbortSignal,
): Promise<void> {
  const start = Date.now()
  const at = (moment: number): Promise<void> => sleep(Math.max(0, start + moment * 1_000 - Date.now()))
  const roles = async (): Promise<void> => {
    for (let round = 0; (round + 0.5) * every < seconds; round++) {
      await at((round + 0.5) * every)
      // On a machine that is slow to start processes there are fewer rounds, not a longer load.
      if (gone.aborted || Date.now() - start > seconds * 1_000) return
      await Promise.all(
        (['api', 'worker'] as const).map(async (role) => {
          await scene.killRole(role, round % 2)
          kills[role]++
        }),
      )
    }
  }
  const postgres = async (): Promise<void> => {
    for (const moment of postgresAt) {
      await at(moment)
      if (gone.aborted) return
      await scene.killPostgres()
      kills.postgres++
    }
  }
  await Promise.all([roles(), postgres(), at(seconds)])
}

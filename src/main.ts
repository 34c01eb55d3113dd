import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Config, ConfigError, readConfig, refuseTwin } from './base/config.ts'
import { knock } from './base/knock.ts'
import { exitWithParent } from './base/lifeline.ts'
import { presentTracer, startTracing } from './base/tracing.ts'

enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/node-compile'))

/** The processes of a market. Without a role: all of them, under a supervisor. */
const roles: Readonly<Record<string, () => Promise<void>>> = {
  async twin() {
    refuseTwin()
    const { runTwin } = await import('./edges/twin/main.ts')
    await runTwin(process.env)
  },
  api: () => serve({ api: true, worker: false }),
  worker: () => serve({ api: false, worker: true }),
  all: () => serve({ api: true, worker: true }),
}

/** Where the market of this process is: as its settings say, or else the one that a supervisor runs on the data folder. */
async function findMarket(): Promise<{ config: Config; moved: Promise<void> }> {
  const config = readConfig()
  if (config.databaseUrl) return { config, moved: new Promise(() => {}) }
  const { joinMarket } = await import('./edges/supervisor/join.ts')
  const { env, moved } = await joinMarket(config)
  return { config: readConfig({ ...process.env, ...env }), moved }
}

/**
 * Runs the API, the background work, or both in this process until it is asked to end; then drains for at most 10 seconds. Before
 * that, SIGTERM leaves load balancers the time to see that `/api/ready` says no; SIGINT comes from a person, who waits for nothing.
 */
async function serve(role: { api: boolean; worker: boolean }): Promise<void> {
  const { config, moved } = await findMarket()
  const { refusals, warnings } = await knock(config)
  if (refusals.length > 0) throw new ConfigError(refusals)
  // After what is quickly said: loading all of the market takes a moment.
  const untraced = await startTracing(role.api ? 'clawrk-api' : 'clawrk-worker')
  const { buildApi, buildDoor, openMarket, startBackground } = await import('./market.ts')
  const { listenAtFirstFree } = await import('./edges/http/watch-door.ts')
  const market = openMarket(config, role.api ? 'api' : 'worker')
  for (const warning of untraced ? [...warnings, untraced] : warnings) market.log.warn({}, warning)
  void moved.then(() => {
    market.log.error({}, 'the database of this market has moved: start this process again')
    process.exit(1)
  })
  const terminated = new Promise<void>((resolve) => void process.on('SIGTERM', () => resolve()))
  const interrupted = new Promise<void>((resolve) => void process.on('SIGINT', () => resolve()))
  const app = role.api ? await buildApi(market) : null
  const worker = role.worker ? startBackground(market) : null
  await app?.listen({ port: config.port, host: config.host })
  const door = role.api || config.metricsPort === null ? null : buildDoor(market)
  const metricsPort = door && (await listenAtFirstFree(door, config.metricsPort!, config.host))
  if (door && metricsPort === null)
    market.log.warn({}, `nobody can watch this process: no port from ${config.metricsPort} on was free (METRICS_PORT)`)
  if (role.api && config.mode === 'live' && config.metricsToken === null)
    market.log.warn({}, 'METRICS_TOKEN is not set, so /metrics of this process is shown to nobody')
  if (role.api) market.log.info({ port: config.port }, 'listening')
  else market.log.info({ metrics_port: metricsPort }, 'working')
  await Promise.race([terminated, interrupted])
  market.leaving.abort()
  if (app) await Promise.race([pause(config.readyGraceMs), interrupted])
  const drained = Promise.all([app?.close(), worker?.stop()])
    .then(() => door?.close())
    .then(() => market.close())
    .then(() => presentTracer()?.close())
  await Promise.race([drained, pause(10_000)])
  process.exit(0)
}

async function main(role: string | undefined): Promise<void> {
  if (role === undefined) {
    const { startMarket } = await import('./edges/supervisor/start.ts')
    return startMarket(readConfig())
  }
  const run = roles[role]
  if (!run)
    throw new Error(`There is no role "${role}". Known: ${Object.keys(roles).join(', ')}; none starts them all.`)
  exitWithParent()
  await run()
}

try {
  await main(process.argv[2])
} catch (error) {
  // What a person can mend is told in a sentence; anything else with where it happened.
  const expected = error instanceof ConfigError || (error instanceof Error && error.name === 'StartRefused')
  process.stderr.write(`${expected ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  // Not left to the event loop: connections that were opened before the fault would keep a process that does nothing alive.
  process.exit(1)
}

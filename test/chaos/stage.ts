import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type Database, openDatabase } from '../../src/base/db.ts'
import { startTwin } from '../../src/edges/twin/start.ts'
import { type Printing, startRole } from '../laws/market-processes.ts'
import { cloneDatabase } from '../support/database.ts'
import { ask, type TestMarket } from '../support/market.ts'
import { takePort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import { controls } from '../twin/controls.ts'
import { type Between, openProxy } from './proxy.ts'

/** A market whose API and worker are one real process that may be killed, behind it a twin, between them a proxy. */
export interface Stage {
  readonly url: string
  readonly db: Database
  readonly proxy: Between
  /** For what other tests have: it has no process of its own. */
  readonly market: TestMarket
  /** Starts the market's process, after the end of the one before it; with a point at which it dies. */
  start(failpoint?: string): Promise<void>
  /** Kills it as a power cut would. */
  kill(): void
  /** Whether it is dead, or will be at once. */
  died(): Promise<void>
  stop(): Promise<void>
  close(): Promise<void>
}

export async function openStage(): Promise<Stage> {
  const { url: databaseUrl } = await cloneDatabase()
  const db = openDatabase({ url: databaseUrl, poolSize: 4 })
  const port = await takePort()
  const url = `http://127.0.0.1:${port}`
  const webhookSecret = 'whsec_of_the_tests'
  const twin = await startTwin({
    databaseUrl,
    port: 0,
    webhookUrl: `${url}/api/stripe/webhook`,
    webhookSecret,
    pagesBase: `${url}/twin`,
  })
  const proxy = await openProxy(twin.url)
  const settings = {
    PORT: `${port}`,
    APP_URL: url,
    DATABASE_URL: databaseUrl,
    CLAWRK_SECRET: randomBytes(32).toString('hex'),
    STRIPE_API_BASE: proxy.url,
    STRIPE_TWIN_WEBHOOK_SECRET: webhookSecret,
    LOG_LEVEL: 'fatal',
  }
  let running: Printing | null = null
  const isOver = (): boolean =>
    running === null || running.process.exitCode !== null || running.process.signalCode !== null
  const stop = async (): Promise<void> => {
    // Not asked to drain: this market is used to worse.
    if (!isOver()) {
      running!.process.kill('SIGKILL')
      await once(running!.process, 'exit')
    }
    running = null
  }
  return {
    url,
    db,
    proxy,
    market: {
      url,
      urls: [url],
      db,
      databaseUrl,
      twinUrl: twin.url,
      stripe: controls(twin.url),
    } as unknown as TestMarket,
    async start(failpoint) {
      await stop()
      // What a process has leased of the rate limits dies with it: no market loses so many in a minute.
      await db.rows('delete from request_quota')
      running = startRole('all', { ...settings, ...(failpoint ? { CLAWRK_FAILPOINT: failpoint } : {}) })
      await until('the market answers', async () => {
        if (isOver()) return true
        return ask(url, 'GET', '/api/health').then(
          ({ status }) => status === 200,
          () => false,
        )
      })
    },
    kill: () => void running?.process.kill('SIGKILL'),
    async died() {
      if (!isOver()) await once(running!.process, 'exit')
    },
    stop,
    async close() {
      await stop()
      await proxy.close()
      await twin.close()
      await db.close()
    },
  }
}

import { readConfig } from '../../../base/config.ts'
import { directDoor } from '../../../base/door.ts'
import { isFreePort } from '../../../base/free-port.ts'
import { exitWithParent } from '../../../base/lifeline.ts'
import { launchPostgres } from '../../../base/postgres/launch.ts'
import { postgresDir } from '../../supervisor/start.ts'
import { twinEnvironment } from '../../supervisor/twin-address.ts'
import { startTwin } from '../../twin/start.ts'
import { refused } from '../exit.ts'

export interface TwinOptions {
  readonly port: number
  readonly webhookUrl?: string
  readonly webhookSecret?: string
}

/** Runs the stand-in for Stripe until it is told to end. */
export async function runTwin({ port, webhookUrl, webhookSecret }: TwinOptions): Promise<void> {
  exitWithParent()
  const config = readConfig()
  if (config.mode === 'live') throw refused('live_mode', 'A live market has real money; the twin has only play money.')
  if (!(await isFreePort(port)))
    throw refused('port_taken', `Port ${port} is taken by another program.`, 'clawrk stripe-twin --port 12112')
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })
  const secret = webhookSecret ?? twinEnvironment(config, port).STRIPE_TWIN_WEBHOOK_SECRET!
  const postgres = config.databaseUrl ? null : await launchPostgres({ dataDir: postgresDir(config) })
  try {
    const twin = await startTwin({
      databaseUrl: postgres ? postgres.url : directDoor(config).url,
      port,
      webhookUrl: webhookUrl ?? `http://127.0.0.1:${config.port}/api/stripe/webhook`,
      webhookSecret: secret,
      pagesBase: `http://127.0.0.1:${port}/twin`,
      log: (line) => process.stdout.write(`${line}\n`),
    })
    process.stdout.write(`Webhook secret ${secret}\nAny key works that begins with sk_test_. Ctrl-C stops it.\n`)
    await stopped
    await twin.close()
  } finally {
    await postgres?.stop()
  }
}

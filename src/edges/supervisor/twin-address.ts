import { createHmac } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../base/config.ts'
import { findFreePort } from '../../base/free-port.ts'

const portFile = (dataDir: string): string => join(dataDir, 'twin-port')

/** The port of this market's Stripe twin: the one it had before, while that is free. */
export async function chooseTwinPort(dataDir: string): Promise<number> {
  const port = await findFreePort(knownTwinPort(dataDir))
  writeFileSync(portFile(dataDir), `${port}`)
  return port
}

/** The port at which a supervisor on this data folder runs the twin, if there ever was one. */
export function knownTwinPort(dataDir: string): number | undefined {
  return existsSync(portFile(dataDir)) ? Number(readFileSync(portFile(dataDir), 'utf8')) : undefined
}

/** What a process must know to talk to the twin, and the twin to be it. */
export function twinEnvironment(config: Pick<Config, 'secret'>, port: number): Record<string, string> {
  return {
    STRIPE_TWIN_PORT: `${port}`,
    // The same after every restart, without another file to keep.
    STRIPE_TWIN_WEBHOOK_SECRET: `whsec_${createHmac('sha256', config.secret).update('stripe twin webhook').digest('hex')}`,
    STRIPE_API_BASE: `http://127.0.0.1:${port}`,
  }
}

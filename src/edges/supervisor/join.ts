import { setTimeout as pause } from 'node:timers/promises'
import type { Config } from '../../base/config.ts'
import { findPostgres } from '../../base/postgres/launch.ts'
import { postgresDir, StartRefused } from './start.ts'
import { knownTwinPort, twinEnvironment } from './twin-address.ts'

export interface Joined {
  /** What a further process of the market must know, as its supervisor tells its own. */
  readonly env: NodeJS.ProcessEnv
  /** Resolves when the database has come back at another address: whoever has joined must join again. */
  readonly moved: Promise<void>
}

/** Joins the market that a supervisor runs on this data folder: its database and its twin. Throws a `StartRefused` when there is none. */
export async function joinMarket(config: Config): Promise<Joined> {
  const folder = postgresDir(config)
  const server = await findPostgres(folder)
  if (!server)
    throw new StartRefused(
      `No market runs on ${config.dataDir}. Start it with  clawrk serve, or say by DATABASE_URL where its database is.`,
    )
  const moved = async (): Promise<void> => {
    for (let known = server; ; ) {
      await known.exited
      let next = await findPostgres(folder)
      while (!next) {
        await pause(500, undefined, { ref: false })
        next = await findPostgres(folder)
      }
      if (next.url !== server.url) return
      known = next
    }
  }
  const twinPort = config.stripe.secretKey === null ? knownTwinPort(config.dataDir) : undefined
  return {
    env: { DATABASE_URL: server.url, ...(twinPort === undefined ? {} : twinEnvironment(config, twinPort)) },
    moved: moved(),
  }
}

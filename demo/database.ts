import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Database, isUnreachable, openDatabase, type Sql } from '../src/base/db.ts'
import { clusterUrl, findServer, type RunningServer } from '../src/base/postgres/cluster.ts'

/** Far more than a killed server needs to be back. */
const patienceMs = 60_000

/** The embedded database of a market, looked at from outside. Only for reading: what got no answer is asked again. */
export interface WatchedDatabase extends Sql, Pick<Database, 'overview'> {
  /** Its server, while one takes connections. */
  server(): RunningServer | null
  close(): Promise<void>
}

/** Whoever asks while the server is away waits until it is back, at whatever port. */
export function watchDatabase(postgresDir: string): WatchedDatabase {
  const cluster = join(realpathSync(postgresDir), 'cluster')
  let open: { readonly port: number; readonly db: Database } | null = null
  const server = (): RunningServer | null => {
    const found = findServer(cluster)
    return found?.status === 'ready' ? found : null
  }
  const current = (): Database | null => {
    const port = server()?.port
    if (port !== undefined && port !== open?.port) {
      void open?.db.close().catch(() => {})
      open = { port, db: openDatabase({ url: clusterUrl(cluster, port, 'clawrk'), poolSize: 2 }) }
    }
    return open?.db ?? null
  }
  const patiently = async <T>(look: (db: Database) => Promise<T>): Promise<T> => {
    const giveUpAt = Date.now() + patienceMs
    for (;;) {
      try {
        const db = current()
        if (db) return await look(db)
      } catch (error) {
        if (!isUnreachable(error) || Date.now() > giveUpAt) throw error
      }
      if (Date.now() > giveUpAt) throw new Error(`PostgreSQL was away for ${patienceMs / 1000} s.`)
      await sleep(50)
    }
  }
  return {
    server,
    rows: <R>(text: string, params: readonly unknown[] = []): Promise<R[]> =>
      patiently((db) => db.rows<R>(text, params)),
    overview: (work) => patiently((db) => db.overview(work)),
    async close() {
      await open?.db.close()
    },
  }
}

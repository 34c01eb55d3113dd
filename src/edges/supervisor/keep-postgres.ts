import { type LaunchOptions, launchPostgres } from '../../base/postgres/launch.ts'

export interface KeptPostgres {
  /** Where the server is now. */
  url(): string
  stop(): Promise<void>
}

export interface KeepOptions extends LaunchOptions {
  readonly log: (line: string) => void
  /** The server came back at another address, because its port was taken meanwhile. */
  readonly onMoved: () => void
}

/** A PostgreSQL that is started again whenever it dies, at the same address if that can be had. */
export async function keepPostgres(options: KeepOptions): Promise<KeptPostgres> {
  const { log, onMoved } = options
  let server = await launchPostgres(options)
  let stopping = false
  let relaunch: Promise<void> | undefined

  const watch = (): void => {
    void server.exited.then(() => {
      if (stopping) return
      log('PostgreSQL ended; starting it again')
      relaunch = startAgain()
    })
  }
  const startAgain = async (): Promise<void> => {
    for (let wait = 100; !stopping; wait = Math.min(wait * 2, 10_000)) {
      try {
        const before = server.url
        server = await launchPostgres(options)
        if (!stopping && server.url !== before) onMoved()
        watch()
        return
      } catch (error) {
        log(error instanceof Error ? error.message : String(error))
        await new Promise((done) => setTimeout(done, wait).unref())
      }
    }
  }
  watch()
  return {
    url: () => server.url,
    async stop() {
      stopping = true
      await relaunch
      await server.stop()
    },
  }
}

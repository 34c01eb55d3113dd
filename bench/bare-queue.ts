import { EventEmitter } from 'node:events'
import { type Job, Logger, makeWorkerUtils, run, type WorkerEvents } from 'graphile-worker'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { poolSize, type Stage } from './stage.ts'
import type { Variant } from './variant.ts'
import { pieceOf } from './work.ts'

/** pg-boss, one job at a time: send, fetch, complete. */
export async function pgBoss(stage: Stage, clients: number): Promise<Variant> {
  const boss = new PgBoss({
    connectionString: await stage.database(`pgboss_${clients}`),
    max: poolSize,
    schedule: false,
  })
  boss.on('error', (error) => process.stderr.write(`pg-boss: ${error.message}\n`))
  await boss.start()
  const queue = 'bench'
  await boss.createQueue(queue)
  let done = 0
  return {
    name: 'pg-boss',
    pids: [],
    async once() {
      await boss.send(queue, pieceOf(done))
      let [job] = await boss.fetch(queue)
      // Two that fetch at once may both find the same row locked.
      while (!job) [job] = await boss.fetch(queue)
      await boss.complete(queue, job.id)
      done++
    },
    settled: async () => done,
    faults: async () => [],
    close: () => boss.stop({ graceful: false }),
  }
}

/** graphile-worker, one job at a time: a client adds one and waits until it has been run and is out of the database. */
export async function graphileWorker(stage: Stage, clients: number): Promise<Variant> {
  const pgPool = new pg.Pool({ connectionString: await stage.database(`graphile_${clients}`), max: poolSize })
  pgPool.on('error', () => {})
  pgPool.on('connect', (client) => client.on('error', () => {}))
  const logger = new Logger(() => (level, message) => {
    if (level === 'error') process.stderr.write(`graphile-worker: ${message}\n`)
  })
  const utils = await makeWorkerUtils({ pgPool, logger })
  await utils.migrate()
  const events: WorkerEvents = new EventEmitter()
  const waiting = new Map<string, () => void>()
  const early = new Set<string>()
  events.on('job:complete', ({ job }) => {
    const tell = waiting.get(job.id)
    waiting.delete(job.id)
    if (tell) tell()
    else early.add(job.id)
  })
  const finished = ({ id }: Job): Promise<void> =>
    early.delete(id) ? Promise.resolve() : new Promise((resolve) => waiting.set(id, resolve))
  const runner = await run({
    pgPool,
    logger,
    events,
    // As many at once as it has clients, and never more than connections for them.
    concurrency: Math.min(clients, poolSize),
    pollInterval: 1_000,
    noHandleSignals: true,
    taskList: { bench: async () => {} },
  })
  let done = 0
  return {
    name: 'graphile-worker',
    pids: [],
    async once() {
      await finished(await utils.addJob('bench', pieceOf(done)))
      done++
    },
    settled: async () => done,
    faults: async () => [],
    async close() {
      await runner.stop()
      await utils.release()
      await pgPool.end()
    },
  }
}

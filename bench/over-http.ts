import type { Database } from '../src/base/db.ts'
import { newId } from '../src/base/ids.ts'
import { checkLaws } from '../src/core/ledger/laws.ts'
import { type Answer, type Connection, openConnection } from './connection.ts'
import { openMarketDatabase, type Stage, startProcesses } from './stage.ts'
import type { Variant } from './variant.ts'
import { outputFor, pieceOf } from './work.ts'

export interface OverHttp {
  readonly name: string
  readonly roles: readonly ('all' | 'api' | 'worker')[]
  readonly clients: number
  /** Whether every request carries an Idempotency-Key. */
  readonly keys: boolean
  /** Arguments of Node for the market's processes, such as --cpu-prof. */
  readonly nodeArgs?: readonly string[]
  /** More settings of the market's processes, once its database is there. */
  readonly settings?: (url: string) => Promise<Readonly<Record<string, string>>>
}

/** The market as its users meet it, whose clients share out its APIs: four authenticated requests a job, verification and payment in the background. */
export async function overHttp(
  stage: Stage,
  { name, roles, clients, keys, nodeArgs = [], settings }: OverHttp,
): Promise<Variant> {
  const { url, db, pairs } = await openMarketDatabase(
    stage,
    `${name.toLowerCase().replaceAll(/\W+/g, '_')}_${clients}`,
    clients,
  )
  const processes = await startProcesses(stage, url, roles, nodeArgs, await settings?.(url))
  const open = pairs.map(async ({ sender, worker }, client) => {
    const port = processes.ports[client % processes.ports.length]!
    return {
      sender: await openConnection({ port, key: sender.key }),
      worker: await openConnection({ port, key: worker.key }),
    }
  })
  const connections = await Promise.all(open)
  let posted = 0
  return {
    name,
    pids: processes.pids,
    async once(client, note) {
      const { sender, worker } = connections[client]!
      const ask = async (on: Connection, verb: string, path: string, body: string): Promise<Answer> => {
        const start = performance.now()
        const answer = await on.post(path, body, keys ? newId() : undefined)
        note(verb, performance.now() - start)
        if (answer.status >= 300) throw new Error(`${path} answered ${answer.status}: ${answer.text}`)
        return answer
      }
      const { prompt, checks } = pieceOf(posted++)
      const order = { prompt, checks, confirmed: true, price_cents: 500, time_limit_seconds: 3600 }
      await ask(sender, 'run', '/api/jobs/run', JSON.stringify(order))
      let held = await ask(worker, 'pull', '/api/jobs/pull', '{}')
      while (held.status === 204) {
        // Every job is taken for a moment, or the agent has as much unverified work as it may.
        await new Promise((resolve) => setTimeout(resolve, 2))
        held = await ask(worker, 'pull', '/api/jobs/pull', '{}')
      }
      const job = JSON.parse(held.text) as { id: string; prompt: string }
      await ask(worker, 'accept', `/api/jobs/${job.id}/accept`, '')
      await ask(worker, 'submit', `/api/jobs/${job.id}/submit`, JSON.stringify({ output: outputFor(job.prompt) }))
    },
    settled: () => untilVerified(db),
    faults: () => brokenLaws(db),
    async close() {
      for (const { sender, worker } of connections) {
        sender.close()
        worker.close()
      }
      await processes.stop()
      await db.close()
    },
  }
}

/** Waits until no job is open any more; answers how many have been verified and paid since the start. */
export async function untilVerified(db: Database): Promise<number> {
  for (const giveUpAt = Date.now() + 60_000; Date.now() < giveUpAt; ) {
    const [open] = await db.rows(`select 1 from job where ended_at is null limit 1`)
    if (!open) {
      const [ended] = await db.rows<{ paid: number; unpaid: number }>(
        `select (select count(*) from transfer where kind = 'job_settled' and leg = 1) as paid,
                (select count(*) from job where status <> 'verified') as unpaid`,
      )
      if (ended!.unpaid > 0)
        throw new Error(`${ended!.unpaid} jobs ended without being verified: the bench's work does not pass.`)
      return ended!.paid
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('Submitted work was not verified within a minute.')
}

/** Every broken law of the ledger, as a sentence; none when every cent of the bench is where it belongs. */
export const brokenLaws = async (db: Database): Promise<string[]> =>
  (await checkLaws(db)).map(({ law, where, detail }) => `${law}: ${where} (${detail})`)

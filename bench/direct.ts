import { randomUUID } from 'node:crypto'
import { Registry } from 'prom-client'
import type { Actor, Call } from '../src/base/endpoint.ts'
import { openLog } from '../src/base/log.ts'
import { openSealer } from '../src/base/seal.ts'
import { defaultScopes } from '../src/core/accounts/scope.ts'
import { jobsRoom } from '../src/desks/jobs/room.ts'
import { jobSecrets } from '../src/desks/jobs/secrets.ts'
import { skills } from '../src/desks/jobs/skills/skill.ts'
import { isFull, verifyApartMs, verifyBatch } from '../src/desks/jobs/verify.ts'
import { runLoop } from '../src/edges/worker/loop.ts'
import { measureTasks } from '../src/edges/worker/tasks.ts'
import { brokenLaws, untilVerified } from './over-http.ts'
import { openMarketDatabase, type Person, type Stage } from './stage.ts'
import type { Variant } from './variant.ts'
import { outputFor, pieceOf } from './work.ts'

/** The same statements, asked of the jobs desk's own verbs in this process: what the market costs without HTTP around it. */
export async function direct(stage: Stage, clients: number): Promise<Variant> {
  const { db, pairs } = await openMarketDatabase(stage, `direct_${clients}`, clients)
  const log = openLog('warn', 'bench')
  const { verbs } = jobsRoom({
    fee: { percent: 20, fixedCents: 50 },
    live: false,
    topupUrl: '',
    secrets: jobSecrets(openSealer('of the bench', 'job secrets')),
    sweep: async () => ({ status: 200, body: { ok: true, moved: 0 } }),
    signals: { tell() {}, on() {}, wait: async () => false, closed: false, process: 1, close: async () => {} },
    streams: { follow: async () => null },
    ownsAgent: async () => true,
    skills,
    log,
  })
  const verifying = runLoop(
    'verify',
    { name: 'verify', everyMs: 1_000, apartMs: verifyApartMs, once: async () => isFull(await verifyBatch(db, log)) },
    log,
    measureTasks(new Registry())('verify', 1_000),
  )
  // As debounced as the market's own wake-up, which goes by way of the database.
  let waking = false
  const wake = (): void => {
    if (waking) return
    waking = true
    setTimeout(() => {
      waking = false
      verifying.wake()
    }, 5)
  }
  const actors = pairs.map(({ sender, worker }) => ({ sender: actorOf(sender), worker: actorOf(worker) }))
  const callOf = (actor: Actor): Call => ({ actor, sql: db, remember: null, requestId: randomUUID(), wake })
  let posted = 0
  return {
    name: 'same SQL, direct',
    pids: [],
    async once(client) {
      const { sender, worker } = actors[client]!
      const { prompt, checks } = pieceOf(posted++)
      await verbs.run.act(callOf(sender), {
        prompt,
        checks: [...checks],
        confirmed: true,
        price_cents: 500,
        time_limit_seconds: 3600,
      })
      let job = await verbs.pull.act(callOf(worker), {})
      while (job === null) {
        await new Promise((resolve) => setTimeout(resolve, 2))
        job = await verbs.pull.act(callOf(worker), {})
      }
      await verbs.accept.act(callOf(worker), { id: job.id })
      await verbs.submit.act(callOf(worker), { id: job.id, output: outputFor(job.prompt) })
    },
    settled: () => untilVerified(db),
    faults: () => brokenLaws(db),
    async close() {
      await verifying.stop()
      await db.close()
    },
  }
}

const actorOf = ({ id, keyId }: Person): Actor => ({
  kind: 'key',
  userId: id,
  lineage: keyId,
  keyId,
  sessionId: null,
  scopes: new Set<string>(defaultScopes),
  agentId: null,
  spendLimitCents: null,
  suspended: false,
  operator: false,
})

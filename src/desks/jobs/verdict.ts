import { randomUUID } from 'node:crypto'
import { reply, type VerbOf } from '../../base/endpoint.ts'
import type { Log } from '../../base/log.ts'
import type { Signals } from '../../base/signals.ts'
import type { jobsApi } from './api.ts'
import { explain } from './explain.ts'
import { viewJob } from './job.ts'
import { spendModelCall } from './model-call.ts'
import { readJob } from './queries.ts'
import { refuseJob } from './refusals.ts'
import { verifyAsked } from './verify.ts'

/** How long the sender is kept waiting, and how often the row is looked at meanwhile, in case a signal was lost. */
const patienceMs = 55_000
const lookEveryMs = 250

/**
 * The sender of a job for credits asks for the verdict and waits for it: verified, and the worker is paid, or rejected, and the
 * credits are back. That they have asked is committed before anything is judged; should this process die, any other finishes it.
 * Whoever asks while somebody else's asking is at work gets the same verdict; there is no second one.
 */
export const verdict =
  ({ log, signals }: { log: Log; signals: Signals }): VerbOf<(typeof jobsApi)['endpoints']['verdict']> =>
  async (call, { id }) => {
    const { sql, actor } = call
    const token = call.remember?.effectId ?? randomUUID()
    // What is refused, or judged already, costs no call.
    const asked = actor.agentId === null ? null : await readJob(sql, id, actor.userId)
    if (asked?.sender === actor.userId && asked.terms === 'credits' && asked.status === 'submitted')
      await spendModelCall(call)
    const until = Date.now() + patienceMs
    for (let hasAsked = false; ; ) {
      await verifyAsked(sql, log, { id, sender: actor.userId, token }, signals)
      const row = await readJob(sql, id, actor.userId)
      hasAsked ||= row?.verdict_asked_by === token
      if (hasAsked && (row?.status === 'verified' || row?.status === 'rejected'))
        return reply(200, viewJob(row, actor.userId)!)
      const isBeingJudged =
        row?.sender === actor.userId && row.terms === 'credits' && row.status === 'submitted' && row.output_text
      if (!isBeingJudged) throw await explain(call, id, 'verify')
      hasAsked = true
      const goOn = Date.now() < until && (await signals.wait(`log:${id}`, lookEveryMs))
      if (!goOn) throw refuseJob('verdict_pending', { job_id: id, retryable: true, retry_after_seconds: 5 })
    }
  }

import { because } from '../../base/cause.ts'
import type { Log } from '../../base/log.ts'
import { inSpan } from '../../base/tracing.ts'
import type { TaskMeter } from './tasks.ts'

/** One piece of background work, done over and over. */
export interface Work {
  readonly name: string
  /** How long to wait when there was nothing to do; a little of it is random, so that processes do not march in step. */
  readonly everyMs: number
  /** How long after its last beginning it begins again at the earliest when it is woken: what comes meanwhile is done together. */
  readonly apartMs?: number
  /** Does some of it; true when there is probably more. */
  readonly once: () => Promise<boolean>
}

export interface Loop {
  /** Something has come in: do not wait. */
  wake(): void
  /** Ends after what is being done now. */
  stop(): Promise<void>
}

/**
 * Runs a piece of work until it is stopped, under the name it is woken with. An error is logged and tried again after a pause that
 * grows to half a minute.
 */
export function runLoop(task: string, work: Work, log: Log, meter: TaskMeter): Loop {
  let stopped = false
  let woken = false
  let rouse: (() => void) | null = null
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      rouse = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const run = async (): Promise<void> => {
    let failures = 0
    let turn = 0
    // What a turn logs and asks of others says which turn it was.
    const once = (): Promise<boolean> => because({ task, turn: ++turn }, () => inSpan('task', task, work.once))
    while (!stopped) {
      woken = false
      const begun = performance.now()
      let more = false
      const end = meter.begin()
      try {
        more = await once()
        failures = 0
        end('done')
      } catch (error) {
        failures++
        end('failed')
        log.error({ task, turn, work: work.name, err: error, failures }, 'background work failed; it is tried again')
      }
      if (stopped || (more && failures === 0)) continue
      if (!woken || failures > 0) {
        await pause(failures > 0 ? Math.min(30_000, 250 * 2 ** failures) : work.everyMs * (0.9 + Math.random() * 0.2))
      }
      rouse = null
      const early = (work.apartMs ?? 0) - (performance.now() - begun)
      if (early > 0 && !stopped) await new Promise((resolve) => setTimeout(resolve, early))
    }
  }
  const ended = run()
  return {
    wake() {
      woken = true
      rouse?.()
    },
    async stop() {
      stopped = true
      rouse?.()
      await ended
    },
  }
}

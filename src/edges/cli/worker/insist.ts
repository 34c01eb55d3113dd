import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClawrkError, type SendOptions } from '../../sdk/client.ts'

export interface Insistence {
  /** When to stop trying, in milliseconds since 1970; never without it. */
  readonly until?: number
  readonly signal?: AbortSignal
  /** Hears of each pause. */
  readonly onAway?: (error: ClawrkError, seconds: number) => void
}

const longestPause = 30

/** Whether the market may well do it a little later: it is not there, restarts, is busy, or asks to be asked less often. */
export const isPassing = (error: unknown): error is ClawrkError =>
  error instanceof ClawrkError &&
  (error.status === 0 || error.status >= 500 || error.status === 429 || error.code === 'idempotency_twin_running')

/**
 * Asks the market until it answers, across restarts and lost connections, ever less often. Every try has the same Idempotency-Key,
 * so what was done although its answer was lost is not done again. Refusals, and the last error in the end, are thrown.
 */
export async function insist<T>(
  ask: (options: SendOptions) => Promise<T>,
  { until = Number.POSITIVE_INFINITY, signal, onAway }: Insistence = {},
): Promise<T> {
  const options: SendOptions = { idempotencyKey: randomUUID(), ...(signal ? { signal } : {}) }
  for (let tries = 0; ; tries++) {
    try {
      return await ask(options)
    } catch (error) {
      if (!isPassing(error)) throw error
      const own = Math.min(longestPause, 2 ** Math.min(tries, 6)) * (0.5 + Math.random() / 2)
      const seconds = Math.max(own, error.detail.retry_after_seconds ?? 0)
      if (Date.now() + seconds * 1000 > until) throw error
      onAway?.(error, seconds)
      await sleep(seconds * 1000, undefined, signal ? { signal } : {})
    }
  }
}

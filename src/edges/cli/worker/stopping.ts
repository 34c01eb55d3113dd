/** The two ways in which whoever started a worker asks it to end. */
export interface Stopping {
  /** No further job; the one in hand is finished. */
  readonly leaving: AbortSignal
  /** The one in hand is given up, too. */
  readonly givingUp: AbortSignal
  /** Leaves signals to their own effect again. */
  release(): void
}

/**
 * Ctrl-C (or SIGTERM) once: leave after the job in hand, at the latest after `graceSeconds`. Twice: give it up. A third time ends
 * the process at once, and what it has started with it.
 */
export function listenForStop(graceSeconds: number | undefined, tell: (text: string) => void): Stopping {
  const leaving = new AbortController()
  const givingUp = new AbortController()
  let grace: NodeJS.Timeout | undefined
  const hear = (): void => {
    if (givingUp.signal.aborted) process.exit(130)
    if (leaving.signal.aborted) {
      givingUp.abort()
      return
    }
    tell('Stopping after the job in hand; Ctrl-C again gives it up.')
    if (graceSeconds !== undefined) {
      grace = setTimeout(() => givingUp.abort(), graceSeconds * 1000)
      grace.unref()
    }
    leaving.abort()
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.on(signal, hear)
  return {
    leaving: leaving.signal,
    givingUp: givingUp.signal,
    release() {
      clearTimeout(grace)
      for (const signal of signals) process.removeListener(signal, hear)
    },
  }
}

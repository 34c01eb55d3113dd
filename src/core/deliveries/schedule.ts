const [minute, hour] = [60, 3_600]

/** How long before each try, counted from the one before, in seconds: some 76 hours in all. */
export const schedule: readonly number[] = [
  0,
  5,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
]

/** The longest a receiver may ask us to wait. */
const longestWait = 24 * hour

/**
 * Seconds until the next try after so many; null when that was the last. A tenth of it is chance, so that those who failed together do
 * not come back together; never sooner than the receiver asked.
 */
export function nextTry(tries: number, retryAfter: number, chance: number): number | null {
  const planned = schedule[tries]
  return planned === undefined ? null : Math.max(planned * (1 + 0.1 * chance), retryAfter)
}

/** The seconds that a receiver asks for, by a number or a date; 0 when it does not ask or asks for nonsense. */
export function readRetryAfter(value: string | string[] | undefined, now: number): number {
  if (typeof value !== 'string') return 0
  const seconds = /^\s*\d{1,9}\s*$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000
  return Number.isFinite(seconds) ? Math.min(Math.max(0, Math.ceil(seconds)), longestWait) : 0
}

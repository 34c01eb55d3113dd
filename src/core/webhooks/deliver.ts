import type { Database } from '../../base/db.ts'
import { failpoint } from '../../base/failpoint.ts'
import { newId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'
import { bookDelivered, bookFailed } from './book.ts'
import { nextTry } from './schedule.ts'
import { putBack, renew, renewEveryMs, runMost, type Taken, takeDue } from './take.ts'
import type { Way } from './way.ts'

/** Webhooks that this process is busy with at most, and how many of them may be such as fail, are slow, or were never heard of. */
const busyMost = 200
const riskyMost = 100

/** After so long a run ends, and what is left of it waits its turn again. */
const runMs = 30_000

export interface Deliverer {
  /** Takes what is due and begins to send it; says whether there may be more. */
  once(): Promise<boolean>
  /** Breaks off what is under way; it is due again at once. */
  stop(): Promise<void>
}

export interface DelivererNeeds {
  readonly db: Database
  readonly way: Way
  readonly log: Log
  /** There is room for more. */
  readonly onRoom: () => void
}

/**
 * Sends what webhooks are to be told. Each has a run of its own, one after the other and in order; who is slow or fails gets one at a
 * time and shares half of the room with others like it, so that nobody else waits for them.
 */
export function openDeliverer({ db, way, log, onRoom }: DelivererNeeds): Deliverer {
  const runs = new Map<string, { isRisky: boolean; ended: Promise<void> }>()
  const slow = new Set<string>()
  const stopping = new AbortController()
  const held = new Map<string, string>()
  const renewing = setInterval(() => {
    if (held.size > 0)
      renew(db, held).catch((error: unknown) => log.warn({ err: error }, 'leases of deliveries could not be renewed'))
  }, renewEveryMs)

  /** Whether it was delivered; null when we broke it off ourselves. */
  const send = async (one: Taken, token: string): Promise<boolean | null> => {
    const begun = performance.now()
    const sent = await way(one, stopping.signal)
    if (!sent) return null
    if (sent.isSlow) slow.add(one.webhook)
    else slow.delete(one.webhook)
    const { url } = one
    const outcome = { ...sent, url, durationMs: Math.round(performance.now() - begun) }
    if (sent.isDelivered) {
      await bookDelivered(db, token, one.id, outcome)
      failpoint('webhook', 'after_booking')
    } else {
      const again = one.event ? nextTry(one.tries + 1, sent.retryAfterSeconds, Math.random()) : null
      await bookFailed(db, token, one.id, outcome, again)
    }
    return sent.isDelivered
  }

  /** One after the other; four at a time when so much waits that speed is worth more than order. */
  const run = async (deliveries: readonly Taken[], token: string): Promise<void> => {
    const left = [...deliveries]
    for (const { id } of deliveries) held.set(id, token)
    const returned: Taken[] = []
    const begun = performance.now()
    const lane = async (): Promise<void> => {
      for (let one = left.shift(); one; one = left.shift()) {
        let isDelivered: boolean | null = null
        try {
          isDelivered = await send(one, token)
        } finally {
          held.delete(one.id)
          if (isDelivered === null) returned.push(one)
          // What comes behind one that failed waits for the next run, which tries it gently.
          if (!isDelivered || performance.now() - begun > runMs) returned.push(...left.splice(0))
        }
      }
    }
    const lanes = deliveries.length >= runMost ? 4 : 1
    const ends = await Promise.allSettled(Array.from({ length: lanes }, lane))
    for (const { id } of returned) held.delete(id)
    if (returned.length > 0)
      await putBack(
        db,
        token,
        returned.map(({ id }) => id),
      )
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  const begin = (webhook: string, deliveries: readonly Taken[], token: string): void => {
    const ended = run(deliveries, token)
      .catch((error: unknown) => log.error({ err: error, webhook }, 'a delivery could not be booked; it is sent again'))
      .then(() => {
        runs.delete(webhook)
        if (!stopping.signal.aborted) onRoom()
      })
    runs.set(webhook, { isRisky: deliveries[0]!.isRisky, ended })
  }

  return {
    async once() {
      const risky = [...runs.values()].filter(({ isRisky }) => isRisky).length
      const room = busyMost - runs.size
      if (room <= 0 || stopping.signal.aborted) return false
      if (slow.size > 10_000) slow.clear()
      const token = newId()
      const taken = await takeDue(db, token, {
        busy: [...runs.keys()],
        slow: [...slow],
        risky: Math.min(riskyMost - risky, room),
        healthy: Math.min(busyMost - riskyMost, room),
      })
      for (const [webhook, deliveries] of Map.groupBy(taken, (one) => one.webhook)) begin(webhook, deliveries, token)
      return taken.length > 0
    },
    async stop() {
      stopping.abort()
      await Promise.all([...runs.values()].map(({ ended }) => ended))
      clearInterval(renewing)
    },
  }
}

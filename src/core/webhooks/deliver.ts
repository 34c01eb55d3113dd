import type { Database } from '../../base/db.ts'
import { type Egress, EgressError } from '../../base/egress/egress.ts'
import { failpoint } from '../../base/failpoint.ts'
import { newId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'
import type { Sealer } from '../../base/seal.ts'
import { bookDelivered, bookFailed, type Outcome } from './book.ts'
import { nextTry, readRetryAfter } from './schedule.ts'
import { sealedFor } from './secret.ts'
import { signatures } from './sign.ts'
import { putBack, renew, renewEveryMs, runMost, type Taken, takeDue } from './take.ts'

/** Webhooks that this process is busy with at most, and how many of them may be such as fail, are slow, or were never heard of. */
const busyMost = 200
const riskyMost = 100

/** Who takes longer than this to answer is slow. */
const slowMs = 2_000

/** After so long a run ends, and what is left of it waits its turn again. */
const runMs = 30_000

/** How much of an answer is kept in the log. */
const excerpt = 1_000

export interface Deliverer {
  /** Takes what is due and begins to send it; says whether there may be more. */
  once(): Promise<boolean>
  /** Breaks off what is under way; it is due again at once. */
  stop(): Promise<void>
}

export interface DelivererNeeds {
  readonly db: Database
  readonly egress: Egress
  readonly sealer: Sealer
  readonly log: Log
  /** There is room for more. */
  readonly onRoom: () => void
}

/**
 * Sends what webhooks are to be told. Each has a run of its own, one after the other and in order; who is slow or fails gets one at a
 * time and shares half of the room with others like it, so that nobody else waits for them.
 */
export function openDeliverer({ db, egress, sealer, log, onRoom }: DelivererNeeds): Deliverer {
  const runs = new Map<string, { isRisky: boolean; ended: Promise<void> }>()
  const slow = new Set<string>()
  const stopping = new AbortController()
  const held = new Map<string, string>()
  const renewing = setInterval(() => {
    if (held.size > 0)
      renew(db, held).catch((error: unknown) => log.warn({ err: error }, 'leases of deliveries could not be renewed'))
  }, renewEveryMs)

  const secretsOf = (one: Taken): readonly [string, string?] => {
    const open = (hex: string): string => sealer.open(Buffer.from(hex, 'hex'), sealedFor(one.webhook))
    return one.secretBefore === null ? [open(one.secret)] : [open(one.secret), open(one.secretBefore)]
  }

  /** Whether it was delivered; null when we broke it off ourselves. */
  const send = async (one: Taken, token: string): Promise<boolean | null> => {
    const begun = performance.now()
    const took = (): number => Math.round(performance.now() - begun)
    const missed = (error: string, status: number | null = null): Outcome => ({
      url: one.url,
      status,
      error,
      durationMs: took(),
      response: null,
    })
    if (!one.event) {
      await bookFailed(db, token, one.id, missed('The event is older than 30 days.'), null, 0)
      return false
    }
    const body = JSON.stringify(one.event)
    failpoint('webhook', 'before_call')
    try {
      const answer = await egress.send({
        url: one.url,
        body,
        headers: {
          'content-type': 'application/json',
          ...signatures(secretsOf(one), one.event.id, body, Date.now()),
        },
        signal: stopping.signal,
      })
      failpoint('webhook', 'before_booking')
      const isSlow = took() > slowMs
      if (isSlow) slow.add(one.webhook)
      else slow.delete(one.webhook)
      const { status } = answer
      const response = printable(answer.body)
      if (status >= 200 && status < 300) {
        await bookDelivered(db, token, one.id, { ...missed('', status), error: null, response })
        failpoint('webhook', 'after_booking')
        return true
      }
      const asked = readRetryAfter(answer.headers['retry-after'], Date.now())
      const error = status >= 300 && status < 400 ? 'Redirects are not followed.' : `It answered ${status}.`
      const outcome = { ...missed(error, status), response }
      // Who asks for a pause gets it for everything, not for this one only.
      const hold = status === 429 || status === 503 ? asked : 0
      await bookFailed(db, token, one.id, outcome, nextTry(one.tries + 1, asked, Math.random()), hold)
      return false
    } catch (error) {
      if (!(error instanceof EgressError)) throw error
      if (stopping.signal.aborted) return null
      if (error.fault === 'timeout') slow.add(one.webhook)
      await bookFailed(db, token, one.id, missed(error.message), nextTry(one.tries + 1, 0, Math.random()), 0)
      return false
    }
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

/** The beginning of an answer as text that PostgreSQL can hold. */
const printable = (body: Buffer): string =>
  body
    .subarray(0, excerpt * 4)
    .toString('utf8')
    .replaceAll('\0', '')
    .slice(0, excerpt)
    .toWellFormed()

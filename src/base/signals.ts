import { randomInt } from 'node:crypto'
import pg from 'pg'
import type { Sql } from './db.ts'
import type { Log } from './log.ts'
import { processLock } from './seats.ts'

const channel = 'clawrk_signals'

/** Between two notifies of a process: each is a commit that waits for its turn. */
const apartMs = 25

export interface WaitOptions {
  /** Ends the wait when it aborts. */
  readonly signal?: AbortSignal
  /** How many of those who wait for a topic one telling rouses, longest waiting first; all without it. */
  readonly most?: number
}

/**
 * Tells every process of the market that something has come in: work, a line of a log, an open job. Only ever a hint: a telling
 * that is lost costs whoever waits the time to their next look, nothing else.
 */
export interface Signals {
  /** After commit, please. Sent soon, but 25 ms apart, in a statement of its own: a notify inside the hot statements halves them. */
  tell(topic: string): void
  /** Calls back for every topic told, by any process. */
  on(listener: (topic: string) => void): void
  /** Resolves when the topic is told, the time is over, the signal aborts or the process stops; says whether to go on. */
  wait(topic: string, ms: number, options?: WaitOptions): Promise<boolean>
  readonly closed: boolean
  /** The number of this process among all that listen; the session that listens holds its lock. */
  readonly process: number
  close(): Promise<void>
}

interface Waiting {
  readonly most: number
  readonly rouse: () => void
}

/** `url` must not go through a transaction pooler: listening belongs to a session. */
export function openSignals(sql: Sql, url: string, log: Log): Signals {
  const listeners: ((topic: string) => void)[] = []
  const waiting = new Map<string, Set<Waiting>>()
  let pending: Set<string> | null = null
  let sentAt = 0
  let closed = false
  const process = randomInt(1, 2 ** 31 - 1)

  const hear = (topic: string): void => {
    for (const listener of listeners) listener(topic)
    let roused = 0
    for (const waiter of waiting.get(topic) ?? []) {
      if (roused++ >= waiter.most) break
      waiter.rouse()
    }
  }
  const send = async (): Promise<void> => {
    const topics = [...pending!]
    pending = null
    sentAt = performance.now()
    // Payloads hold 8,000 bytes; topics are short.
    for (let start = 0; start < topics.length; start += 100) {
      await sql.rows(`select pg_notify('${channel}', $1)`, [topics.slice(start, start + 100).join(' ')])
    }
  }
  const rouseAll = (): void => {
    for (const waiters of [...waiting.values()]) for (const waiter of [...waiters]) waiter.rouse()
  }
  // What was told while nobody listened is lost, so whoever waits looks for themselves when we listen again.
  const session = listen(url, process, (payload) => payload.split(' ').forEach(hear), rouseAll, log)

  return {
    tell(topic) {
      if (pending) {
        pending.add(topic)
        return
      }
      pending = new Set([topic])
      setTimeout(
        () => {
          send().catch((error: unknown) => log.warn({ err: error }, 'a signal could not be sent'))
        },
        Math.max(2, sentAt + apartMs - performance.now()),
      )
    },
    on: (listener) => void listeners.push(listener),
    wait(topic, ms, { signal, most = Number.POSITIVE_INFINITY } = {}) {
      return new Promise((resolve) => {
        if (closed || signal?.aborted) return resolve(false)
        const end = (): void => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', end)
          const others = waiting.get(topic)
          others?.delete(waiter)
          if (others?.size === 0) waiting.delete(topic)
          resolve(!closed && !signal?.aborted)
        }
        const waiter: Waiting = { most, rouse: end }
        const timer = setTimeout(end, ms)
        signal?.addEventListener('abort', end)
        const others = waiting.get(topic) ?? new Set()
        waiting.set(topic, others.add(waiter))
      })
    },
    process,
    get closed() {
      return closed
    },
    async close() {
      closed = true
      rouseAll()
      await session.close()
    },
  }
}

/** Hears the channel on a connection of its own, which holds the lock of its process and is made again when it breaks. */
function listen(
  url: string,
  process: number,
  onPayload: (payload: string) => void,
  onListening: () => void,
  log: Log,
): { close(): Promise<void> } {
  let closed = false
  let client: pg.Client | null = null
  let rouse = (): void => {}
  const connect = async (): Promise<void> => {
    while (!closed) {
      const next = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
      const broken = new Promise<void>((resolve) => {
        next.on('error', () => resolve())
        next.on('end', () => resolve())
      })
      next.on('notification', ({ payload }) => payload && onPayload(payload))
      try {
        await next.connect()
        // Shared: the session before it may not be known to be dead yet.
        await next.query('select pg_advisory_lock_shared($1::integer, $2::integer)', [processLock, process])
        await next.query(`listen ${channel}`)
        client = next
        onListening()
        if (closed) await next.end()
        await broken
      } catch (error) {
        log.debug({ err: error }, 'the listening connection could not be made; trying again')
      }
      client = null
      await next.end().catch(() => {})
      if (closed) return
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500)
        rouse = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  const ended = connect()
  return {
    async close() {
      closed = true
      rouse()
      await client?.end().catch(() => {})
      await ended
    },
  }
}

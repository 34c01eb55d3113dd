import type { Sql } from './db.ts'
import type { Call } from './endpoint.ts'
import type { Signals } from './signals.ts'
import { inRounds, type Seat } from './stream-rounds.ts'

/** Streams of server-sent events that one person may keep open at one process. */
export const streamsMax = 20

const open = new Map<string, number>()

/** Whether somebody has as many streams open as they may. */
export const hasAllStreams = (user: string): boolean => (open.get(user) ?? 0) >= streamsMax

/** One server-sent event. Without an id, whoever comes again comes with the one before. */
export const block = (event: string, data: unknown, id?: number): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

/** What there is to send now; `over` when nothing can follow. */
export interface Look {
  readonly blocks: readonly string[]
  readonly over?: boolean
}

/** What a stream tells of. */
export interface Source {
  readonly sql: Sql
  /** What is told when there may be something new. */
  readonly topic: string
  /** What has come since the last look. */
  readonly look: () => Promise<Look>
  /**
   * Which of many streams of this kind have something new, in case that was told in vain: of `$1::uuid[]`, whose affairs each tells
   * of, and `$2::bigint[]`, how far each has come, it selects the number `n` of those, from 1.
   */
  readonly news: string
  readonly of: string
  readonly after: () => number
}

/** How a stream is sent, whatever it tells of. */
export const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
} as const

/** Told by topic; this is only how long one wait may last. */
const waitMs = 3_600_000

/**
 * A stream of server-sent events: looks for what is new whenever its topic is told, and when a round of all streams of this process
 * finds that there is something. It ends when there can be nothing more, when the reader has gone, when its credential is dead, and
 * with the process; a reader who wants more comes again.
 */
export async function* follow(call: Call, signals: Signals, source: Source): AsyncGenerator<string> {
  const signal = call.gone?.()
  const user = call.actor.userId
  open.set(user, (open.get(user) ?? 0) + 1)
  let rouse = (): void => {}
  const seat: Seat = {
    source,
    isWelcome: async () => call.stillWelcome === undefined || (await call.stillWelcome(true)),
    sentAt: Date.now(),
    told: true,
    quiet: false,
    ended: null,
    rouse: () => rouse(),
  }
  const leave = inRounds(signals, seat)
  let caughtUp = false
  let listening = false
  // Asked for before each look: what is told while it looks is not lost.
  const listen = (): void => {
    if (listening) return
    listening = true
    void signals.wait(source.topic, waitMs, signal ? { signal } : {}).then((goOn) => {
      listening = false
      seat.told = true
      if (!goOn) seat.ended ??= signal?.aborted ? 'gone' : 'stopping'
      seat.rouse()
    })
  }
  try {
    yield 'retry: 2000\n\n'
    for (;;) {
      listen()
      if (seat.ended) {
        if (seat.ended === 'stopping') yield 'retry: 1000\n\n'
        return
      }
      if (seat.told) {
        seat.told = false
        const { blocks, over } = await source.look()
        if (blocks.length > 0) {
          seat.sentAt = Date.now()
          // There may be more than one look brings.
          seat.told = true
        } else if (!caughtUp) {
          // Whoever has come again sees that this was all.
          caughtUp = true
          seat.quiet = true
        }
        yield* blocks
        if (over) return
      } else if (seat.quiet) {
        seat.quiet = false
        seat.sentAt = Date.now()
        yield ': nothing new\n\n'
      } else {
        await new Promise<void>((resolve) => {
          rouse = resolve
        })
        rouse = () => {}
      }
    }
  } finally {
    leave()
    const left = (open.get(user) ?? 1) - 1
    if (left > 0) open.set(user, left)
    else open.delete(user)
  }
}

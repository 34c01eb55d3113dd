import type { Database, Sql } from './db.ts'
import type { Call } from './endpoint.ts'
import { openSeats } from './seats.ts'
import type { Signals } from './signals.ts'
import { inRounds, type Seat } from './stream-rounds.ts'

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

/** Opens streams for people, as many as each may have at all processes together. */
export interface Streams {
  /** Null: this person has as many streams open as they may. */
  follow(call: Call, source: Source): Promise<AsyncIterable<string> | null>
}

export function openStreams(db: Database, signals: Signals): Streams {
  const seats = openSeats(db, signals.process)
  return {
    async follow(call, source) {
      const { userId } = call.actor
      const signal = call.gone?.()
      if (!(await seats.take(userId))) return null
      let isTaken = true
      const giveBack = (): void => {
        if (isTaken) seats.giveBack(userId)
        isTaken = false
      }
      // Nobody reads what is answered to somebody who has gone meanwhile.
      if (signal?.aborted) giveBack()
      else signal?.addEventListener('abort', giveBack)
      return follow(call, signals, source, giveBack)
    },
  }
}

/** Told by topic; this is only how long one wait may last. */
const waitMs = 3_600_000

/**
 * A stream of server-sent events: looks for what is new whenever its topic is told, and when a round of all streams of this process
 * finds that there is something. It ends when there can be nothing more, when the reader has gone, when its credential is dead, and
 * with the process; a reader who wants more comes again.
 */
async function* follow(call: Call, signals: Signals, source: Source, onEnd: () => void): AsyncGenerator<string> {
  const signal = call.gone?.()
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
    onEnd()
  }
}

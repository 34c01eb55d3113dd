import type { Database } from './db.ts'
import type { Call } from './endpoint.ts'
import { openSeats } from './seats.ts'
import type { Signals } from './signals.ts'

/** How often a stream looks by itself, in case a signal was lost, and shows that it lives. */
const lookEveryMs = 10_000
/** How often a stream asks whether its credential is still good: a dead one is noticed within 5 s. */
const checkEveryMs = 4_000

/** One server-sent event. Without an id, whoever comes again comes with the one before. */
export const block = (event: string, data: unknown, id?: number): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

/** What there is to send now; `over` when nothing can follow. */
export interface Look {
  readonly blocks: readonly string[]
  readonly over?: boolean
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
  follow(call: Call, topic: string, look: () => Promise<Look>): Promise<AsyncIterable<string> | null>
}

export function openStreams(db: Database, signals: Signals): Streams {
  const seats = openSeats(db, signals.process)
  return {
    async follow(call, topic, look) {
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
      return follow(call, signals, topic, look, giveBack)
    },
  }
}

/**
 * A stream of server-sent events: looks for what is new whenever `topic` is told, and now and then without. It ends when there can be
 * nothing more, when the reader has gone, when its credential is dead, and with the process; a reader who wants more comes again.
 */
async function* follow(
  { gone, stillWelcome }: Call,
  signals: Signals,
  topic: string,
  look: () => Promise<Look>,
  onEnd: () => void,
): AsyncGenerator<string> {
  const signal = gone?.()
  let looked = 0
  let checked = Date.now()
  let told = true
  // Asked for before each look: what is told while it looks is not lost.
  const listen = (): Promise<boolean> => {
    const from = Date.now()
    return signals.wait(topic, checkEveryMs, signal ? { signal } : {}).then((goOn) => {
      told = Date.now() - from < checkEveryMs - 50
      return goOn
    })
  }
  let next: Promise<boolean> | null = null
  try {
    yield 'retry: 2000\n\n'
    for (;;) {
      const isDue = told || Date.now() - looked >= lookEveryMs
      told = false
      next ??= listen()
      if (isDue) {
        const { blocks, over } = await look()
        looked = Date.now()
        yield* blocks
        if (over) return
        if (blocks.length > 0) {
          told = true
          if (await isWelcome()) continue
          return
        }
        yield ': nothing new\n\n'
      }
      const goOn = await next
      next = null
      if (!goOn) {
        if (!signal?.aborted) yield 'retry: 1000\n\n'
        return
      }
      if (!(await isWelcome())) return
    }
  } finally {
    onEnd()
  }

  async function isWelcome(): Promise<boolean> {
    if (Date.now() - checked < checkEveryMs) return true
    checked = Date.now()
    return stillWelcome === undefined || (await stillWelcome())
  }
}

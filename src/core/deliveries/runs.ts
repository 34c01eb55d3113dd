import { newId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'

/** Receivers that a process is busy with at most, and how many of them may be such as fail, are slow, or were never heard of. */
const busyMost = 200
const riskyMost = 100

/** Pieces that are taken of a receiver at once, when there are that many: then several go at a time. */
export const runMost = 16

/** A process that has not said for this long that it still has something in hand is taken for dead. */
export const lease = '1500 milliseconds'

/** How often it says so. */
const renewEveryMs = 400

/** After so long a run ends, and what is left of it waits its turn again. */
const runMs = 30_000

/** Something that is to be sent to a receiver. */
export interface Piece {
  readonly id: string
  readonly receiver: string
  /** Its receiver has failed last, or has never taken anything. */
  readonly isRisky: boolean
}

/** Whom a process does not want now, and for how many it has room. */
export interface RoomLeft {
  readonly busy: readonly string[]
  /** Treated as if they had failed. */
  readonly slow: readonly string[]
  readonly risky: number
  readonly healthy: number
}

/** What came of sending a piece: whether it has arrived, null when we broke it off ourselves; it is booked by then. */
export interface Went {
  readonly isDelivered: boolean | null
  /** It took so long that others must not wait for it. */
  readonly isSlow: boolean
}

/** A queue in the database and the way out of it; this is all that webhooks and channels do differently. */
export interface Queue<P extends Piece> {
  /** Takes what is due under a lease in this token's name; nothing of a receiver that another process is busy with. */
  take(token: string, room: RoomLeft): Promise<readonly P[]>
  /** Says that these are still in hand: ids of pieces with the tokens they were taken by. */
  renew(held: ReadonlyMap<string, string>): Promise<unknown>
  /** Puts back what was taken and not tried; it is due at once. */
  putBack(token: string, ids: readonly string[]): Promise<unknown>
  /** Sends one and books what came of it. */
  send(piece: P, token: string, signal: AbortSignal): Promise<Went>
}

export interface Deliverer {
  /** Takes what is due and begins to send it; says whether there may be more. */
  once(): Promise<boolean>
  /** Breaks off what is under way; it is due again at once. */
  stop(): Promise<void>
}

export interface RunsNeeds<P extends Piece> {
  readonly queue: Queue<P>
  readonly log: Log
  /** There is room for more. */
  readonly onRoom: () => void
}

/**
 * Sends what receivers are to be told. Each has a run of its own, one after the other and in order; who is slow or fails gets one at a
 * time and shares half of the room with others like it, so that nobody else waits for them.
 */
export function openRuns<P extends Piece>({ queue, log, onRoom }: RunsNeeds<P>): Deliverer {
  const runs = new Map<string, { isRisky: boolean; ended: Promise<void> }>()
  const slow = new Set<string>()
  const stopping = new AbortController()
  const held = new Map<string, string>()
  const renewing = setInterval(() => {
    if (held.size > 0)
      queue.renew(held).catch((error: unknown) => log.warn({ err: error }, 'leases of deliveries could not be renewed'))
  }, renewEveryMs)

  const send = async (piece: P, token: string): Promise<boolean | null> => {
    const { isDelivered, isSlow } = await queue.send(piece, token, stopping.signal)
    if (isDelivered === null) return null
    if (isSlow) slow.add(piece.receiver)
    else slow.delete(piece.receiver)
    return isDelivered
  }

  /** One after the other; four at a time when so much waits that speed is worth more than order. */
  const run = async (pieces: readonly P[], token: string): Promise<void> => {
    const left = [...pieces]
    for (const { id } of pieces) held.set(id, token)
    const returned: P[] = []
    const begun = performance.now()
    const lane = async (): Promise<void> => {
      for (let piece = left.shift(); piece; piece = left.shift()) {
        let isDelivered: boolean | null = null
        try {
          isDelivered = await send(piece, token)
        } finally {
          held.delete(piece.id)
          if (isDelivered === null) returned.push(piece)
          // What comes behind one that failed waits for the next run, which tries it gently.
          if (!isDelivered || performance.now() - begun > runMs) returned.push(...left.splice(0))
        }
      }
    }
    const lanes = pieces.length >= runMost ? 4 : 1
    const ends = await Promise.allSettled(Array.from({ length: lanes }, lane))
    for (const { id } of returned) held.delete(id)
    if (returned.length > 0)
      await queue.putBack(
        token,
        returned.map(({ id }) => id),
      )
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  const begin = (receiver: string, pieces: readonly P[], token: string): void => {
    const ended = run(pieces, token)
      .catch((error: unknown) =>
        log.error({ err: error, receiver }, 'a delivery could not be booked; it is sent again'),
      )
      .then(() => {
        runs.delete(receiver)
        if (!stopping.signal.aborted) onRoom()
      })
    runs.set(receiver, { isRisky: pieces[0]!.isRisky, ended })
  }

  return {
    async once() {
      const risky = [...runs.values()].filter(({ isRisky }) => isRisky).length
      const room = busyMost - runs.size
      if (room <= 0 || stopping.signal.aborted) return false
      if (slow.size > 10_000) slow.clear()
      const token = newId()
      const taken = await queue.take(token, {
        busy: [...runs.keys()],
        slow: [...slow],
        risky: Math.min(riskyMost - risky, room),
        healthy: Math.min(busyMost - riskyMost, room),
      })
      for (const [receiver, pieces] of Map.groupBy(taken, (piece) => piece.receiver)) begin(receiver, pieces, token)
      return taken.length > 0
    },
    async stop() {
      stopping.abort()
      await Promise.all([...runs.values()].map(({ ended }) => ended))
      clearInterval(renewing)
    },
  }
}

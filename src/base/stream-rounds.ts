import type { Sql } from './db.ts'
import type { Signals } from './signals.ts'

/** A stream, as the rounds see it. */
export interface Seat {
  readonly source: {
    readonly sql: Sql
    readonly news: string
    readonly of: string
    readonly after: () => number
  }
  /** Whether its credential is still good. */
  readonly isWelcome: () => Promise<boolean>
  /** When something was sent last. */
  sentAt: number
  /** There may be something new. */
  told: boolean
  /** Nothing has been sent for so long that the reader should see it lives. */
  quiet: boolean
  /** Why it must end: the reader has gone, the credential has died, or this process stops. */
  ended: 'gone' | 'dead' | 'stopping' | null
  readonly rouse: () => void
}

/** How often each stream is visited: a dead credential is noticed within 5 s. */
const roundMs = 4_000
/** A round goes in so many steps, so that thousands of streams do not all want the process at the same moment. */
const steps = 10
/** What was told in vain is found at every second visit. */
const visitsALook = 2
/** At the next visit after this, whoever has been sent nothing is shown that the stream lives: at most 10 s after the last time. */
const quietMs = 5_500

/** Has a stream visited until the answer is called. */
type Add = (seat: Seat) => () => void

/**
 * The rounds of a process past its streams. A stream costs neither a connection nor a timer nor a statement of its own: each step
 * asks one question for all streams that it visits.
 */
function openRounds(): Add {
  const groups: Set<Seat>[] = Array.from({ length: steps }, () => new Set())
  const busy = new Set<Set<Seat>>()
  let timer: NodeJS.Timeout | null = null
  let step = 0
  const next = async (): Promise<void> => {
    const [group, looks] = [groups[step % steps]!, Math.floor(step / steps) % visitsALook === 0]
    step++
    // A database that takes its time is not asked again meanwhile.
    if (group.size === 0 || busy.has(group)) return
    busy.add(group)
    const seats = [...group]
    await Promise.all([looks && lookForNews(seats), ...seats.map(visit)])
    busy.delete(group)
  }
  return (seat) => {
    const group = groups.reduce((least, one) => (one.size < least.size ? one : least))
    group.add(seat)
    timer ??= setInterval(() => void next(), roundMs / steps).unref()
    return () => {
      group.delete(seat)
      if (groups.some(({ size }) => size > 0)) return
      clearInterval(timer!)
      timer = null
    }
  }
}

async function visit(seat: Seat): Promise<void> {
  if (!(await seat.isWelcome())) seat.ended ??= 'dead'
  if (Date.now() - seat.sentAt >= quietMs) seat.quiet = true
  if (seat.ended || seat.quiet) seat.rouse()
}

async function lookForNews(seats: readonly Seat[]): Promise<void> {
  for (const [query, kind] of Map.groupBy(seats, ({ source }) => source.news)) {
    const places = [kind.map(({ source }) => source.of), kind.map(({ source }) => source.after())]
    // While the database is away there is no news; who is told of some breaks off and comes again.
    const found = await kind[0]!.source.sql.rows<{ n: number }>(query, places).catch(() => [])
    for (const { n } of found) {
      const seat = kind[n - 1]!
      seat.told = true
      seat.rouse()
    }
  }
}

const roundsOf = new WeakMap<Signals, Add>()

/** Has a stream visited by the rounds of its market's process until the answer is called. */
export function inRounds(signals: Signals, seat: Seat): () => void {
  const add = roundsOf.get(signals) ?? openRounds()
  roundsOf.set(signals, add)
  return add(seat)
}

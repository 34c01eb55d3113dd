import { type Database, openDatabase, type Sql, sqlState } from './db.ts'
import type { Door } from './door.ts'
import { placeSql } from './knock.ts'
import type { Log } from './log.ts'

/** What may be a little old is read here. */
export interface Reads extends Sql {
  standing(): Standing
  close(): Promise<void>
}

export interface Standing {
  /** Null where there is no replica. */
  readonly replica: null | {
    readonly used: boolean
    /** The replica has all that was committed so long ago; null before that is known. */
    readonly behindMs: number | null
    /** Why it is not used. */
    readonly why: string | null
  }
  /** Reads answered by each since this process began. */
  readonly answered: { readonly replica: number; readonly primary: number }
  /** Reads that the replica did not answer, so that the primary had to. */
  readonly turnedBack: number
}

export interface ReadsOptions {
  readonly primary: Database
  readonly door: Door
  /** The replica is read only while all that was committed this long ago is known to be there. */
  readonly behindMostMs: number
  readonly poolSize: number
  readonly log: Log
}

/** A reader is not kept waiting for a replica that has fallen silent. */
const patienceMs = 3_000

/** Where the primary has come to in its log, and when it was asked, by our own clock. */
interface Mark {
  readonly position: number
  readonly at: number
}

interface There {
  readonly place: string
  readonly standby: boolean
  readonly position: number | null
}

/** Without a replica: all from the primary. */
export const onlyPrimary = (primary: Sql): Reads => {
  let answered = 0
  return {
    rows(text, params) {
      answered++
      return primary.rows(text, params)
    },
    standing: () => ({ replica: null, answered: { replica: 0, primary: answered }, turnedBack: 0 }),
    close: async () => {},
  }
}

/**
 * Reads from a streaming replica while that is at most so far behind, and from the primary otherwise: by itself, within the bound.
 *
 * How far it is behind is judged by positions in the log of writes: a replica that has replayed the position at which the primary
 * was a second ago lacks nothing that was committed before. The clocks of the machines do not matter, and a market in which nothing
 * happens does not look like a replica that hangs. Whoever hears nothing from either side soon reads from the primary.
 */
export function openReads({ primary, door, behindMostMs, poolSize, log }: ReadsOptions): Reads {
  const replica = openDatabase({
    url: door,
    poolSize,
    patienceMs,
    onError: (error) => log.warn({ err: error }, 'a connection to the replica broke'),
  })
  const everyMs = Math.min(1_000, behindMostMs / 4)
  const answered = { replica: 0, primary: 0 }
  let turnedBack = 0
  let marks: Mark[] = []
  /** All that was committed by then is at the replica; by `performance.now()`. */
  let upTo: number | null = null
  let away: string | null = 'it has not answered yet'
  let wasUsed: boolean | null = null
  let closed = false
  let timer: NodeJS.Timeout | undefined

  const behind = (): number | null => (upTo === null ? null : performance.now() - upTo)
  const whyNot = (): string | null => {
    if (away) return away
    const ms = behind()
    return ms !== null && ms <= behindMostMs ? null : `it is more than ${behindMostMs} ms behind`
  }
  const tellChanges = (): void => {
    const why = whyNot()
    if (wasUsed === (why === null)) return
    wasUsed = why === null
    if (why === null) log.info({ behind_ms: behind() }, 'the replica is read')
    else log.warn({ behind_ms: behind(), why }, 'the replica is not read: the primary answers in its place')
  }

  // What PostgreSQL refuses there (a read that stood in the way of the replay, say) concerns that one read.
  const noteSilence = (error: unknown): void => {
    if (!sqlState(error)) away = 'it does not answer'
  }
  const look = async (): Promise<void> => {
    const at = performance.now()
    const [here] = await primary.rows<{ place: string; position: number }>(
      `select ${placeSql} as place, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint as position`,
    )
    marks.push({ position: here!.position, at })
    const [there] = await replica
      .rows<There>(
        `select ${placeSql} as place, pg_is_in_recovery() as standby, pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint as position`,
      )
      .catch((error: unknown) => {
        noteSilence(error)
        throw error
      })
    away = notAReplica(here!.place, there!)
    const { position } = there!
    if (away || position === null) return
    const reached = marks.findLast((mark) => mark.position <= position)
    if (reached) upTo = reached.at
    // An older one than what is reached already says nothing new; one so old that it is beyond the bound says nothing of use.
    marks = marks.filter((mark) => mark.at > (upTo ?? 0) && mark.at > at - behindMostMs)
  }
  const watch = async (): Promise<void> => {
    const begun = performance.now()
    await look().catch((error: unknown) => {
      // The last thing known goes on counting until it is too old.
      log.debug({ err: error }, 'how far the replica is behind could not be found out')
    })
    tellChanges()
    if (!closed) timer = setTimeout(() => void watch(), Math.max(10, everyMs - (performance.now() - begun))).unref()
  }
  const watching = watch()

  return {
    async rows<R>(text: string, params?: readonly unknown[]): Promise<R[]> {
      if (whyNot() === null) {
        try {
          const rows = await replica.rows<R>(text, params)
          answered.replica++
          return rows
        } catch (error) {
          turnedBack++
          log.warn({ err: error }, 'the replica did not answer a read: the primary does')
          noteSilence(error)
          tellChanges()
        }
      }
      answered.primary++
      return primary.rows<R>(text, params)
    },
    standing() {
      const why = whyNot()
      return { replica: { used: why === null, behindMs: behind(), why }, answered: { ...answered }, turnedBack }
    },
    async close() {
      closed = true
      clearTimeout(timer)
      await watching
      await replica.close()
    },
  }
}

/** Why what answered is no replica of this primary; null when it is one. */
function notAReplica(place: string, there: There): string | null {
  if (there.place !== place) return 'it is another database'
  // A replica that was promoted goes ways of its own, from a common past.
  return there.standby ? null : 'it is no replica, or not any more'
}

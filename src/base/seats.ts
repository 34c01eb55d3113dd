import type { Database, Sql } from './db.ts'

/** Streams of server-sent events that one person may keep open, over all processes. */
export const streamsMax = 20

/** The first half of the advisory lock by which a process that listens is known to live; the other is its number. */
export const processLock = 1_129_071_953

/** Counts who has how many streams open, here and at every other process of the market. */
export interface Seats {
  /** False when somebody has as many as they may. Who got one gives it back. */
  take(user: string): Promise<boolean>
  giveBack(user: string): void
}

const isAlive = `exists (select from pg_locks where locktype = 'advisory' and objsubid = 2 and granted
  and database = (select oid from pg_database where datname = current_database())
  and classid::bigint = ${processLock} and objid::bigint = process)`

/** `process`: the number whose lock this process holds while it listens. */
export function openSeats(db: Database, process: number): Seats {
  const open = new Map<string, number>()
  const writing = new Map<string, Promise<unknown>>()

  // One after the other for each person, and each time the number as it is then: so what is written last is true.
  const inTurn = <T>(user: string, work: () => Promise<T>): Promise<T> => {
    const turn = (writing.get(user) ?? Promise.resolve()).then(work, work)
    const ended = turn
      .catch(() => {})
      .then(() => {
        if (writing.get(user) === ended) writing.delete(user)
      })
    writing.set(user, ended)
    return turn
  }
  const add = (user: string, n: 1 | -1): void => {
    const now = (open.get(user) ?? 0) + n
    if (now > 0) open.set(user, now)
    else open.delete(user)
  }
  const write = (sql: Sql, user: string, mine: number): Promise<unknown> =>
    mine === 0
      ? sql.rows('delete from stream_seat where user_id = $1 and process = $2', [user, process])
      : sql.rows(
          `insert into stream_seat (user_id, process, open) values ($1, $2, $3)
           on conflict (user_id, process) do update set open = excluded.open`,
          [user, process, mine],
        )
  const isFree = (user: string): Promise<boolean> =>
    db.transaction(async (sql) => {
      // Whoever counts counts what the one before has written.
      await sql.rows(`select pg_advisory_xact_lock(hashtextextended('streams:' || $1, 0))`, [user])
      const [others] = await sql.rows<{ n: number }>(
        `select coalesce(sum(open), 0)::integer as n from stream_seat where user_id = $1 and process <> $2 and ${isAlive}`,
        [user, process],
      )
      const mine = open.get(user) ?? 0
      if (others!.n + mine >= streamsMax) return false
      await write(sql, user, mine + 1)
      return true
    })

  return {
    async take(user) {
      return inTurn(user, async () => {
        if ((open.get(user) ?? 0) >= streamsMax || !(await isFree(user))) return false
        add(user, 1)
        return true
      })
    },
    giveBack(user) {
      add(user, -1)
      // Not written for want of a database: the next stream of this person writes the truth, or this process is over.
      void inTurn(user, () => write(db, user, open.get(user) ?? 0)).catch(() => {})
    },
  }
}

/** Throws away what dead processes have left. */
export async function tidySeats(sql: Sql): Promise<void> {
  await sql.rows(`delete from stream_seat where not ${isAlive}`)
}

import type { Database, Sql } from '../../base/db.ts'

/** Things a look finds at most; it goes on until one finds fewer. */
export const batch = 100

/** One kind of turn of the clock. */
export interface TurnOfClock {
  /** Selects the `id` of at most `batch` things that are due and come after the id `$1`, by id. */
  readonly find: string
  /** Moves one of them in a transaction of its own, judged again under its locks; false: there was nothing to do. */
  readonly move: (sql: Sql, id: string) => Promise<boolean>
}

/**
 * Makes the turns of the clock that are due, a kind after the other; answers how many. Any number of processes may at once. One that
 * cannot be moved holds up no other; what went wrong is thrown at the end.
 */
export async function makeTurnsOf(what: string, turns: readonly TurnOfClock[], db: Database): Promise<number> {
  const failures: unknown[] = []
  let moved = 0
  for (const { find, move } of turns) {
    for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
      const found = await db.rows<{ id: string }>(find, [after])
      for (const { id } of found) {
        try {
          if (await db.transaction((sql) => move(sql, id))) moved++
        } catch (error) {
          failures.push(error)
        }
      }
      if (found.length < batch) break
      after = found.at(-1)!.id
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} ${what} could not be moved`)
  return moved
}

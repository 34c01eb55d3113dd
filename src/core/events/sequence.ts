import type { Database, Sql } from '../../base/db.ts'
import { failpoint } from '../../base/failpoint.ts'

/** What was numbered at one time: everything behind `before`, up to `last`, and whose affairs it was. */
export interface Numbered {
  readonly many: number
  readonly before: number
  readonly last: number
  readonly people: readonly string[]
}

/**
 * Somebody who sends events on: in the transaction that numbers them they write down what is to be sent, so nothing is forgotten.
 * Answers the work that has come of it, null for none.
 */
export type Taker = (sql: Sql, numbered: Numbered) => Promise<string | null>

const most = 2_000

/**
 * Gives the events that have committed their numbers, each exactly once however many processes try. Answers what was numbered, null
 * when there was nothing or another process is at it.
 */
export async function numberEvents(
  db: Database,
  publicNames: readonly string[],
  takers: readonly Taker[],
): Promise<(Numbered & { readonly works: readonly string[] }) | null> {
  const [state] = await db.rows<{ waits: boolean }>(`select event_waits() as waits`)
  if (!state!.waits) return null
  const done = await db.transaction(async (sql) => {
    const [row] = await sql.rows<{ numbered: Numbered | null }>(`select event_number($1, $2) as numbered`, [
      most,
      publicNames,
    ])
    const numbered = row!.numbered
    if (!numbered || numbered.many === 0) return null
    const works: string[] = []
    for (const take of takers) {
      const work = await take(sql, numbered)
      if (work) works.push(work)
    }
    failpoint('numbering', 'before_booking')
    return { ...numbered, works }
  })
  if (done) failpoint('numbering', 'after_booking')
  return done
}

/** Whether there are probably more that wait for a number. */
export const isFullNumbering = (numbered: Numbered | null): boolean => numbered !== null && numbered.many >= most

/** How long the feed goes back. */
const keptDays = 30

const tidyMost = 5_000

/** Throws away the pages of what is too old, a few at a time; readers are told before that they have missed something. */
export async function tidyPages(db: Database): Promise<void> {
  await db.rows(
    `update event_sequence set forgotten = old.seq
     from (select max(seq) as seq from event_day where day < (app_now() - $1 * interval '1 day')::date) as old
     where old.seq > forgotten`,
    [keptDays],
  )
  // Looking for old pages costs with all of them: once a day, when there are some.
  const [state] = await db.rows<{ forgotten: number }>(`select forgotten from event_sequence where forgotten > tidied`)
  if (!state) return
  const gone = await db.rows(
    `delete from event_page where (person, last_seq) in (
       select person, last_seq from event_page where last_seq <= $1 limit ${tidyMost}) returning 1`,
    [state.forgotten],
  )
  if (gone.length < tidyMost)
    await db.rows(`update event_sequence set tidied = greatest(tidied, $1)`, [state.forgotten])
}

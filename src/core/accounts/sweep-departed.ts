import type { Database, Sql } from '../../base/db.ts'
import { blankAccount } from './blank.ts'
import type { Leaving } from './leaving.ts'

/** Other processes believe a credential for some seconds, and a transaction may last: after this long nothing can slip in. */
const settled = `interval '65 seconds'`

/** Events looked at in one statement, and people in one round. */
const stretch = 10_000
const batch = 20

/** Writes down outside of the database who has left, so that a restore can delete them again; a second time it does nothing. */
export type NoteDeparted = (accounts: readonly { readonly id: string; readonly at: string }[]) => Promise<void>

/**
 * Finishes what a deletion leaves to the background: the words in the events of those who have left; and, a minute later, what
 * had begun in another process on a credential that was still believed there. Any number of processes may. Answers how many it
 * looked at.
 */
export async function sweepDeparted(db: Database, leavings: readonly Leaving[], note?: NoteDeparted): Promise<number> {
  const open = await db.rows<{ id: string; at: string }>(
    `select user_id as id, to_json(left_at) #>> '{}' as at from deleted_accounts where swept_at is null order by left_at limit ${batch}`,
  )
  // Whoever cannot be noted, as while the disk of the backups is away, stays open, and is noted later.
  const failure = open.length > 0 ? await note?.(open).then(() => null, asError) : null
  for (const { id } of open) await sweepOne(db, id, leavings, !failure)
  if (failure) throw failure
  return open.length
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

async function sweepOne(db: Database, user: string, leavings: readonly Leaving[], noted: boolean): Promise<void> {
  const last = await db.transaction(async (sql) => {
    const [due] = await claim(sql, user, `and left_at < clock_timestamp() - ${settled}`)
    if (!due) return false
    await sql.rows(`select account_lock($1)`, [user])
    for (const { leave } of leavings) await leave(sql, user)
    await blankAccount(sql, user)
    await addToRecord(sql, user)
    return true
  })
  for (;;) {
    const more = await db.transaction(async (sql) => {
      const [found] = await claim(sql, user)
      if (!found) return false
      const [came] = await sql.rows<{ until: number }>(`select event_forget_words($1, $2, ${stretch}) as until`, [
        user,
        found.events_read,
      ])
      await sql.rows(`update deleted_accounts set events_read = $2 where user_id = $1`, [user, came!.until])
      return came!.until > found.events_read
    })
    if (!more) break
  }
  if (last && noted) await db.rows(`update deleted_accounts set swept_at = app_now() where user_id = $1`, [user])
}

/** A turn of theirs that was counted after they had gone goes with them too, or with whoever has come back as them. */
async function addToRecord(sql: Sql, user: string): Promise<void> {
  const [late] = await sql.rows<{ expected: number; answered: number }>(
    `select expected, answered from turn_leave($1)`,
    [user],
  )
  if (!late) return
  const [stone] = await sql.rows<{ heir: string | null }>(
    `update deleted_accounts set expected = expected + $2, answered = answered + $3 where user_id = $1 returning heir`,
    [user, late.expected, late.answered],
  )
  if (stone?.heir) await sql.rows(`select turn_inherit($1, $2, $3)`, [stone.heir, late.expected, late.answered])
}

const claim = (sql: Sql, user: string, also = ''): Promise<{ events_read: number }[]> =>
  sql.rows(
    `select events_read from deleted_accounts where user_id = $1 and swept_at is null ${also} for update skip locked`,
    [user],
  )

import type { Database, Sql } from '../../base/db.ts'
import type { Sealer } from '../../base/seal.ts'
import { blankAccount } from './blank.ts'
import type { Affair, Leaving } from './leaving.ts'
import { setTombstone } from './tombstone.ts'

export interface ErasedAgain {
  readonly user_id: string
  /** What was in flight again at that moment. It comes to its end by itself; what is left over goes the way of late money. */
  readonly affairs: readonly Affair[]
}

/**
 * Deletes accounts again that were deleted after the moment to which the database went back. Their owners were let go once and are
 * not asked again: what is in flight keeps nobody, but runs to its end without a name. Those that are deleted, or were not opened
 * yet, stay as they are. Without `traces`, because the market's secret is lost, nobody inherits from them.
 */
export async function eraseAgain(
  db: Database,
  users: readonly string[],
  leavings: readonly Leaving[],
  traces: Sealer | null,
): Promise<ErasedAgain[]> {
  const open = await stillThere(db, users)
  const erased: ErasedAgain[] = []
  for (const user of open) {
    erased.push({ user_id: user, affairs: await db.transaction((sql) => eraseOne(sql, user, leavings, traces)) })
  }
  return erased
}

/** Which of these accounts are there and not deleted. */
export async function stillThere(sql: Sql, users: readonly string[]): Promise<string[]> {
  const rows = await sql.rows<{ id: string }>(
    `select id from app_user where id = any ($1::uuid[]) and deleted_at is null order by id`,
    [users],
  )
  return rows.map(({ id }) => id)
}

async function eraseOne(
  sql: Sql,
  user: string,
  leavings: readonly Leaving[],
  traces: Sealer | null,
): Promise<readonly Affair[]> {
  await sql.rows(`select account_lock($1)`, [user])
  for (const { leave } of leavings) await leave(sql, user)
  await sql.rows(`select ledger_lock_credits($1)`, [user])
  await sql.rows(`select ledger_lock($1)`, [user])
  const affairs: Affair[] = []
  for (const room of leavings) affairs.push(...(await room.affairs(sql, user)))
  // Money of theirs is unclaimed from here on, as if it had come late: the books keep every cent of it.
  await sql.rows(`select ledger_give_up($1)`, [user])
  if (traces) await setTombstone(sql, user, traces)
  else await sql.rows(`insert into deleted_accounts (user_id, deleted_at) values ($1, app_now())`, [user])
  await blankAccount(sql, user)
  await sql.rows(
    `select event_write('user.deleted', 'user:' || $1, array[$1::uuid], json_build_object('user_id', $1::uuid))`,
    [user],
  )
  return affairs
}

/** Accounts that were deleted, whether or not the background is done with them. */
export async function listDeparted(sql: Sql): Promise<{ id: string; at: string }[]> {
  return sql.rows<{ id: string; at: string }>(
    `select user_id as id, to_json(left_at) #>> '{}' as at from deleted_accounts order by left_at`,
  )
}

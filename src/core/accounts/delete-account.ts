import type { Sql } from '../../base/db.ts'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { dollars } from '../../base/money.ts'
import type { Sealer } from '../../base/seal.ts'
import { type accountsApi, refuseAccount } from './api.ts'
import { blankAccount } from './blank.ts'
import type { Credentials } from './credentials.ts'
import type { Affair, Leaving } from './leaving.ts'
import { clearCookie } from './session.ts'
import { setTombstone } from './tombstone.ts'

export interface LeavingNeeds {
  /** Every room that keeps something of people. */
  readonly leavings: readonly Leaving[]
  /** Makes the traces of a tombstone. */
  readonly traces: Sealer
}

export interface Deleted {
  readonly deleted: true
  readonly forfeited_cents: number
}

/**
 * Deletes the account that asks: refused with the list while money of theirs or work of others is in flight. Everything else of
 * theirs ends or is forgotten in this transaction, or in the background where somebody else must be asked: the payment provider,
 * the storage. Keys and sessions are dead at once here, within 5 s elsewhere. What remains is a tombstone.
 */
export async function deleteAccount(
  { sql, actor, wake }: Call,
  { forfeit_balance: forfeit = false }: Input<typeof accountsApi.endpoints.delete_account>,
  { leavings, traces }: LeavingNeeds,
  credentials: Credentials,
  secure: boolean,
): Promise<Reply<Deleted>> {
  const user = actor.userId
  // Jobs are taken under this lock, so none is taken between the question and the answer.
  await sql.rows(`select account_lock($1)`, [user])
  const [here] = await sql.rows(`select 1 from app_user where id = $1 and deleted_at is null for no key update`, [user])
  if (!here) throw refuseAccount('credential_dead')
  for (const { leave } of leavings) await leave(sql, user)
  // Whatever else commits money to something locks these first: it has either committed and is seen below, or finds nothing here.
  await sql.rows(`select ledger_lock_credits($1)`, [user])
  await sql.rows(`select ledger_lock($1)`, [user])
  const affairs = await inFlight(sql, user, leavings, forfeit)
  if (affairs.length > 0) throw refuseAccount('account_in_use', { affairs })
  const [given] = await sql.rows<{ cents: number }>(`select ledger_give_up($1) as cents`, [user])
  await setTombstone(sql, user, traces)
  for (const id of await blankAccount(sql, user)) credentials.forget(id)
  await sql.rows(
    `select event_write('user.deleted', 'user:' || $1, array[$1::uuid], json_build_object('user_id', $1::uuid))`,
    [user],
  )
  wake('departed')
  return reply(200, { deleted: true, forfeited_cents: given!.cents }, { 'set-cookie': clearCookie(secure) })
}

/** Everything that keeps somebody here, each with what to do about it. */
async function inFlight(
  sql: Sql,
  user: string,
  leavings: readonly Leaving[],
  forfeit: boolean,
): Promise<readonly Affair[]> {
  const affairs: Affair[] = []
  for (const room of leavings) affairs.push(...(await room.affairs(sql, user)))
  const [wallet] = await sql.rows<{ cents: number }>(`select ledger_balance($1) as cents`, [user])
  if (wallet!.cents > 0 && !forfeit)
    affairs.push({
      kind: 'balance',
      id: user,
      sentence: `There is ${dollars(wallet!.cents)} in your wallet: send it back to your cards with POST /api/wallet/refund, take what you have earned out with POST /api/wallet/withdraw, or give it up with "forfeit_balance": true.`,
    })
  return affairs
}

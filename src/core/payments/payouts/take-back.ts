import type { Sql } from '../../../base/db.ts'
import { payoutLife } from './payout.ts'

/** What of a piece of work waits to be paid out to its worker, and may be taken by the bank of who has paid for it. */
export interface Waiting {
  readonly id: string
  readonly user: string
  /** In cents; 0: the provider is asked for it, it has left, or a bank has had all of it. */
  readonly cents: number
}

/** The payout of a piece of work, as it stays until the transaction ends; null: there is none. */
export async function lockPayout(sql: Sql, ref: string): Promise<(Waiting & { readonly is_there: boolean }) | null> {
  const [found] = await sql.rows<Waiting & { is_there: boolean }>(
    `select id, user_id as user, case when status in (${payoutLife.from('take_back')}) then amount_cents - taken_cents else 0 end as cents,
       status in (${payoutLife.from('take_back')}, ${payoutLife.from('give_again')}) as is_there
     from payout where ref = $1 for update`,
    [ref],
  )
  return found ?? null
}

const take = `update payout set taken_cents = taken_cents + t.cents,
    status = case when taken_cents + t.cents = amount_cents then ${payoutLife.to('take_back')} else status end,
    due_at = case when taken_cents + t.cents = amount_cents then null else due_at end,
    ended_at = case when taken_cents + t.cents = amount_cents then app_now() end
  from (select ledger_taken_of_pending($2) as cents) as t where id = $1 and t.cents > 0 and status in (${payoutLife.from('take_back')})`

/** A chargeback has taken of it what it could: of all of it nothing is left to pay out, of a part the rest is. */
export async function noteTaken(sql: Sql, { id }: Waiting, source: string): Promise<void> {
  await sql.rows(take, [id, source])
}

const giveAgain = `update payout set taken_cents = taken_cents - t.cents, status = ${payoutLife.to('give_again')}, ended_at = null,
    due_at = greatest(app_now(), coalesce(due_at, day))
  from (select ledger_taken_of_pending($2) as cents) as t
  where id = $1 and t.cents > 0 and status in (${payoutLife.from('take_back')}, ${payoutLife.from('give_again')})`

/** The chargeback has been won: what it had taken waits again, for its day or what comes after it. */
export async function noteGivenAgain(sql: Sql, { id }: Waiting, source: string): Promise<void> {
  await sql.rows(giveAgain, [id, source])
}

import type { Sql } from '../../../base/db.ts'
import { failpoint } from '../../../base/failpoint.ts'
import { newId } from '../../../base/ids.ts'
import { readFreeze } from '../../ledger/laws.ts'
import { accountChanged } from '../connect-account.ts'
import { afterFirstGo, type ProviderNeeds } from '../intent.ts'
import { pursue } from '../pursue.ts'
import { tellPayout } from './errand.ts'
import { payoutLife, refusalsMost } from './payout.ts'

/** Payouts a look finds at most; it goes on until one finds fewer. */
const batch = 50

const due = `select p.id, case when refusals between 1 and ${refusalsMost - 1} and stripe_account_status = 'active' then stripe_account_id end as doubtful
  from payout p join app_user u on u.id = p.user_id
  where p.status in (${payoutLife.from('ask')}) and p.due_at <= app_now() and p.id > $1 order by p.id limit ${batch}`

/**
 * Pays out what has come to its day: to the account its worker has connected, or into their wallet. One after the other, in any number
 * of processes; one that cannot be moved holds up no other. While the ledger is frozen all of them wait. Answers how many it moved.
 */
export async function payOutDue(needs: ProviderNeeds): Promise<number> {
  const { db, log } = needs
  let moved = 0
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    if ((await readFreeze(db)) !== null) return moved
    const found = await db.rows<{ id: string; doubtful: string | null }>(due, [after])
    for (const { id, doubtful } of found) {
      try {
        if (doubtful) await readAgain(needs, doubtful)
        failpoint('payout', 'before_intent')
        const started = await db.transaction((sql) => payOut(sql, id))
        if (started.intent) {
          failpoint('payout', 'after_intent')
          await pursue(needs, started.intent)
        }
        if (started.moved) moved++
      } catch (error) {
        log.error({ payout: id, err: error }, 'a payout could not be moved; it is tried again')
      }
    }
    if (found.length < batch) return moved
    after = found.at(-1)!.id
  }
}

/** Refused before: most likely the account may not be paid any more, and its message has not come. */
async function readAgain({ db, stripe, log }: ProviderNeeds, account: string): Promise<void> {
  try {
    await accountChanged(db, stripe, account)
  } catch (error) {
    log.warn({ account, err: error }, 'the account of a refused payout could not be read')
  }
}

interface Due {
  readonly id: string
  readonly ref: string
  readonly user_id: string
  readonly cents: number
  readonly refusals: number
}

const lock = `select id, ref, user_id, amount_cents - taken_cents as cents, refusals from payout
  where id = $1 and status in (${payoutLife.from('ask')}) and due_at <= app_now() for update skip locked`

const payee = `select stripe_account_id as account, stripe_account_status = 'active' as ready, suspended_at is not null as suspended,
    deleted_at is not null as gone
  from app_user where id = $1 for share`

interface Started {
  readonly moved: boolean
  /** Of what the provider is now to be asked for. */
  readonly intent: string | null
}

const not: Started = { moved: false, intent: null }

/** Money of a payout that is locked moves, or stays because the ledger is frozen. */
async function move(sql: Sql, statement: string, values: readonly unknown[]): Promise<boolean> {
  const [posted] = await sql.rows<{ outcome: string }>(statement, values)
  if (posted!.outcome !== 'posted' && posted!.outcome !== 'frozen')
    throw new Error(`a payout could not be posted: ${posted!.outcome}`)
  return posted!.outcome === 'posted'
}

const reserve = `select ledger_post('payout', $1, 'payout:' || $2, 'USD', array['pending:' || $3], array['clearing:' || $2], array[$4::bigint]) as outcome`

const ask = `with asked as (
  update payout set status = ${payoutLife.to('ask')}, due_at = null, intent_id = $2::uuid where id = $1 and status in (${payoutLife.from('ask')})
  returning ref, user_id
) insert into provider_intent (id, kind, user_id, amount_cents, target, ref, created_at, due_at)
  select $2::uuid, 'payout', user_id, $3, $4, ref, app_now(), ${afterFirstGo} from asked`

const keep = `select ledger_post('payout_in_wallet', $1, 'payout:' || $2, 'USD', array['pending:' || $3], array['wallet:' || $3], array[$4::bigint]) as outcome`

const note = `with kept as (
  update payout set status = ${payoutLife.to('to_wallet')}, due_at = null, ended_at = app_now() where id = $1 and status in (${payoutLife.from('to_wallet')})
  returning id, ref, user_id, amount_cents - taken_cents as cents, $2::text as reason
), told as (
  ${tellPayout('in_wallet', 'kept')}
) select id from kept`

/**
 * One payout whose day has come: reserved in clearing with an intent, for the provider to be asked; or into the wallet, where it repays
 * what its worker owes first. Locked before: somebody else is at it.
 */
async function payOut(sql: Sql, id: string): Promise<Started> {
  const [found] = await sql.rows<Due>(lock, [id])
  if (!found) return not
  const { ref, user_id: user, cents, refusals } = found
  const [owner] = await sql.rows<{ account: string | null; ready: boolean; suspended: boolean; gone: boolean }>(payee, [
    user,
  ])
  const { account, ready, suspended, gone } = owner!
  const [wallet] = await sql.rows<{ owes: boolean }>(`select ledger_lock_pending($1) as owes`, [user])
  const reasons = [
    [refusals >= refusalsMost, 'refused_by_provider'],
    // Won back after they had left: whoever is entitled to it has it out of the wallet.
    [gone, 'account_deleted'],
    [!ready, 'not_connected'],
    [suspended, 'suspended'],
    [wallet!.owes, 'debt_first'],
  ] as const
  const reason = reasons.find(([holds]) => holds)?.[1]
  if (reason !== undefined) {
    if (!(await move(sql, keep, [ref, id, user, cents]))) return not
    await sql.rows(note, [id, reason])
    return { moved: true, intent: null }
  }
  const intent = newId()
  if (!(await move(sql, reserve, [ref, intent, user, cents]))) return not
  await sql.rows(ask, [id, intent, cents, account])
  return { moved: true, intent }
}

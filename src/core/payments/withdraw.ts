import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { failpoint } from '../../base/failpoint.ts'
import { newId } from '../../base/ids.ts'
import { dollars } from '../../base/money.ts'
import { type paymentsApi, refusePayment } from './api.ts'
import { accountChanged } from './connect-account.ts'
import { afterFirstGo, type Intent, type ProviderNeeds } from './intent.ts'
import { pursue } from './pursue.ts'

/** Below it a withdrawal must empty what may be withdrawn. */
const leastCents = 500

export interface Withdrawal {
  readonly withdrawal_id: string
  readonly status: 'paid' | 'pending'
  readonly amount_cents: number
}

/**
 * Pays earned money out to the account its owner has connected: reserved in clearing with an intent, then the provider is asked,
 * then booked. A definite no brings it back with the reason; without an answer it stays reserved and is looked up.
 */
export async function withdraw(
  { actor, remember }: Call,
  { amount_cents: amount }: Input<typeof paymentsApi.endpoints.withdraw>,
  needs: ProviderNeeds & { readonly withdrawHoldDays: number },
): Promise<Reply<Withdrawal>> {
  const id = remember?.effectId ?? newId()
  failpoint('withdrawal', 'before_intent')
  await reserve(needs, id, actor.userId, amount)
  failpoint('withdrawal', 'after_intent')
  const intent = await pursue(needs, id)
  if (intent.status === 'refused') throw await refusalOf(needs, intent)
  return reply(200, {
    withdrawal_id: id,
    status: intent.status === 'done' ? 'paid' : 'pending',
    amount_cents: intent.amount_cents,
  })
}

/** The intent and its money, together or not at all; a second time changes nothing. */
async function reserve(
  { db, withdrawHoldDays }: ProviderNeeds & { readonly withdrawHoldDays: number },
  id: string,
  user: string,
  amount: number,
): Promise<void> {
  await db.transaction(async (sql) => {
    const written = await sql.rows(
      `insert into provider_intent (id, kind, user_id, amount_cents, target, created_at, due_at)
       select $1, 'withdrawal', id, $3, stripe_account_id, app_now(), ${afterFirstGo} from app_user
       where id = $2 and stripe_account_status = 'active'
       on conflict (id) do nothing returning 1`,
      [id, user, amount],
    )
    if (written.length === 0) {
      if ((await sql.rows(`select 1 from provider_intent where id = $1`, [id])).length > 0) return
      throw refusePayment('connect_required')
    }
    await sql.rows(`select ledger_lock($1)`, [user])
    const [wallet] = await sql.rows<{ earned: number; owes: boolean }>(
      `select ledger_earned($1, $2) as earned, ledger_owes($1) as owes`,
      [user, withdrawHoldDays],
    )
    const { earned, owes } = wallet!
    if (owes) throw refusePayment('debt_first')
    if (amount > earned)
      throw refusePayment(
        'not_withdrawable',
        { withdrawable_cents: earned, required_cents: amount },
        `You may take out ${dollars(earned)}: only money that was earned leaves this way. Top-ups go back to their cards with POST /api/wallet/refund.`,
      )
    if (amount < leastCents && amount < earned)
      throw refusePayment('withdrawal_too_small', { withdrawable_cents: earned })
    const [posted] = await sql.rows<{ outcome: string }>(
      `select ledger_post('withdrawal', 'withdrawal:' || $1, 'withdrawal:' || $1, 'USD', array['wallet:' || $2], array['clearing:' || $1], array[$3::bigint]) as outcome`,
      [id, user, amount],
    )
    if (posted!.outcome === 'frozen') throw refusePayment('withdrawals_frozen')
    if (posted!.outcome !== 'posted') throw refusePayment('not_withdrawable', { withdrawable_cents: earned })
  })
}

async function refusalOf({ db, stripe, log }: ProviderNeeds, { id, target, reason }: Intent): Promise<Error> {
  try {
    // Most likely the account may not be paid any more: then the next try is told so at once.
    if (target) await accountChanged(db, stripe, target)
  } catch (error) {
    log.warn({ intent_id: id, err: error }, 'the account of a refused withdrawal could not be read')
  }
  return refusePayment(
    'provider_refused',
    { withdrawal_id: id, reason },
    `The payment provider refused the withdrawal, and the money is back in your wallet: ${reason}`,
  )
}

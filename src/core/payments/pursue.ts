import { failpoint } from '../../base/failpoint.ts'
import { readFreeze } from '../ledger/laws.ts'
import { autoTopUpErrand } from './auto-charge.ts'
import { cardRefundErrand } from './card-refund.ts'
import { connectAccountErrand } from './connect-account.ts'
import {
  bookOutcome,
  claimIntent,
  type Errand,
  type Intent,
  type IntentKind,
  type Outcome,
  type ProviderNeeds,
  readIntent,
  releaseIntent,
} from './intent.ts'
import { payoutErrand } from './payouts/errand.ts'
import { isDefiniteNo, sentenceOf } from './stripe.ts'
import { withdrawalErrand } from './withdrawal.ts'

const errands: Readonly<Record<IntentKind, Errand>> = {
  withdrawal: withdrawalErrand,
  card_refund: cardRefundErrand,
  auto_topup: autoTopUpErrand,
  connect_account: connectAccountErrand,
  payout: payoutErrand,
}

/**
 * Brings an intent to its end, if the provider lets it: asked for once, booked once, whoever calls this and however often.
 * What may have been asked before is looked up first, because the provider forgets its keys after a day. Answers the intent
 * as it is then; it is still `asked` when there was no answer, or when somebody else is at it.
 */
export async function pursue({ db, stripe, log }: ProviderNeeds, id: string): Promise<Intent> {
  const intent = await claimIntent(db, id)
  if (intent) {
    const errand = errands[intent.kind]
    let outcome: Outcome = { is: 'open' }
    try {
      const known = intent.tries > 1 ? await errand.lookUp(stripe, intent) : null
      if (known) outcome = known
      else if (await mayAsk(db, intent)) outcome = await askOnce(errand, stripe, intent)
    } catch (error) {
      log.warn({ intent_id: id, kind: intent.kind, err: error }, 'the payment provider gave no answer; it is looked up')
    }
    failpoint(intent.kind, 'before_booking')
    await bookOutcome(db, errand, intent, outcome)
    if (outcome.is === 'open') await releaseIntent(db, intent)
    failpoint(intent.kind, 'after_booking')
  }
  return (await readIntent(db, id))!
}

/** While the ledger is frozen, or its owner suspended, money that leaves for an account waits. */
async function mayAsk(db: ProviderNeeds['db'], { kind, user_id }: Intent): Promise<boolean> {
  if (kind !== 'withdrawal' && kind !== 'payout') return true
  const [owner] = await db.rows(`select 1 from app_user where id = $1 and suspended_at is null`, [user_id])
  return owner !== undefined && (await readFreeze(db)) === null
}

async function askOnce(errand: Errand, stripe: ProviderNeeds['stripe'], intent: Intent): Promise<Outcome> {
  failpoint(intent.kind, 'before_call')
  try {
    return await errand.ask(stripe, intent)
  } catch (error) {
    if (isDefiniteNo(error)) return { is: 'refused', reason: sentenceOf(error) }
    throw error
  }
}

const batch = 50

/**
 * Goes on with intents whose request has died or had no answer. While the ledger is frozen no withdrawal and no payout is asked for; what was
 * asked for before is what it is. Any number of processes may. Answers how many it looked at.
 */
export async function pursueDue(needs: ProviderNeeds): Promise<number> {
  const due = await needs.db.rows<{ id: string }>(
    `select id from provider_intent where status = 'asked' and due_at <= app_now() order by due_at limit ${batch}`,
  )
  for (const { id } of due) await pursue(needs, id)
  return due.length
}

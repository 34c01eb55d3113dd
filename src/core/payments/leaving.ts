import type { Sql } from '../../base/db.ts'
import { newId } from '../../base/ids.ts'
import { dollars } from '../../base/money.ts'
import { type Affair, affairsShown, type Leaving } from '../accounts/leaving.ts'
import type { IntentKind } from './intent.ts'

const inClearing = `select id, kind, amount_cents from provider_intent
  where user_id = $1 and status = 'asked' and kind <> 'connect_account' order by created_at limit ${affairsShown}`

/** A payment for work that its payer may confirm any moment, or that is just being stopped. */
const beingPaid = `select id, amount_cents from card_funding where user_id = $1 and status in ('asked', 'open', 'stopping')
  order by created_at limit ${affairsShown}`

const known: Partial<Record<IntentKind, [Affair['kind'], string]>> = {
  withdrawal: ['withdrawal', 'on its way to your account'],
  payout: ['payout', 'being paid out to your account'],
  card_refund: ['refund', 'on its way back to your card'],
  auto_topup: ['auto_topup', 'being charged to your card'],
}

async function affairs(sql: Sql, user: string): Promise<Affair[]> {
  const intents = await sql.rows<{ id: string; kind: IntentKind; amount_cents: number }>(inClearing, [user])
  const payments = await sql.rows<{ id: string; amount_cents: number }>(beingPaid, [user])
  const [waiting] = await sql.rows<{ cents: number }>(`select ledger_pending($1) as cents`, [user])
  return [
    ...intents.map(({ id, kind, amount_cents: cents }): Affair => {
      const [called, where] = known[kind] ?? ['clearing', 'with the payment provider']
      return {
        kind: called,
        id,
        sentence: `${dollars(cents)} is ${where}: wait for the payment provider's answer, a minute as a rule.`,
      }
    }),
    ...payments.map(
      ({ id, amount_cents: cents }): Affair => ({
        kind: 'card_payment',
        id,
        sentence: `A card payment of ${dollars(cents)} for a milestone is open: cancel its contract, then wait until the payment is stopped.`,
      }),
    ),
    ...(waiting!.cents > 0
      ? [
          {
            kind: 'payout' as const,
            id: user,
            sentence: `${dollars(waiting!.cents)} of released money waits to be paid out to you: wait for the day it is due.`,
          },
        ]
      : []),
  ]
}

// Nobody is charged any more, and no address is kept of what was asked.
const forget = [
  `delete from auto_topup where user_id = $1`,
  `delete from saved_card where user_id = $1`,
  `update provider_intent set target = null where user_id = $1 and kind = 'connect_account' and target is not null`,
  `update credit_deduction set reference_id = null where user_id = $1 and reference_id is not null`,
] as const

// A customer there is one farewell for at a time; the minute after the deletion there is another, for what had just begun.
const bidFarewell = `insert into farewell (id, user_id, customer, created_at, due_at)
  select $2, id, stripe_customer_id, app_now(), app_now() from app_user
  where id = $1 and stripe_customer_id is not null and not exists (select from farewell where user_id = $1 and done_at is null)`

/** What is in flight at the payment provider; saved card, automatic top-ups, plan and open checkouts end there, in the background. */
export const paymentsLeaving: Leaving = {
  affairs,
  async leave(sql, user) {
    for (const statement of forget) await sql.rows(statement, [user])
    await sql.rows(bidFarewell, [user, newId()])
  },
}

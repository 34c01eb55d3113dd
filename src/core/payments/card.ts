import type Stripe from 'stripe'
import type { Database, Sql } from '../../base/db.ts'
import { type Call, type Reply, reply } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import type { Log } from '../../base/log.ts'
import { tell } from '../events/write.ts'
import { ensureCustomer } from './customer.ts'
import { idOf, providerAway } from './stripe.ts'

/** What of a saved card may be shown. */
export interface Card {
  readonly brand: string
  readonly last4: string
  readonly exp_month: number
  readonly exp_year: number
}

/**
 * Begins to save a card: its owner types it in at the provider, never here. Answers what the provider's form needs; without a
 * Stripe account, the address of the twin's form too.
 */
export async function setupPaymentMethod(
  { sql, actor, remember }: Call,
  stripe: Stripe,
  formUrl: ((secret: string) => string) | null,
): Promise<Reply<{ client_secret: string; url?: string }>> {
  const id = remember?.effectId ?? newId()
  await sql.rows(
    `insert into card_setup (id, user_id, created_at) values ($1, $2, app_now()) on conflict (id) do nothing`,
    [id, actor.userId],
  )
  const customer = await ensureCustomer(sql, stripe, actor.userId)
  let setup: Stripe.SetupIntent
  try {
    setup = await stripe.setupIntents.create(
      {
        customer,
        usage: 'off_session',
        metadata: { kind: 'saved_card', card_setup_id: id, user_id: actor.userId },
      },
      { idempotencyKey: `card_setup:${id}` },
    )
  } catch (error) {
    throw providerAway(error)
  }
  await sql.rows(`update card_setup set status = 'open', setup_intent_id = $2 where id = $1 and status = 'asked'`, [
    id,
    setup.id,
  ])
  return reply(200, {
    client_secret: setup.client_secret!,
    ...(formUrl ? { url: formUrl(setup.client_secret!) } : {}),
  })
}

// An older setup whose message comes late does not replace the card of a newer one.
const saveCard = `with moved as (
  update card_setup set status = 'saved' where id = $1 and user_id = $2 and status in ('asked', 'open') and coalesce(setup_intent_id, $3) = $3 returning created_at
), kept as (
  insert into saved_card as c (user_id, customer_id, payment_method_id, brand, last4, exp_month, exp_year, setup_at, saved_at)
  select $2, $4, $5, $6, $7, $8, $9, created_at, app_now() from moved
  on conflict (user_id) do update set customer_id = excluded.customer_id, payment_method_id = excluded.payment_method_id, brand = excluded.brand,
    last4 = excluded.last4, exp_month = excluded.exp_month, exp_year = excluded.exp_year, setup_at = excluded.setup_at, saved_at = excluded.saved_at
  where c.setup_at < excluded.setup_at returning user_id
), told as (
  ${tell({
    name: `'wallet.card_saved'`,
    ref: `'user:' || user_id`,
    parties: ['user_id'],
    data: `json_build_object('brand', $6::text, 'last4', $7::text)`,
    from: 'kept',
  })}
) select (select count(*) from kept) as cards from moved`

/** Something has happened to a setup: it is read again, and its card kept once it is good. */
export async function cardSetupChanged(db: Sql, stripe: Stripe, setupIntentId: string): Promise<void> {
  const setup = await stripe.setupIntents.retrieve(setupIntentId, { expand: ['payment_method'] })
  const { card_setup_id: id, user_id: user } = setup.metadata ?? {}
  if (setup.metadata?.kind !== 'saved_card' || !id || !user) return
  // The answer that told us its id may have been lost.
  await db.rows(`update card_setup set status = 'open', setup_intent_id = $2 where id = $1 and status = 'asked'`, [
    id,
    setup.id,
  ])
  if (setup.status === 'canceled') {
    await db.rows(`update card_setup set status = 'cancelled' where id = $1 and status = 'open'`, [id])
    return
  }
  if (setup.status !== 'succeeded') return
  const method = setup.payment_method
  const chosen = typeof method === 'string' ? await stripe.paymentMethods.retrieve(method) : method
  if (!chosen?.card) return
  const { brand, last4, exp_month: month, exp_year: year } = chosen.card
  await db.rows(saveCard, [id, user, setup.id, idOf(setup.customer), chosen.id, brand, last4, month, year])
}

/** Asks the provider about cards that are still being saved: a message that never came costs a minute, not the card. */
export async function lookUpCardSetups(db: Database, stripe: Stripe, log: Log): Promise<void> {
  const open = await db.rows<{ setup_intent_id: string }>(
    `select setup_intent_id from card_setup where status = 'open' and created_at > app_now() - interval '1 day'
     order by looked_up_at nulls first, created_at limit 50`,
  )
  for (const { setup_intent_id: id } of open) {
    try {
      await cardSetupChanged(db, stripe, id)
    } catch (error) {
      log.warn({ setup_intent: id, err: error }, 'a card that is being saved could not be looked up')
    }
    await db.rows(`update card_setup set looked_up_at = app_now() where setup_intent_id = $1`, [id])
  }
}

export async function readCard(sql: Sql, user: string): Promise<Card | null> {
  const [card] = await sql.rows<Card>(`select brand, last4, exp_month, exp_year from saved_card where user_id = $1`, [
    user,
  ])
  return card ?? null
}

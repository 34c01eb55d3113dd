import type Stripe from 'stripe'
import type { Database } from '../../../base/db.ts'
import { tell } from '../../events/write.ts'
import { idOf } from '../stripe.ts'
import { isTier } from './plan.ts'

/** Whether a subscription is one of ours: the provider's account may have others. */
export const isPlan = ({ metadata }: Pick<Stripe.Subscription, 'metadata'>): boolean =>
  metadata.kind === 'credits_plan' && isTier(metadata.tier) && metadata.user_id !== undefined

/** A payment that failed does not end a plan before the provider has given up trying. */
const liveStatuses = ['active', 'trialing', 'past_due']
/** Nothing follows these, so an older reading that comes late changes nothing. */
const lastStatuses = `'canceled', 'incomplete_expired'`

const store = `insert into plan_subscription as s (id, user_id, tier, status, live, started_at)
  select $1, u.id, $3, $4, $5, to_timestamp($6) from app_user u where u.id = $2 and u.stripe_customer_id = $7
  on conflict (id) do update set status = excluded.status, live = excluded.live where s.status not in (${lastStatuses})`

const storeTier = `with newest as (
  select coalesce((select tier from plan_subscription where user_id = $1 and live order by started_at desc, id desc limit 1), 'free') as tier
), moved as (
  update app_user set subscription_tier = newest.tier from newest
  where app_user.id = $1 and subscription_tier <> newest.tier returning app_user.id, newest.tier
), told as (
  ${tell({
    name: `'plan.changed'`,
    ref: `'user:' || id`,
    parties: ['id'],
    data: `json_build_object('subscription_tier', tier)`,
    from: 'moved',
  })}
) select tier from moved`

/** Keeps what the provider says of a subscription, and its person's tier in step; answers whether it is one of ours. */
export async function keepSubscription(db: Database, subscription: Stripe.Subscription): Promise<boolean> {
  if (!isPlan(subscription)) return false
  const { id, status, created, customer, metadata } = subscription
  const live = liveStatuses.includes(status)
  return db.transaction(async (sql) => {
    // Two of one person's at once: the second sees what the first has stored, and the tier is that of all.
    await sql.rows(`select 1 from app_user where id = $1 for update`, [metadata.user_id])
    await sql.rows(store, [id, metadata.user_id, metadata.tier, status, live, created, idOf(customer)])
    const [kept] = await sql.rows(`select 1 from plan_subscription where id = $1`, [id])
    if (kept) await sql.rows(storeTier, [metadata.user_id])
    return kept !== undefined
  })
}

/**
 * Something has happened to a subscription: it is read again. The newest live plan of a person is the one they have; older ones
 * are ended at the provider, so that a change of plan is paid once a month and not twice.
 */
export async function subscriptionChanged(db: Database, stripe: Stripe, id: string): Promise<boolean> {
  const ours = await keepSubscription(db, await stripe.subscriptions.retrieve(id))
  if (!ours) return false
  const replaced = await db.rows<{ id: string }>(
    `select older.id from plan_subscription newer join plan_subscription older on older.user_id = newer.user_id
     where newer.id = $1 and newer.live and older.live and (older.started_at, older.id) < (newer.started_at, newer.id)`,
    [id],
  )
  for (const older of replaced) await cancelSubscription(db, stripe, older.id)
  return true
}

/** Ends a subscription at the provider and keeps what became of it. */
export async function cancelSubscription(db: Database, stripe: Stripe, id: string): Promise<void> {
  let ended: Stripe.Subscription
  try {
    ended = await stripe.subscriptions.cancel(id, {}, { idempotencyKey: `plan_stop:${id}` })
  } catch (error) {
    // Ended already, by somebody else or by an answer that was lost: then it is as wanted.
    ended = await stripe.subscriptions.retrieve(id)
    if (liveStatuses.includes(ended.status)) throw error
  }
  await keepSubscription(db, ended)
}

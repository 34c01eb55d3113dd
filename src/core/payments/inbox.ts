import type Stripe from 'stripe'
import type { Database, Sql } from '../../base/db.ts'
import type { Log } from '../../base/log.ts'
import { bookTopUp } from './book-top-up.ts'
import { isDefiniteNo } from './stripe.ts'

const eventsWeRead = [
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.expired',
]

const isId = (value: unknown): value is string => typeof value === 'string' && /^[\w-]{1,255}$/.test(value)

/**
 * Stores a verified event once, however often it is delivered; answers whether there is something to do. What it says is not
 * believed: its object is read again from the provider when the row is worked on, so order and age do not matter.
 */
export async function receiveEvent(sql: Sql, event: Stripe.Event): Promise<boolean> {
  // Only these are worked on. Of anything else nothing is assumed: it is acknowledged and left alone.
  const { id, type, data } = (event ?? {}) as {
    id?: unknown
    type?: unknown
    data?: { object?: { id?: unknown } | null } | null
  }
  const object = data?.object?.id
  if (typeof type !== 'string' || !eventsWeRead.includes(type) || !isId(id) || !isId(object)) return false
  const rows = await sql.rows(
    `insert into stripe_inbox (id, type, object_id) values ($1, $2, $3) on conflict (id) do nothing returning 1`,
    [id, type, object],
  )
  return rows.length > 0
}

const batch = 20
const finished = `update stripe_inbox set processed_at = clock_timestamp() where id = $1`

/** Works on stored events, oldest first; any number of processes may. Answers how many it finished. */
export async function readInbox(db: Database, stripe: Stripe, log: Log): Promise<number> {
  const events = await db.rows<{ id: string; object_id: string }>(
    `select id, object_id from stripe_inbox where processed_at is null order by received_at limit ${batch}`,
  )
  let done = 0
  for (const event of events) {
    try {
      const session = await stripe.checkout.sessions.retrieve(event.object_id)
      await bookTopUp(db, session)
      await db.rows(finished, [event.id])
      done++
    } catch (error) {
      log.warn({ event_id: event.id, err: error }, 'an event of the payment provider could not be worked on')
      // Without an answer it stays and is tried again with the next round; a definite no would only stand before the others.
      if (isDefiniteNo(error)) await db.rows(finished, [event.id])
    }
  }
  return done
}

/** Asks the provider about top-ups that are still open: a webhook that never came costs a delay, not the money. */
export async function lookUpOpenTopUps(db: Database, stripe: Stripe, log: Log): Promise<void> {
  const open = await db.rows<{ session_id: string }>(
    `select session_id from topup where status = 'open' and session_id is not null
       and created_at between app_now() - interval '3 days' and app_now() - interval '2 minutes'
     order by looked_up_at nulls first, created_at limit 100`,
  )
  for (const { session_id } of open) {
    try {
      await bookTopUp(db, await stripe.checkout.sessions.retrieve(session_id))
    } catch (error) {
      log.warn({ session_id, err: error }, 'an open top-up could not be looked up')
    }
    // Whoever was asked about longest ago comes first, so that none is passed over however many are open.
    await db.rows(`update topup set looked_up_at = app_now() where session_id = $1`, [session_id])
  }
}

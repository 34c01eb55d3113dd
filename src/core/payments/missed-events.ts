import type Stripe from 'stripe'
import type { Database } from '../../base/db.ts'
import { receiveEvent } from './inbox.ts'
import { inTurn } from './turn.ts'

const name = 'missed events'
const turns = { everySeconds: 300, againSeconds: 30 }
/** How far back is read again each time: events are listed a moment after they have happened. */
const overlapSeconds = 3_600
/** How far the first reading of a market goes back. */
const firstSeconds = 86_400

/**
 * Reads the provider's own list of events and stores those that no message has brought: what nobody here could know to look up (a
 * dispute, a card refund that came back, a plan that somebody ended there) is found as well. It keeps its list for thirty days.
 * Answers how many were new.
 */
export const readMissedEvents = async (db: Database, stripe: Stripe): Promise<number> =>
  (await inTurn(db, name, turns, () => readOn(db, stripe))) ?? 0

async function readOn(db: Database, stripe: Stripe): Promise<number> {
  const [turn] = await db.rows<{ seen: number | null; now: number }>(
    `select seen_until as seen, floor(extract(epoch from clock_timestamp()))::float8 as now from provider_turn where name = $1`,
    [name],
  )
  const gte = turn!.seen === null ? turn!.now - firstSeconds : turn!.seen - overlapSeconds
  let newest = 0
  let missed = 0
  for await (const event of stripe.events.list({ created: { gte }, limit: 100 })) {
    newest = Math.max(newest, event.created)
    if (await receiveEvent(db, event)) missed++
  }
  // Only when all was read: whatever breaks off in between is read again from the same place.
  if (newest > 0)
    await db.rows(`update provider_turn set seen_until = greatest(seen_until, $2) where name = $1`, [name, newest])
  return missed
}

import type { Database } from '../../base/db.ts'
import { failpoint } from '../../base/failpoint.ts'
import { type Deliverer, openRuns, type Queue, type RunsNeeds, type Went } from '../deliveries/runs.ts'
import { nextTry } from '../deliveries/schedule.ts'
import { bookDelivered, bookFailed } from './book.ts'
import { putBack, renew, type Taken, takeDue } from './take.ts'
import type { Way } from './way.ts'

export interface DelivererNeeds extends Omit<RunsNeeds<Taken>, 'queue'> {
  readonly db: Database
  readonly way: Way
}

/** Sends webhooks what they are to be told, in the way that is given. */
export const openDeliverer = ({ db, way, ...needs }: DelivererNeeds): Deliverer =>
  openRuns({ ...needs, queue: queueOf(db, way) })

const queueOf = (db: Database, way: Way): Queue<Taken> => ({
  take: (token, room) => takeDue(db, token, room),
  renew: (held) => renew(db, held),
  putBack: (token, ids) => putBack(db, token, ids),
  send: (one, token, signal) => send(db, way, one, token, signal),
})

async function send(db: Database, way: Way, one: Taken, token: string, signal: AbortSignal): Promise<Went> {
  const begun = performance.now()
  const sent = await way(one, signal)
  if (!sent) return { isDelivered: null, isSlow: false }
  const outcome = { ...sent, url: one.url, durationMs: Math.round(performance.now() - begun) }
  if (sent.isDelivered) {
    await bookDelivered(db, token, one.id, outcome)
    failpoint('webhook', 'after_booking')
  } else {
    const again = one.event ? nextTry(one.tries + 1, sent.retryAfterSeconds, Math.random()) : null
    await bookFailed(db, token, one.id, outcome, again)
  }
  return { isDelivered: sent.isDelivered, isSlow: sent.isSlow }
}

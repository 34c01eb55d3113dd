import { stripeId } from '../ids.ts'
import type { Call } from './call.ts'
import { insert, type TwinEvent } from './store.ts'

/** The version the webhook endpoint is pinned to: that of the SDK in package.json (a test compares them). */
export const apiVersion = '2026-10-28.endive'

/** Writes an event and its delivery with the change itself: neither exists without the other. */
export async function emit(
  call: Call,
  type: string,
  object: object,
  previous?: Readonly<Record<string, unknown>>,
): Promise<void> {
  const event: TwinEvent = {
    id: stripeId('evt', 25),
    object: 'event',
    api_version: apiVersion,
    created: call.now,
    data: { object, ...(previous ? { previous_attributes: previous } : {}) },
    livemode: false,
    pending_webhooks: 1,
    request: call.request,
    type,
  }
  await insert<'event'>(call, event)
  await call.tx.query('insert into stripe_twin.delivery (event_id) values ($1)', [event.id])
}

import { stripeId } from '../ids.ts'
import type { Call } from './call.ts'
import { armedFaults, type Fault, type FaultKind, takeFault } from './faults.ts'
import { insert, type TwinEvent } from './store.ts'

/** The version the webhook endpoint is pinned to: that of the SDK in package.json (a test compares them). */
export const apiVersion = '2026-10-28.endive'

interface Told {
  /** What the changed fields were before. */
  readonly previous?: Readonly<Record<string, unknown>> | undefined
  /** The connected account this happened to, when it is not the platform's own. */
  readonly account?: string
}

/** Writes an event and its delivery with the change itself: neither exists without the other. */
export async function emit(call: Call, type: string, object: object, { previous, account }: Told = {}): Promise<void> {
  const event: TwinEvent = {
    id: stripeId('evt', 25),
    object: 'event',
    ...(account ? { account } : {}),
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
  await misdeliver(call, event)
}

/** Applies the injected fault, if there is one, that loses, doubles, delays or reorders this webhook. */
async function misdeliver(call: Call, { id, type }: TwinEvent): Promise<void> {
  const armed = await armedFaults(call.tx)
  const take = async <K extends FaultKind>(kind: K): Promise<Fault<K> | undefined> =>
    armed.has(kind) ? takeFault(call.tx, kind, { type }) : undefined
  const set = (what: string, value?: unknown): Promise<unknown> =>
    call.tx.query(
      `update stripe_twin.delivery set ${what} where event_id = $1`,
      value === undefined ? [id] : [id, value],
    )
  if (await take('webhook_missing'))
    await set(`given_up_at = clock_timestamp(), last_result = 'lost by an injected fault'`)
  const duplicate = await take('webhook_duplicate')
  if (duplicate) await set('copies = $2', duplicate.params.copies)
  const delay = await take('webhook_delay')
  if (delay) await set('hold_until = stripe_twin.now() + make_interval(secs => $2)', delay.params.seconds)
  const reorder = await take('webhook_reorder')
  if (!reorder) return
  // Held until its companions are there; if they never come, an hour of the twin's clock frees it.
  await set(`held_by = $2, hold_until = stripe_twin.now() + interval '1 hour'`, reorder.id)
  if (reorder.times > 0) return
  await call.tx.query(
    `update stripe_twin.delivery set held_by = null, hold_until = null, place = ends.low + ends.high - seq
     from (select min(seq) as low, max(seq) as high from stripe_twin.delivery where held_by = $1) as ends where held_by = $1`,
    [reorder.id],
  )
}

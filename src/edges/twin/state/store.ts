import type Stripe from 'stripe'
import { noSuch } from '../wire/api-error.ts'
import type { Call } from './call.ts'

/** The kinds of object the twin keeps, each in the shape of the SDK. A new kind is a new line. */
export interface Kinds {
  customer: Stripe.Customer
  'checkout.session': Stripe.Checkout.Session
  payment_method: Stripe.PaymentMethod
  setup_intent: Stripe.SetupIntent
  payment_intent: Stripe.PaymentIntent
  charge: Stripe.Charge
  balance_transaction: Stripe.BalanceTransaction
  refund: Stripe.Refund
  account: Stripe.Account
  transfer: Stripe.Transfer
  transfer_reversal: Stripe.TransferReversal
  dispute: Stripe.Dispute
  event: TwinEvent
}

export type Kind = keyof Kinds

/** `Stripe.Event` is a union of some 300 members; this is what they share. */
export interface TwinEvent {
  readonly id: string
  readonly object: 'event'
  readonly account?: string
  readonly api_version: string
  readonly created: number
  readonly data: { readonly object: unknown; readonly previous_attributes?: Readonly<Record<string, unknown>> }
  readonly livemode: false
  readonly pending_webhooks: number
  readonly request: Call['request']
  readonly type: string
}

/** Keeps a new object. `hidden` is what Stripe knows about it and does not show by itself. */
export async function insert<K extends Kind>(
  call: Call,
  body: Kinds[K] & { object: K },
  hidden: object = {},
): Promise<Kinds[K]> {
  await call.tx.query('insert into stripe_twin.object (id, kind, body, hidden) values ($1, $2, $3, $4)', [
    body.id,
    body.object,
    JSON.stringify(body),
    JSON.stringify(hidden),
  ])
  return body
}

/** The object with this id, or undefined. With `lock` it stays as it is until the call ends. */
export async function find<K extends Kind>(
  call: Call,
  kind: K,
  id: string,
  lock = false,
): Promise<Kinds[K] | undefined> {
  const sql = `select body from stripe_twin.object where id = $1 and kind = $2 ${lock ? 'for update' : ''}`
  const found = await call.tx.query<{ body: Kinds[K] }>(sql, [id, kind])
  return found.rows[0]?.body
}

/** The object with this id; a refusal when there is none. `param` names the parameter that referred to it. */
export async function get<K extends Kind>(call: Call, kind: K, id: string, param?: string): Promise<Kinds[K]> {
  return (await find(call, kind, id)) ?? refuse(kind, id, param)
}

/** Like `get`, for a change that depends on what is there: no other call changes it meanwhile. */
export async function getLocked<K extends Kind>(call: Call, kind: K, id: string, param?: string): Promise<Kinds[K]> {
  return (await find(call, kind, id, true)) ?? refuse(kind, id, param)
}

/** One hidden part of an object, or undefined. */
export async function findHidden(call: Call, id: string, part: string): Promise<unknown> {
  const found = await call.tx.query<{ part: unknown }>(
    'select hidden -> $2 as part from stripe_twin.object where id = $1',
    [id, part],
  )
  return found.rows[0]?.part ?? undefined
}

/** Sets some fields of an object that this call has locked or just made. */
export async function change<K extends Kind>(
  call: Call,
  kind: K,
  id: string,
  set: Partial<Kinds[K]>,
): Promise<Kinds[K]> {
  const sql = 'update stripe_twin.object set body = body || $3 where id = $1 and kind = $2 returning body'
  const changed = await call.tx.query<{ body: Kinds[K] }>(sql, [id, kind, JSON.stringify(set)])
  return changed.rows[0]?.body ?? refuse(kind, id)
}

/** Sets some hidden parts of an object. */
export async function changeHidden(call: Call, id: string, set: object): Promise<void> {
  await call.tx.query('update stripe_twin.object set hidden = hidden || $2 where id = $1', [id, JSON.stringify(set)])
}

/** Says when the clock alone must act on an object, in seconds by the twin's clock; null: never again. */
export async function setDue(call: Call, id: string, dueAt: number | null): Promise<void> {
  await call.tx.query('update stripe_twin.object set due_at = $2 where id = $1', [id, dueAt])
}

function refuse(kind: Kind, id: string, param?: string): never {
  throw noSuch(kind, id, param)
}

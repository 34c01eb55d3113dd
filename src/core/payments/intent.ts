import type Stripe from 'stripe'
import type { Database, Sql } from '../../base/db.ts'
import type { Log } from '../../base/log.ts'
import { life } from '../../base/states.ts'

/** What the provider is asked to do with money or for it. */
export type IntentKind = 'withdrawal' | 'card_refund' | 'auto_topup' | 'connect_account' | 'payout'
export type IntentStatus = 'asked' | 'done' | 'refused'

/** Asked until the provider has said yes or a definite no; an answer that was lost leaves it asked, to be looked up. */
export const intentLife = life(
  ['asked', 'done', 'refused'] as const,
  {
    confirm: { from: ['asked'], to: 'done', by: ['provider'] },
    refuse: { from: ['asked'], to: 'refused', by: ['provider'], note: 'a definite no: the money goes back' },
    look_up: { from: ['asked'], to: 'same', by: ['market'], note: 'no answer: within a minute, until there is one' },
    bounce: { from: ['done'], to: 'refused', by: ['provider'], note: 'a card refund that the bank sent back' },
  } as const,
)

export interface Intent {
  readonly id: string
  readonly kind: IntentKind
  readonly user_id: string
  readonly status: IntentStatus
  readonly amount_cents: number
  readonly target: string | null
  readonly customer: string | null
  readonly object_id: string | null
  readonly reason: string | null
  /** The work whose money it is about; null: the wallet's. */
  readonly ref: string | null
  readonly tries: number
  /** When it was written, by real time, in seconds since 1970. */
  readonly asked_seconds: number
}

const intentRow = `id, kind, user_id, status, amount_cents, target, customer, object_id, reason, ref, tries,
  extract(epoch from asked_at)::float8 as asked_seconds`

/** What the provider says of an intent. `open`: nothing definite yet. */
export type Outcome =
  | { readonly is: 'done'; readonly object: string }
  | { readonly is: 'refused'; readonly reason: string }
  | { readonly is: 'open' }

/** How one kind of intent is asked for, looked up and booked. */
export interface Errand {
  /** Asks the provider, under a key made from the intent's id. A definite no may be thrown as the provider's error. */
  ask(stripe: Stripe, intent: Intent): Promise<Outcome>
  /** What the provider knows of it, found without its key, which is forgotten after a day; null: nothing. */
  lookUp(stripe: Stripe, intent: Intent): Promise<Outcome | null>
  /** One guarded statement: the intent is done and its money where it belongs, once. */
  book(sql: Sql, intent: Intent, object: string): Promise<void>
  /** One guarded statement: the intent is refused and its money back, once. */
  undo(sql: Sql, intent: Intent, reason: string): Promise<void>
}

/** What the verbs on money at the provider need. */
export interface ProviderNeeds {
  readonly db: Database
  readonly stripe: Stripe
  readonly log: Log
}

// Longer than asking and looking up may take together.
const lease = `interval '150 seconds'`

/** When the worker may go on with an intent that a request is about to pursue: the request has the first go, and its answer. */
export const afterFirstGo = `app_now() + interval '3 seconds'`

export async function readIntent(sql: Sql, id: string): Promise<Intent | undefined> {
  const [intent] = await sql.rows<Intent>(`select ${intentRow} from provider_intent where id = $1`, [id])
  return intent
}

/** Takes an intent on for a while: whoever else wants to waits. Null: it has ended, or somebody is at it. */
export async function claimIntent(sql: Sql, id: string): Promise<Intent | null> {
  const [claimed] = await sql.rows<Intent>(
    `update provider_intent set leased_until = app_now() + ${lease}, due_at = app_now() + ${lease}, tries = tries + 1
     where id = $1 and status in (${intentLife.from('look_up')}) and (leased_until is null or leased_until <= app_now())
     returning ${intentRow}`,
    [id],
  )
  return claimed ?? null
}

/** Lets go of an intent without an answer: it is looked up soon, and then every minute. */
export async function releaseIntent(sql: Sql, { id, tries }: Intent): Promise<void> {
  await sql.rows(
    `update provider_intent set leased_until = null, due_at = app_now() + make_interval(secs => $2::integer)
     where id = $1 and status in (${intentLife.from('look_up')})`,
    [id, Math.min(60, 2 * 2 ** Math.min(tries, 6))],
  )
}

const ended = (kind: IntentKind, move: 'confirm' | 'refuse', set: string, after: string | null): string => `moved as (
  update provider_intent i set status = ${intentLife.to(move)}, ${set} = $2, ended_at = app_now(), leased_until = null
  ${after ? `from ${after}` : ''} where i.id = $1 and i.kind = '${kind}' and i.status in (${intentLife.from(move)})
    ${after ? `and i.user_id = ${after}.user_id` : ''} returning i.id, i.user_id, i.amount_cents, i.target, i.object_id, i.reason, i.ref
)`

/**
 * The part of a statement that ends an intent with a yes: `$1` its id, `$2` the provider's object. Leaves the CTE `moved`. It waits
 * for the CTE `after`, which has locked a row of the same `user_id`.
 */
export const confirmed = (kind: IntentKind, after: string | null = null): string =>
  ended(kind, 'confirm', 'object_id', after)

/** The same with a definite no: `$1` its id, `$2` the reason. */
export const declined = (kind: IntentKind, after: string | null = null): string =>
  ended(kind, 'refuse', 'reason', after)

/** Books what the provider says of an intent; of one that has ended nothing changes. */
export async function bookOutcome(sql: Sql, errand: Errand, intent: Intent, outcome: Outcome): Promise<void> {
  if (outcome.is === 'done') await errand.book(sql, intent, outcome.object)
  else if (outcome.is === 'refused') await errand.undo(sql, intent, outcome.reason)
}

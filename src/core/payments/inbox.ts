import Stripe from 'stripe'
import type { Database, Sql } from '../../base/db.ts'
import type { Log } from '../../base/log.ts'
import type { FundingDesk } from './funding/desk.ts'
import { handlerOf } from './handlers.ts'
import { wordsOf } from './stripe.ts'

const isId = (value: unknown): value is string => typeof value === 'string' && /^[\w-]{1,255}$/.test(value)
const isType = (value: unknown): value is string => typeof value === 'string' && /^[a-z0-9_.]{1,100}$/.test(value)

const store = `insert into stripe_inbox (id, type, object_id, status, processed_at, last_error)
  values ($1, $2, $3, $4, case when $4 <> 'waiting' then clock_timestamp() end, $5) on conflict (id) do nothing returning 1`

/**
 * Stores a verified event once, however often it is delivered; answers whether there is something to do. What it says is not
 * believed: its object is read again from the provider when the row is worked on, so order and age do not matter. Of a type that
 * nobody works on it is kept that it came.
 */
export async function receiveEvent(sql: Sql, event: Stripe.Event): Promise<boolean> {
  const { id, type, data, account } = (event ?? {}) as {
    id?: unknown
    type?: unknown
    data?: { object?: { id?: unknown } | null } | null
    account?: unknown
  }
  // Without a name of its own there is nothing to know it again by.
  if (!isId(id) || !isType(type)) return false
  const object = isId(data?.object?.id) ? data.object.id : null
  // What happens inside a connected account is its owner's affair; only of the account itself are we told to take note.
  const ours =
    handlerOf(type) !== undefined && (account === undefined || account === null || type.startsWith('account.'))
  const status = !ours ? 'not_ours' : object ? 'waiting' : 'given_up'
  const reason = status === 'given_up' ? 'The event names no object.' : null
  const rows = await sql.rows(store, [id, type, object, status, reason])
  return rows.length > 0 && status === 'waiting'
}

/** Events worked on at once by one process. */
const batch = 5

const claim = `update stripe_inbox set attempts = attempts + 1, due_at = clock_timestamp() + interval '5 minutes'
  where id in (
    select id from stripe_inbox where status = 'waiting' and due_at <= clock_timestamp()
    order by due_at limit ${batch} for update skip locked
  ) returning id, type, object_id, attempts`

const finished = `update stripe_inbox set status = 'done', processed_at = clock_timestamp(), last_error = null
  where id = $1 and status = 'waiting'`
const failed = `update stripe_inbox set last_error = $2, due_at = clock_timestamp() + make_interval(secs => $3)
  where id = $1 and status = 'waiting'`
const givenUp = `update stripe_inbox set status = 'given_up', processed_at = clock_timestamp(), last_error = $2
  where id = $1 and status = 'waiting'`

/** Tries before an event is given up: some three days, as long as the provider itself goes on. */
const triesMost = 24
/** What the provider does not know may be too new for the machine that was asked; after a minute and a half it is not. */
const triesOfMissing = 5

/** Seconds until the next try: 5, 10, 20 … up to six hours, and up to a quarter more, so that what failed together does not come back together. */
export const pauseAfter = (attempts: number): number =>
  Math.min(21_600, 5 * 2 ** Math.min(attempts - 1, 30)) * (1 + Math.random() / 4)

interface Claimed {
  readonly id: string
  readonly type: string
  readonly object_id: string
  readonly attempts: number
}

/** Works on stored events that are due, under a lease; any number of processes may. Answers how many it took up. */
export async function readInbox(db: Database, stripe: Stripe, log: Log, desk: FundingDesk): Promise<number> {
  const events = await db.rows<Claimed>(claim)
  await Promise.all(events.map((event) => workOn(db, stripe, log, desk, event)))
  return events.length
}

/** Whether there is probably more to do at once. */
export const isFullBatch = (taken: number): boolean => taken === batch

async function workOn(
  db: Database,
  stripe: Stripe,
  log: Log,
  desk: FundingDesk,
  { id, type, object_id, attempts }: Claimed,
): Promise<void> {
  try {
    await handlerOf(type)?.(db, stripe, object_id, desk)
  } catch (error) {
    const isHopeless = attempts >= (isMissing(error) ? triesOfMissing : triesMost)
    log.warn(
      { event_id: id, type, attempts, given_up: isHopeless, err: error },
      'an event of the payment provider could not be worked on',
    )
    if (isHopeless) await db.rows(givenUp, [id, wordsOf(error)])
    else await db.rows(failed, [id, wordsOf(error), pauseAfter(attempts)])
    return
  }
  await db.rows(finished, [id])
}

const isMissing = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError && error.statusCode === 404

/** What waits at the inbox and what it has given up, for the operator. */
export interface InboxState {
  readonly waiting: number
  readonly failing: number
  readonly given_up: number
  /** The newest of those given up. */
  readonly examples: readonly { readonly id: string; readonly type: string; readonly reason: string }[]
}

export async function inboxState(sql: Sql): Promise<InboxState> {
  const [counts] = await sql.rows<Omit<InboxState, 'examples'>>(
    // Each from an index that holds little else than what is counted.
    `select waiting, failing, given_up from
       (select count(*) as waiting, count(last_error) as failing from stripe_inbox where status = 'waiting') as open,
       (select count(*) as given_up from stripe_inbox where status = 'given_up') as ended`,
  )
  const examples = await sql.rows<InboxState['examples'][number]>(
    `select id, type, last_error as reason from stripe_inbox where status = 'given_up' order by processed_at desc limit 10`,
  )
  return { ...counts!, examples }
}

/** Events that were given up are worked on again from the start; answers how many. */
export async function retryGivenUp(sql: Sql): Promise<number> {
  const rows = await sql.rows(
    `update stripe_inbox set status = 'waiting', processed_at = null, attempts = 0, due_at = clock_timestamp()
     where status = 'given_up' and object_id is not null returning 1`,
  )
  return rows.length
}

/** The provider delivers again for three days, and by hand for thirty; what was given up stays. */
export async function tidyInbox(sql: Sql): Promise<void> {
  await sql.rows(
    `delete from stripe_inbox where status <> 'waiting' and status <> 'given_up' and processed_at < now() - interval '90 days'`,
  )
}

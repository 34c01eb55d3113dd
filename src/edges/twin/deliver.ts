import { createHmac } from 'node:crypto'
import type pg from 'pg'
import { expireOverdue } from './objects/checkout-session.ts'
import { actOnNextDue } from './objects/due.ts'
import { type Fees, inCall, nobody } from './state/call.ts'
import { pruneAnswers } from './state/idempotency.ts'
import type { TwinEvent } from './state/store.ts'
import { print } from './wire/print.ts'

export interface Receiver {
  readonly url: string
  readonly secret: string
}

interface Options {
  readonly pool: pg.Pool
  readonly receiver: Receiver
  readonly pagesBase: string
  readonly fees: Fees
  readonly log: (line: string) => void
}

export interface Deliveries {
  wake(): void
  close(): Promise<void>
}

const lookEveryMs = 500
const sweepEveryMs = 15_000
const receiverTimeoutMs = 10_000

/**
 * Sends what waits in the delivery table to the receiver, oldest first and one at a time, until each was answered
 * with 2xx or three days have gone. At least once: a twin that dies between the answer and its note sends again.
 */
export function startDeliveries(options: Options): Deliveries {
  const stop = new AbortController()
  let rouse: () => void = () => undefined
  let roused = false
  const rest = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, lookEveryMs)
      rouse = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const wake = (): void => {
    roused = true
    rouse()
  }
  const troubled = new Set<string>()
  /** Postgres may be away or restarting: everything waits in its tables until it is back. Said once, not at every look. */
  const attempt = async (what: string, work: () => Promise<boolean>): Promise<boolean> => {
    try {
      const worked = await work()
      troubled.delete(what)
      return worked
    } catch (error) {
      if (!troubled.has(what)) options.log(`${what} wait: ${error instanceof Error ? error.message : String(error)}`)
      troubled.add(what)
      return false
    }
  }
  const run = async (): Promise<void> => {
    let sweptAt = 0
    const sweepWhenDue = async (): Promise<boolean> => {
      if (Date.now() - sweptAt <= sweepEveryMs && !(await somethingIsDue(options))) return false
      await sweep(options)
      sweptAt = Date.now()
      return true
    }
    while (!stop.signal.aborted) {
      roused = false
      // Apart from each other: what the clock cannot do must not keep the webhooks.
      await attempt('timers', sweepWhenDue)
      if (await attempt('webhooks', () => deliverNext(options, stop.signal))) continue
      if (!roused && !stop.signal.aborted) await rest()
    }
  }
  const running = run()
  return {
    wake,
    async close() {
      stop.abort()
      wake()
      await running
    },
  }
}

/** The header by which the receiver knows that the bytes are ours and fresh, made exactly as Stripe makes it. */
export function signatureHeader(
  payload: string,
  secret: string,
  seconds: number = Math.floor(Date.now() / 1_000),
): string {
  const signature = createHmac('sha256', secret).update(`${seconds}.${payload}`).digest('hex')
  return `t=${seconds},v1=${signature}`
}

/**
 * Waiting time after the given number of failed tries: half a second, doubling, ten seconds at most. Stripe waits
 * for hours; our receiver is next door, and a top-up should not wait long after it is back.
 */
export function retryDelayMs(attempts: number): number {
  return Math.min(500 * 2 ** Math.min(attempts - 1, 20), 10_000)
}

async function sweep({ pool, pagesBase, fees }: Options): Promise<void> {
  const origin = { pagesBase, fees, request: nobody }
  await inCall(pool, origin, async (call) => {
    await expireOverdue(call)
    await pruneAnswers(call)
  })
  // Each in a transaction of its own: a year that is moved at once is many small steps.
  while (await inCall(pool, origin, actOnNextDue));
}

/** Whether the clock alone has anything to do: cheap, so that it can be asked at every look. */
async function somethingIsDue({ pool }: Options): Promise<boolean> {
  const { rows } = await pool.query<{ due: boolean }>(
    // The inner select is asked once and lets the index be used; the function alone would be asked for every row.
    `select exists (
       select from stripe_twin.object where due_at <= (select extract(epoch from stripe_twin.now())::bigint)
     ) as due`,
  )
  return rows[0]!.due
}

/** Takes the oldest due delivery and tries it once. False: nothing is due. */
async function deliverNext(options: Options, stop: AbortSignal): Promise<boolean> {
  // Taking it moves its due time past any possible try: if this process dies, another one finds it due again.
  const taken = await options.pool.query<{ attempts: number; copies: number; body: TwinEvent }>(
    `with taken as (
       update stripe_twin.delivery set attempts = attempts + 1, due_at = clock_timestamp() + interval '15 seconds'
       where event_id = (
         select event_id from stripe_twin.delivery
         where delivered_at is null and given_up_at is null and due_at <= clock_timestamp()
           and (hold_until is null or hold_until <= stripe_twin.now())
         order by coalesce(place, seq) limit 1 for update skip locked
       ) returning event_id, attempts, copies
     ) select taken.attempts, taken.copies, object.body from taken join stripe_twin.object on object.id = taken.event_id`,
  )
  const row = taken.rows[0]
  if (!row) return false
  let failure = await post(options.receiver, row.body, stop)
  for (let sent = 1; failure === undefined && sent < row.copies; sent += 1)
    failure = await post(options.receiver, row.body, stop)
  if (failure === undefined) await noteDelivered(options.pool, row.body.id)
  else await noteFailed(options, row.body, row.attempts, failure, stop.aborted)
  return true
}

/** Undefined: it arrived. */
async function post(receiver: Receiver, event: TwinEvent, stop: AbortSignal): Promise<string | undefined> {
  const payload = print(event)
  try {
    const answer = await fetch(receiver.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'stripe-signature': signatureHeader(payload, receiver.secret),
        'user-agent': 'Stripe/1.0 (clawrk twin)',
      },
      body: payload,
      redirect: 'manual',
      signal: AbortSignal.any([stop, AbortSignal.timeout(receiverTimeoutMs)]),
    })
    // The status is all that counts. An unread body would keep the connection.
    await answer.body?.cancel()
    return answer.ok ? undefined : `the receiver answered ${answer.status}`
  } catch (error) {
    if (stop.aborted) return 'the twin was stopped'
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return cause instanceof Error ? cause.message || cause.name : String(cause)
  }
}

async function noteDelivered(pool: pg.Pool, eventId: string): Promise<void> {
  await pool.query(
    `with delivered as (
       update stripe_twin.delivery set delivered_at = clock_timestamp(), last_result = 'delivered' where event_id = $1
     ) update stripe_twin.object set body = body || '{"pending_webhooks":0}' where id = $1`,
    [eventId],
  )
}

async function noteFailed(
  options: Options,
  event: TwinEvent,
  attempts: number,
  failure: string,
  stopped: boolean,
): Promise<void> {
  // A try that our own stop cut short is due again at once, for whoever comes next.
  const delay = stopped ? 0 : retryDelayMs(attempts)
  const noted = await options.pool.query<{ given_up: boolean }>(
    `update stripe_twin.delivery set last_result = $2,
       due_at = clock_timestamp() + $3 * interval '1 millisecond',
       given_up_at = case when to_timestamp($4) < clock_timestamp() - interval '3 days' then clock_timestamp() end
     where event_id = $1 returning given_up_at is not null as given_up`,
    [event.id, failure.slice(0, 500), delay, event.created],
  )
  const next = noted.rows[0]?.given_up ? 'given up after three days' : `again in ${delay / 1_000} s`
  // The first failure is said, then only now and then: a receiver that is down would fill the log.
  if (!stopped && (attempts === 1 || attempts % 100 === 0))
    options.log(`webhook ${event.type} ${event.id}: ${failure}; ${next}`)
}

import assert from 'node:assert/strict'
import { openLog } from '../../src/base/log.ts'
import { checkLaws } from '../../src/core/ledger/laws.ts'
import { gigLaws } from '../../src/desks/gigs/laws.ts'
import type { Job } from '../../src/desks/jobs/job.ts'
import { jobLaws } from '../../src/desks/jobs/laws.ts'
import { verifyBatch } from '../../src/desks/jobs/verify.ts'
import { type Answer, type Fields, newPerson, type Person, type TestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'

/** The job of the README tour, and work for it that passes the rules. */
export const unixPrompt = 'Research the history of the Unix operating system. The report must mention Bell Labs.'
export const unixReport =
  'Unix was born at Bell Labs in 1969, when Ken Thompson wrote an operating system for a spare PDP-7. ' +
  'Its history since then: rewritten in C in 1973, taken up by research at Berkeley as BSD, and followed by Linux.'
/** Work for the same job that no rule lets pass. */
export const junk = 'lorem ipsum dolor sit amet, nothing of this is about anything'

export interface Held extends Job {
  readonly match: { readonly score: number; readonly why: readonly string[] }
}

export interface Wallet {
  readonly balance_cents: number
  readonly withdrawable_cents: number
  readonly pending_cents: number
  readonly debt_cents: number
  readonly ledger: readonly {
    readonly id: string
    readonly delta: number
    readonly reason: string
    readonly created_at: string
  }[]
}

/** What every error looks like. */
export interface Refused {
  readonly error: string
  readonly code: string
  readonly request_id: string
  readonly issues?: readonly { readonly path: string; readonly message: string }[]
  readonly can?: readonly string[]
  readonly retryable?: boolean
  readonly retry_after_seconds?: number
  readonly [key: string]: unknown
}

/** Checks that an answer is a refusal of the documented shape with this status and code, and answers its body. */
export function refused(answer: Answer<unknown>, status: number, code: string): Refused {
  const body = answer.body as Refused
  assert.deepEqual({ status: answer.status, code: body?.code }, { status, code }, answer.text.slice(0, 500))
  assert.ok(body.error.length > 10 && /[.!?]$|: /.test(body.error), `not a sentence: ${body.error}`)
  assert.ok(body.request_id.length > 0)
  assert.equal(answer.headers.get('x-request-id'), body.request_id)
  return body
}

/** Checks the status of an answer that should have gone well, and answers its body. */
export function went<B>(answer: Answer<B>, status = 200): B {
  assert.equal(answer.status, status, answer.text.slice(0, 500))
  return answer.body
}

/** Several people with accounts, in the order of their names. */
export async function people<N extends readonly string[]>(
  market: Pick<TestMarket, 'db' | 'url'>,
  ...names: N
): Promise<{ [K in keyof N]: Person }> {
  return (await Promise.all(names.map((name) => newPerson(market, name)))) as { [K in keyof N]: Person }
}

let gifts = 0

/** Money in a wallet as if topped up by card, without a walk to the twin's page. */
export async function fund(market: Pick<TestMarket, 'db'>, { userId }: Person, cents: number): Promise<void> {
  const [row] = await market.db.rows<{ outcome: string }>(
    `select ledger_post('topup', 'topup:test', $3, 'USD', array['platform:stripe'], array['wallet:' || $1], array[$2::bigint]) as outcome`,
    [userId, cents, `topup:test-${++gifts}`],
  )
  assert.equal(row!.outcome, 'posted')
}

export const walletOf = async (person: Person): Promise<Wallet> =>
  went(await person.ask<Wallet>('GET', '/api/wallet/balance'))

/** What of a wallet came from cards and is not yet spent. */
export async function cardPartOf(market: TestMarket, { userId }: Person): Promise<number> {
  const [row] = await market.db.rows<{ card_part: number }>(
    `select card_part from ledger_account where id = 'wallet:' || $1`,
    [userId],
  )
  return row!.card_part
}

/** Posts a job that is paid at once: $5.00 and an hour, unless told otherwise. */
export async function post(sender: Person, fields: Fields = {}): Promise<Job> {
  const body = { prompt: unixPrompt, price_cents: 500, time_limit_seconds: 3600, confirmed: true, ...fields }
  return went(await sender.ask<Job>('POST', '/api/jobs/run', body), 201)
}

/** Saves a job that its sender cannot pay for now. */
export async function postUnpaid(sender: Person, fields: Fields = {}): Promise<Job> {
  const body = { prompt: unixPrompt, price_cents: 500, time_limit_seconds: 3600, confirmed: true, ...fields }
  return went(await sender.ask<{ job: Job }>('POST', '/api/jobs/run', body), 402).job
}

/** One of the verbs on a job that take nothing but its id. */
export const act = <B = Job>(person: Person, verb: string, { id }: Pick<Job, 'id'>, body?: unknown) =>
  person.ask<B>('POST', `/api/jobs/${id}/${verb}`, body)

export const claim = async (worker: Person, job: Pick<Job, 'id'>, agent: Fields = {}): Promise<Held> =>
  went(await act<Held>(worker, 'claim', job, agent))

/** Claims a job and accepts it. */
export async function take(worker: Person, job: Pick<Job, 'id'>, agent: Fields = {}): Promise<Job> {
  await claim(worker, job, agent)
  return went(await act(worker, 'accept', job))
}

export const submit = async (worker: Person, job: Pick<Job, 'id'>, output = unixReport): Promise<Job> =>
  went(await act(worker, 'submit', job, { output }))

export const see = async (person: Person, { id }: Pick<Job, 'id'>): Promise<Job> =>
  went(await person.ask<Job>('GET', `/api/jobs/${id}`))

/** Waits until somebody sees a job in a state, and answers the job. */
export const seeIn = (person: Person, job: Pick<Job, 'id'>, status: string): Promise<Job> =>
  until(`job ${job.id} becomes ${status}`, async () => {
    const seen = await see(person, job)
    return seen.status === status && seen
  })

const silent = openLog('silent', 'test')

/** Does what a worker process would: verifies what has been handed in. For markets without background work. */
export const verifyAll = ({ db }: TestMarket): Promise<number> => verifyBatch(db, silent)

/** Moves the market's clock and fires nothing: what is decided afterwards is decided by the clock alone. */
export async function moveClock({ db }: TestMarket, seconds: number): Promise<void> {
  await db.rows(`update app_clock set skew = skew + make_interval(secs => $1::float8)`, [seconds])
}

/** Moves the clock to a moment of a job's, or to some milliseconds beside it; fires nothing. */
export async function moveClockTo(
  { db }: TestMarket,
  { id }: Pick<Job, 'id'>,
  moment: 'hold_expires_at' | 'deadline_at' | 'due_at',
  beside = 0,
): Promise<void> {
  await db.rows(
    `update app_clock set skew = (select ${moment} from job where id = $1) - clock_timestamp() + make_interval(secs => $2::float8 / 1000)`,
    [id, beside],
  )
}

/** Money is where it belongs: the laws of ledger and desk hold, and every escrow holds the price of its live, paid job and nothing else. */
export async function assertLawful({ db }: Pick<TestMarket, 'db'>): Promise<void> {
  assert.deepEqual(await checkLaws(db, [...jobLaws, ...gigLaws]), [])
  const wrong = await db.rows(
    `select job.id, status, price_cents, coalesce(balance, 0) as escrow from job left join ledger_account a on a.id = 'escrow:job:' || job.id
     where coalesce(balance, 0) <> case when paid_at is not null and ended_at is null then coalesce(credit_cost, price_cents) else 0 end`,
  )
  assert.deepEqual(wrong, [], 'an escrow does not fit the state of its job')
}

/** How often money moved for a job, by kind of movement. */
export async function movementsOf({ db }: TestMarket, { id }: Pick<Job, 'id'>): Promise<Record<string, number>> {
  const rows = await db.rows<{ kind: string; times: number }>(
    `select kind, count(distinct source) as times from transfer where ref = 'job:' || $1 group by kind order by kind`,
    [id],
  )
  return Object.fromEntries(rows.map(({ kind, times }) => [kind, times]))
}

/** The names of a job's events, in order. */
export async function eventsOf({ db }: TestMarket, { id }: Pick<Job, 'id'>): Promise<string[]> {
  const rows = await db.rows<{ name: string }>(`select name from event where ref = 'job:' || $1 order by position`, [
    id,
  ])
  return rows.map(({ name }) => name)
}

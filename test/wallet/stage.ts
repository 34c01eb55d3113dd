import assert from 'node:assert/strict'
import { openLog } from '../../src/base/log.ts'
import { mintKey } from '../../src/core/accounts/create-key.ts'
import { scopes } from '../../src/core/accounts/scope.ts'
import { checkLaws } from '../../src/core/ledger/laws.ts'
import type { AutoTopUp } from '../../src/core/payments/auto-topup.ts'
import { bookTopUp } from '../../src/core/payments/book-top-up.ts'
import type { ProviderNeeds } from '../../src/core/payments/intent.ts'
import { paymentLaws } from '../../src/core/payments/laws.ts'
import { pursueDue } from '../../src/core/payments/pursue.ts'
import { openStripe } from '../../src/core/payments/stripe.ts'
import { assertLawful, people, went } from '../journeys/desk.ts'
import { ask, type Person, type TestMarket } from '../support/market.ts'

const needs = new Map<string, ProviderNeeds>()

/** The payments room as a worker process has it, on the market's own database and twin: one for all that is asked of it. */
export function needsOf({ db, twinUrl }: TestMarket): ProviderNeeds {
  const known = needs.get(twinUrl) ?? {
    db,
    stripe: openStripe({ stripe: { secretKey: null, apiBase: twinUrl } }),
    log: openLog(process.env.LOG_LEVEL ?? 'silent', 'test'),
  }
  needs.set(twinUrl, known)
  return { ...known, db }
}

/** People whose key may do everything with their wallet. */
export async function owners<N extends readonly string[]>(
  market: TestMarket,
  ...names: N
): Promise<{ [K in keyof N]: Person }> {
  const all = await people(market, ...names)
  return (await Promise.all(
    (all as readonly Person[]).map(async (person) => {
      const { key } = await market.db.transaction((sql) =>
        mintKey(sql, person.userId, { name: 'all', scopes: [...scopes] }),
      )
      const owner: Person = {
        ...person,
        key,
        ask: (method, path, body, headers = {}) =>
          ask(market.url, method, path, body, { authorization: `Bearer ${key}`, ...headers }),
        topUp: (cents) => topUpOf(market, owner, cents),
      }
      return owner
    }),
  )) as { [K in keyof N]: Person }
}

/** Pays on the twin's page and books what it says, as its webhook would; answers the payment. */
export async function paid(market: TestMarket, person: Person, cents: number): Promise<string> {
  await topUpOf(market, person, cents)
  const { stripe } = needsOf(market)
  const { data } = await stripe.checkout.sessions.list({ limit: 1 })
  await bookTopUp(market.db, data[0]!)
  return String(data[0]!.payment_intent)
}

/** Pays on the twin's page and waits for nothing: the money comes with the webhook, or by a look-up. */
async function topUpOf(market: TestMarket, person: Person, cents: number): Promise<void> {
  const { url } = went(await person.ask<{ url: string }>('POST', '/api/wallet/topup', { amount_cents: cents }))
  await ask(market.url, 'POST', url)
}

let jobs = 0

/** Money earned with a job for somebody else, without the job. */
export async function earn({ db }: TestMarket, { userId }: Person, cents: number): Promise<void> {
  const ref = `job:test-${++jobs}`
  for (const [kind, from, to] of [
    ['topup', 'platform:stripe', `escrow:${ref}`],
    ['job_settled', `escrow:${ref}`, `wallet:${userId}`],
  ] as const) {
    const [row] = await db.rows<{ outcome: string }>(
      `select ledger_post($1, $2, $2, 'USD', array[$3], array[$4], array[$5::bigint]) as outcome`,
      [kind, ref, from, to, cents],
    )
    assert.equal(row!.outcome, 'posted')
  }
}

/** Walks through the provider's form, as its owner would in a browser. */
export async function connected(market: TestMarket, person: Person): Promise<void> {
  const { url } = went(await person.ask<{ url: string }>('POST', '/api/stripe/connect'))
  await ask(market.url, 'POST', url)
  const { status } = went(await person.ask<{ status: string }>('GET', '/api/stripe/connect/status'))
  assert.equal(status, 'active')
}

export const autoTopUpOf = async (person: Person): Promise<AutoTopUp> =>
  went(await person.ask<AutoTopUp>('GET', '/api/wallet/auto-topup'))

/** Everything the market and the provider have of each other fits together. */
export async function assertBooked(market: TestMarket): Promise<void> {
  assert.deepEqual(await checkLaws(market.db, paymentLaws), [])
  await assertLawful(market)
}

/** Moves both clocks a little at a time until no intent is open any more. */
export async function settleAll(market: TestMarket): Promise<void> {
  for (let rounds = 0; rounds < 20; rounds++) {
    const [open] = await market.db.rows<{ n: number }>(
      `select count(*) as n from provider_intent where status = 'asked'`,
    )
    if (open!.n === 0) return
    await market.db.rows(`update app_clock set skew = skew + interval '151 seconds'`)
    await pursueDue(needsOf(market))
  }
  throw new Error('an intent stays open')
}

/** What the provider has done, by kind of object: ids in the order they were made. */
export async function madeAt({ db }: TestMarket, kind: string): Promise<{ id: string; amount: number }[]> {
  return db.rows(
    `select id, (body ->> 'amount')::integer as amount from stripe_twin.object where kind = $1 order by seq`,
    [kind],
  )
}

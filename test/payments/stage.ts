import assert from 'node:assert/strict'
import type { Comparison } from '../../src/core/payments/books/compare.ts'
import { reconcile } from '../../src/core/payments/books/reconcile.ts'
import { went } from '../journeys/desk.ts'
import { ask, type Person, type TestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { needsOf } from '../wallet/stage.ts'

/** What a person has in credits. */
export async function creditsOf({ db }: TestMarket, { userId }: Person): Promise<number> {
  const [row] = await db.rows<{ balance: number }>(`select balance from ledger_account where id = 'credits:' || $1`, [
    userId,
  ])
  return row!.balance
}

export async function tierOf(person: Person): Promise<string> {
  return went(await person.ask<{ user: { subscription_tier: string } }>('POST', '/api/whoami')).user.subscription_tier
}

/** Starts a plan and pays for it on the twin's page; answers the session's id. */
export async function subscribe(market: TestMarket, person: Person, tier: string): Promise<string> {
  const { url } = went(await person.ask<{ url: string }>('POST', '/api/stripe/checkout', { tier }))
  await ask(market.url, 'POST', url)
  return url.split('/').at(-1)!
}

export const untilCredits = (market: TestMarket, person: Person, credits: number): Promise<unknown> =>
  until(`${credits} credits`, async () => (await creditsOf(market, person)) === credits)

/** The ledger beside the twin, with nothing taken for being on its way. */
export const compareNow = (market: TestMarket): Promise<Comparison> =>
  reconcile(market.db, needsOf(market).stripe, { graceSeconds: -1 })

/** Waits until every fee is booked, too; then the two agree to the cent. */
export async function assertReconciled(market: TestMarket): Promise<void> {
  let last: Comparison | undefined
  await until('the ledger and the provider agree', async () => {
    last = await compareNow(market)
    return last.differences.length === 0
  }).catch(() => {})
  assert.deepEqual(last!.differences, [])
  assert.equal(last!.in_flight, 0)
  assert.ok(last!.matched > 0, 'there was something to compare')
}

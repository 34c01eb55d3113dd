import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { lookUpOpenTopUps } from '../../src/core/payments/look-up.ts'
import { lookUpPlans } from '../../src/core/payments/plans/look-up.ts'
import { went } from '../journeys/desk.ts'
import { ask, type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { assertBooked, connected, needsOf, owners } from '../wallet/stage.ts'
import { assertReconciled, creditsOf, subscribe, tierOf } from './stage.ts'

/** What a pair of people have at the end of everything that money does at the provider. */
interface Ends {
  readonly payer: { readonly balance: number; readonly credits: number; readonly tier: string }
  readonly worker: { readonly balance: number }
}
const expected: Ends = { payer: { balance: 4_600, credits: 60, tier: 'starter' }, worker: { balance: 200 } }

const balanceOf = async (person: Person): Promise<number> =>
  went(await person.ask<{ balance_cents: number }>('GET', '/api/wallet/balance')).balance_cents

/** Two people walk through every flow; how each message of the provider comes is the scene's affair. */
async function walk(market: TestMarket, look: () => Promise<unknown>): Promise<void> {
  const [payer, worker] = await owners(market, 'Payer', 'Worker')
  const untilHas = (person: Person, cents: number): Promise<unknown> =>
    until(`${cents} cents`, async () => {
      await look()
      return (await balanceOf(person)) === cents
    })
  await payer.topUp(5_000)
  await untilHas(payer, 5_000)
  await subscribe(market, payer, 'starter')
  went(await payer.ask('POST', '/api/wallet/refund', { amount_cents: 1_000 }))
  const setup = went(await payer.ask<{ url: string }>('POST', '/api/wallet/setup-payment-method'))
  await ask(market.url, 'POST', setup.url)
  await until('the card is kept', async () => {
    await look()
    return went(await payer.ask<{ card: unknown }>('GET', '/api/wallet/auto-topup')).card !== null
  })
  went(
    await payer.ask('POST', '/api/wallet/auto-topup', {
      enabled: true,
      amount_cents: 1_600,
      threshold_cents: 1_600,
      max_per_day_cents: 1_600,
    }),
  )
  await connected(market, worker)
  for (const [kind, from, to] of [
    ['job_paid', `wallet:${payer.userId}`, `escrow:job:${payer.userId}`],
    ['job_settled', `escrow:job:${payer.userId}`, `wallet:${worker.userId}`],
  ] as const)
    await market.db.rows(
      `select ledger_post($1, 'job:' || $4, 'job:' || $4, 'USD', array[$2], array[$3], array[1000::bigint])`,
      [kind, from, to, payer.userId],
    )
  went(await worker.ask('POST', '/api/wallet/withdraw', { amount_cents: 800 }))
  await untilHas(worker, 200)
  await untilHas(payer, 3_000)
  // Another job takes it below the threshold, and the saved card fills it up.
  await market.db.rows(
    `select ledger_post('job_paid', 'job:more', 'more:' || $1::text, 'USD', array['wallet:' || $1::text], array['escrow:job:more'], array[2900::bigint])`,
    [payer.userId],
  )
  await untilHas(payer, 1_700)
  await market.db.rows(
    `select ledger_post('refund', 'job:more', 'more back:' || $1::text, 'USD', array['escrow:job:more'], array['wallet:' || $1::text], array[2900::bigint])`,
    [payer.userId],
  )
  const read = async (): Promise<Ends> => ({
    payer: { balance: await balanceOf(payer), credits: await creditsOf(market, payer), tier: await tierOf(payer) },
    worker: { balance: await balanceOf(worker) },
  })
  await until('the plan is there', async () => {
    await look()
    const { payer: end } = await read()
    return end.credits === expected.payer.credits && end.tier === 'starter'
  })
  assert.deepEqual(await read(), expected)
  // Whatever still comes changes nothing.
  await market.stripe.clear()
  await until('nothing waits', async () => {
    await look()
    const [row] = await market.db.rows<{ n: number }>(`select count(*) as n from stripe_inbox where status = 'waiting'`)
    return row!.n === 0
  })
  assert.deepEqual(await read(), expected)
  await assertReconciled(market)
  await assertBooked(market)
}

const many = { times: 10_000 }

async function scene(name: string, arrange: (market: TestMarket) => Promise<unknown>, looks = false): Promise<void> {
  const market = await startTestMarket()
  after(() => market.close())
  await test(`each message of the provider ${name}: balances exact, the books agree`, async () => {
    await arrange(market)
    const { db, stripe, log } = needsOf(market)
    await walk(market, async () => {
      if (!looks) return
      // Look-ups begin two minutes after something was asked for.
      await db.rows(`update app_clock set skew = skew + interval '3 minutes'`)
      await lookUpOpenTopUps(db, stripe, log)
      await lookUpPlans(db, stripe, log)
    })
  })
}

await scene('delivered three times', ({ stripe }) => stripe.fault('webhook_duplicate', { copies: 3 }, many))
await scene('delivered in the wrong order', ({ stripe }) => stripe.fault('webhook_reorder', {}, { times: 3 }))
await scene(
  'an hour late',
  async ({ stripe, advance }) => {
    await stripe.fault('webhook_delay', { seconds: 3_600 }, many)
    setTimeout(() => void advance(3_700).catch(() => {}), 2_000)
  },
  true,
)
await scene('lost', ({ stripe }) => stripe.fault('webhook_missing', {}, many), true)

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startCharges } from '../../src/core/payments/auto-charge.ts'
import { chargeback } from '../../src/core/payments/chargeback.ts'
import { noDesk } from '../../src/core/payments/funding/desk.ts'
import { pursue } from '../../src/core/payments/pursue.ts'
import type { Refunded } from '../../src/core/payments/refund.ts'
import type { Job } from '../../src/desks/jobs/job.ts'
import { act, fund, post, walletOf, went } from '../journeys/desk.ts'
import { at } from '../races/contest.ts'
import { type Answer, ask, startTestMarket } from '../support/market.ts'
import { assertBooked, connected, earn, madeAt, needsOf, owners, paid } from './stage.ts'

const market = await startTestMarket({ worker: false, apis: 2 })
after(() => market.close())
const needs = needsOf(market)

test('1,000 debits, withdrawals, refunds and cancellations at once against one wallet and one mandate: never below zero, never a cent over', async () => {
  const [ada] = await owners(market, 'Ada')
  await connected(market, ada)
  for (const cents of [10_000, 10_000, 10_000]) await paid(market, ada, cents)
  await earn(market, ada, 20_000)
  const { key, id } = went(
    await ask<{ key: string; id: string }>(
      market.url,
      'POST',
      '/api/keys',
      { spend_limit_cents: 8_050 },
      { cookie: ada.cookie, origin: market.url },
    ),
    201,
  )
  const spender = { ...ada, key }
  const open: Job[] = []
  for (let n = 0; n < 50; n++) open.push(await post(ada, { price_cents: 100 }))
  const calls = Array.from({ length: 1_000 }, (_, n): Promise<Answer> => {
    const url = market.urls[n % 2]
    switch (n % 10) {
      case 8:
        // A refund of the work is never in the way of a limit.
        return n < 500
          ? act(at(url, spender), 'cancel', open[Math.floor(n / 10)]!)
          : at(url, ada).ask('POST', '/api/wallet/refund', { amount_cents: 150 })
      case 9:
        return at(url, ada).ask('POST', '/api/wallet/withdraw', { amount_cents: 500 })
      default: {
        const body = { prompt: `Write haiku number ${n}.`, price_cents: 100, time_limit_seconds: 600, confirmed: true }
        return at(url, n % 3 === 0 ? ada : spender).ask('POST', '/api/jobs/run', body)
      }
    }
  })
  const answers = await Promise.all(calls)
  const count = (which: (n: number) => boolean, status: number): number =>
    answers.filter((answer, n) => which(n) && answer.status === status).length
  for (const [n, answer] of answers.entries()) assert.ok(answer.status < 500, `${n}: ${answer.status} ${answer.text}`)
  assert.equal(
    count((n) => n % 10 === 8 && n < 500, 200),
    50,
    'no refund of work was in anybody’s way',
  )
  const jobs = count((n) => n % 10 < 8, 201)
  const refunded = count((n) => n % 10 === 8 && n >= 500, 200)
  const withdrawn = count((n) => n % 10 === 9, 200)
  const [day] = await market.db.rows<{ spent: number }>(`select spent from mandate_day where lineage = $1`, [id])
  assert.equal(day!.spent, 8_000, 'the mandate: eighty jobs, and fifty cents are too few for another')
  const wallet = await walletOf(ada)
  assert.equal(wallet.balance_cents, 50_000 - jobs * 100 - refunded * 150 - withdrawn * 500)
  assert.deepEqual(
    (await madeAt(market, 'transfer')).map(({ amount }) => amount),
    Array(withdrawn).fill(500),
  )
  assert.ok(withdrawn * 500 <= 20_000, 'only what was earned left by withdrawal')
  assert.ok(wallet.balance_cents >= 0)
  await assertBooked(market)
})

test('the last cents of a wallet, wanted by everybody at once', async () => {
  const [bea] = await owners(market, 'Bea')
  await connected(market, bea)
  for (let round = 0; round < 10; round++) {
    await paid(market, bea, 500)
    await earn(market, bea, 500)
    const before = await walletOf(bea)
    const [job, out, back] = await Promise.all([
      at(market.urls[1], bea).ask('POST', '/api/jobs/run', {
        prompt: 'Write a haiku.',
        price_cents: before.balance_cents,
        time_limit_seconds: 600,
        confirmed: true,
      }),
      bea.ask('POST', '/api/wallet/withdraw', { amount_cents: before.withdrawable_cents }),
      at(market.urls[1], bea).ask<Refunded>('POST', '/api/wallet/refund'),
    ])
    assert.ok(job.status === 402 || (out.status !== 200 && back.status !== 200), 'the whole wallet and a part of it')
    const left = (await walletOf(bea)).balance_cents
    assert.ok(left >= 0)
    if (job.status === 201) went(await act(bea, 'cancel', job.body as unknown as Job))
    await assertBooked(market)
  }
})

test('debits at both APIs while workers charge the card: one charge in flight, the cap of the day to the cent', async () => {
  const [cleo] = await owners(market, 'Cleo')
  const setup = went(await cleo.ask<{ url: string }>('POST', '/api/wallet/setup-payment-method'))
  await ask(market.url, 'POST', setup.url)
  const { lookUpCardSetups } = await import('../../src/core/payments/card.ts')
  await lookUpCardSetups(market.db, needs.stripe, needs.log)
  await fund(market, cleo, 1_000)
  went(
    await cleo.ask('POST', '/api/wallet/auto-topup', {
      enabled: true,
      amount_cents: 600,
      threshold_cents: 600,
      max_per_day_cents: 5_000,
    }),
  )
  let going = true
  const workers = Array.from({ length: 6 }, async () => {
    while (going) {
      for (const id of await startCharges(market.db)) await pursue(needs, id)
      const [open] = await market.db.rows<{ n: number }>(
        `select count(*) as n from provider_intent where kind = 'auto_topup' and status = 'asked' and user_id = $1`,
        [cleo.userId],
      )
      assert.ok(open!.n <= 1)
    }
  })
  let jobs = 0
  for (let wave = 0; wave < 12; wave++) {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        at(market.urls[n % 2], cleo).ask('POST', '/api/jobs/run', {
          prompt: `Write haiku ${wave} ${n}.`,
          price_cents: 100,
          time_limit_seconds: 600,
          confirmed: true,
        }),
      ),
    )
    jobs += answers.filter(({ status }) => status === 201).length
    await new Promise((done) => setTimeout(done, 30))
  }
  going = false
  await Promise.all(workers)
  const charged = (await madeAt(market, 'payment_intent')).filter(({ amount }) => amount === 600).length
  assert.ok(charged <= 8, `${charged} charges of $6.00 are more than $50.00`)
  assert.equal((await walletOf(cleo)).balance_cents, 1_000 + charged * 600 - jobs * 100)
  // Only debits came between a decision and its charge: none was made that was not wanted any more.
  const needless = await market.db.rows(
    `select position, before from (
       select position, kind, sum(delta) over (order by position) - delta as before from (
         select position, kind, case when to_account = 'wallet:' || $1 then amount else -amount end as delta from transfer
         where 'wallet:' || $1 in (from_account, to_account)) as line) as lines
     where kind = 'auto_topup' and before >= 600`,
    [cleo.userId],
  )
  assert.deepEqual(needless, [])
  await assertBooked(market)
})

test('a dispute, its end, earnings, jobs and refunds at once: the laws hold, and whoever owes has nothing', async () => {
  const [dora] = await owners(market, 'Dora')
  await connected(market, dora)
  for (let round = 0; round < 5; round++) {
    const payment = await paid(market, dora, 1_000)
    const { id } = await market.stripe.dispute({ payment_intent: payment })
    await Promise.all([
      chargeback(market.db, needs.stripe, noDesk, id),
      earn(market, dora, 700),
      dora.ask('POST', '/api/wallet/refund'),
      dora.ask('POST', '/api/wallet/withdraw', { amount_cents: 500 }),
      dora.ask('POST', '/api/jobs/run', {
        prompt: 'Write a haiku.',
        price_cents: 300,
        time_limit_seconds: 600,
        confirmed: true,
      }),
      chargeback(market.db, needs.stripe, noDesk, id),
    ])
    await assertBooked(market)
    await market.stripe.decide(id, round % 2 ? 'won' : 'lost')
    await Promise.all([
      chargeback(market.db, needs.stripe, noDesk, id),
      earn(market, dora, 100),
      chargeback(market.db, needs.stripe, noDesk, id),
    ])
    await assertBooked(market)
  }
})

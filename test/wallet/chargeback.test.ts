import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { platformBalance } from '../../src/core/ledger/laws.ts'
import { chargeback, writeOffDebts } from '../../src/core/payments/chargeback.ts'
import { noDesk } from '../../src/core/payments/funding/desk.ts'
import {
  act,
  cardPartOf,
  fund,
  people,
  post,
  refused,
  submit,
  take,
  verifyAll,
  walletOf,
  went,
} from '../journeys/desk.ts'
import { type Person, startTestMarket } from '../support/market.ts'
import { assertBooked, connected, earn, needsOf, owners, paid } from './stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const { db, stripe } = needsOf(market)

interface State {
  readonly balance: number
  readonly card: number
  readonly withdrawable: number
  readonly debt: number
}

async function stateOf(person: Person): Promise<State> {
  const wallet = await walletOf(person)
  return {
    balance: wallet.balance_cents,
    card: await cardPartOf(market, person),
    withdrawable: wallet.withdrawable_cents,
    debt: wallet.debt_cents,
  }
}

const disputed = async (payment: string, amount?: number): Promise<string> =>
  (await market.stripe.dispute({ payment_intent: payment }, amount ? { amount } : {})).id

/** Spends from the wallet on a job that somebody else does. */
async function spend(sender: Person, cents: number): Promise<void> {
  const [worker] = await people(market, 'Worker')
  const job = await post(sender, { price_cents: cents })
  await take(worker, job)
  await submit(worker, job)
  await verifyAll(market)
}

test('paid out, then refunded in three parts, then charged back: sums exact, the debt shown, withdrawal blocked until earnings repay it', async () => {
  const [ada] = await owners(market, 'Ada')
  await connected(market, ada)
  const payment = await paid(market, ada, 5_000)
  await spend(ada, 2_000)
  await earn(market, ada, 900)
  went(await ada.ask('POST', '/api/wallet/withdraw', { amount_cents: 900 }))
  for (const cents of [333, 334, 335]) went(await ada.ask('POST', '/api/wallet/refund', { amount_cents: cents }))
  assert.deepEqual(await stateOf(ada), { balance: 1_998, card: 1_998, withdrawable: 0, debt: 0 })
  const processing = await platformBalance(db, 'platform:processing')
  const atStripe = await platformBalance(db, 'platform:stripe')

  const dispute = await disputed(payment)
  for (let told = 0; told < 3; told++) await chargeback(db, stripe, noDesk, dispute)
  // 5,000 − 1,002 refunded are disputed: the wallet bears 1,998, the rest is owed.
  assert.deepEqual(await stateOf(ada), { balance: 0, card: 0, withdrawable: 0, debt: 2_000 })
  assert.equal(await platformBalance(db, 'platform:processing'), processing + 1_500, 'the fee of the dispute')
  assert.equal(await platformBalance(db, 'platform:stripe'), atStripe + 3_998 - 1_500)
  refused(await ada.ask('POST', '/api/wallet/withdraw', { amount_cents: 500 }), 400, 'debt_first')
  await market.stripe.decide(dispute, 'lost')
  await chargeback(db, stripe, noDesk, dispute)
  refused(await ada.ask('POST', '/api/wallet/refund'), 400, 'nothing_to_refund')

  await earn(market, ada, 1_500)
  assert.deepEqual(await stateOf(ada), { balance: 0, card: 0, withdrawable: 0, debt: 500 })
  refused(await ada.ask('POST', '/api/wallet/withdraw', { amount_cents: 500 }), 400, 'debt_first')
  await earn(market, ada, 1_200)
  assert.deepEqual(await stateOf(ada), { balance: 700, card: 0, withdrawable: 700, debt: 0 })
  went(await ada.ask('POST', '/api/wallet/withdraw', { amount_cents: 700 }))
  assert.deepEqual(
    (await walletOf(ada)).ledger.slice(0, 6).map(({ delta, reason }) => [delta, reason.split(':')[0]]),
    [
      [-700, 'withdrawal'],
      [-500, 'debt_repaid'],
      [1_200, 'earning'],
      [-1_500, 'debt_repaid'],
      [1_500, 'earning'],
      [-1_998, 'chargeback'],
    ],
  )
  await assertBooked(market)
})

test('won: the wallet and the debt are as before; what was repaid meanwhile comes back as what it was', async () => {
  const [bea] = await owners(market, 'Bea')
  const payment = await paid(market, bea, 3_000)
  await spend(bea, 2_000)
  const dispute = await disputed(payment)
  await chargeback(db, stripe, noDesk, dispute)
  assert.deepEqual(await stateOf(bea), { balance: 0, card: 0, withdrawable: 0, debt: 2_000 })
  await earn(market, bea, 300)
  await paid(market, bea, 500)
  assert.deepEqual(await stateOf(bea), { balance: 0, card: 0, withdrawable: 0, debt: 1_200 })
  await market.stripe.decide(dispute, 'won')
  for (let told = 0; told < 3; told++) await chargeback(db, stripe, noDesk, dispute)
  // 1,000 of the first top-up and 500 of the second are unspent again, and 300 were earned.
  assert.deepEqual(await stateOf(bea), { balance: 1_800, card: 1_500, withdrawable: 300, debt: 0 })
  assert.equal(went(await bea.ask<{ amount_cents: number }>('POST', '/api/wallet/refund')).amount_cents, 1_500)
  await assertBooked(market)
})

test('messages in any order: won before it was heard of takes nothing, and an old reading takes nothing afterwards', async () => {
  const [cleo] = await owners(market, 'Cleo')
  const payment = await paid(market, cleo, 1_000)
  const dispute = await disputed(payment)
  const early = await stripe.disputes.retrieve(dispute)
  await market.stripe.decide(dispute, 'won')
  await chargeback(db, stripe, noDesk, dispute)
  const stale = { ...stripe, disputes: { retrieve: async () => early } } as unknown as typeof stripe
  await chargeback(db, stale, noDesk, dispute)
  assert.deepEqual(await stateOf(cleo), { balance: 1_000, card: 1_000, withdrawable: 0, debt: 0 })
  await assertBooked(market)
})

test('a dispute that is heard of before its payment was booked: first the one, then the other', async () => {
  const [dora] = await owners(market, 'Dora')
  await dora.topUp(1_000)
  const { data } = await stripe.checkout.sessions.list({ limit: 1 })
  await chargeback(db, stripe, noDesk, await disputed(String(data[0]!.payment_intent)))
  assert.deepEqual(await stateOf(dora), { balance: 0, card: 0, withdrawable: 0, debt: 0 })
  assert.deepEqual(
    (await walletOf(dora)).ledger.map(({ delta }) => delta),
    [-1_000, 1_000],
  )
  await assertBooked(market)
})

test('whatever comes in repays first: refunds of jobs, top-ups, many payouts at once; nothing of it is spent meanwhile', async () => {
  const [emma] = await owners(market, 'Emma')
  const payment = await paid(market, emma, 3_000)
  const open = await post(emma, { price_cents: 1_000 })
  await chargeback(db, stripe, noDesk, await disputed(payment))
  assert.deepEqual(await stateOf(emma), { balance: 0, card: 0, withdrawable: 0, debt: 1_000 })
  went(await act(emma, 'cancel', open))
  assert.deepEqual(await stateOf(emma), { balance: 0, card: 0, withdrawable: 0, debt: 0 })

  // Three jobs at once are settled in one posting.
  const [finn] = await owners(market, 'Finn')
  const second = await paid(market, finn, 800)
  const wasted = await post(finn, { price_cents: 800 })
  await chargeback(db, stripe, noDesk, await disputed(second))
  assert.equal((await stateOf(finn)).debt, 800)
  const [gus] = await people(market, 'Gus')
  await fund(market, gus, 1_500)
  for (let n = 0; n < 3; n++) {
    const job = await post(gus, { price_cents: 500 })
    await take(finn, job)
    await submit(finn, job)
  }
  assert.equal(await verifyAll(market), 3)
  // Three times $3.50, and $8.00 of that were owed.
  assert.deepEqual(await stateOf(finn), { balance: 250, card: 0, withdrawable: 250, debt: 0 })
  went(await act(finn, 'cancel', wasted))
  assert.equal((await stateOf(finn)).balance, 1_050)
  await assertBooked(market)
})

test('two disputes at once, one won and one lost; a part of a payment only', async () => {
  const [hana] = await owners(market, 'Hana')
  const [first, second] = [await paid(market, hana, 1_000), await paid(market, hana, 2_000)]
  await spend(hana, 2_500)
  const [lost, won] = [await disputed(first), await disputed(second, 1_500)]
  await Promise.all([
    chargeback(db, stripe, noDesk, lost),
    chargeback(db, stripe, noDesk, won),
    chargeback(db, stripe, noDesk, won),
  ])
  assert.deepEqual(await stateOf(hana), { balance: 0, card: 0, withdrawable: 0, debt: 2_000 })
  await market.stripe.decide(won, 'won')
  await market.stripe.decide(lost, 'lost')
  await Promise.all([
    chargeback(db, stripe, noDesk, lost),
    chargeback(db, stripe, noDesk, won),
    chargeback(db, stripe, noDesk, lost),
  ])
  assert.equal((await stateOf(hana)).debt, 500)
  assert.equal((await stateOf(hana)).balance, 0)
  await assertBooked(market)
})

test('a debt of two years is written off, a younger one is not; payments have repaid the oldest first', async () => {
  const [ida] = await owners(market, 'Ida')
  const old = await paid(market, ida, 1_000)
  await spend(ida, 1_000)
  await chargeback(db, stripe, noDesk, await disputed(old))
  await db.rows(`update app_clock set skew = skew + interval '400 days'`)
  const young = await paid(market, ida, 1_000)
  await earn(market, ida, 300)
  await chargeback(db, stripe, noDesk, await disputed(young))
  assert.equal((await stateOf(ida)).debt, 700)
  await writeOffDebts(db)
  assert.equal((await stateOf(ida)).debt, 700)
  await db.rows(`update app_clock set skew = skew + interval '331 days'`)
  // All of the first 1,000 have been repaid, and the second is not that old.
  await writeOffDebts(db)
  assert.equal((await stateOf(ida)).debt, 700)
  const losses = await platformBalance(db, 'platform:losses')
  await db.rows(`update app_clock set skew = skew + interval '400 days'`)
  assert.equal(await writeOffDebts(db), 1)
  assert.equal((await stateOf(ida)).debt, 0)
  assert.equal(await writeOffDebts(db), 0)
  assert.equal(await platformBalance(db, 'platform:losses'), losses - 700)
  await earn(market, ida, 100)
  assert.deepEqual(await stateOf(ida), { balance: 100, card: 0, withdrawable: 100, debt: 0 })
  await assertBooked(market)
})

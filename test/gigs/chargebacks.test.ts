import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { paymentDisputed } from '../../src/desks/gigs/milestone/with-bank.ts'
import { leave } from '../accounts/leaving-stage.ts'
import { refused, went } from '../journeys/desk.ts'
import {
  assertExact,
  decided,
  disputed,
  empty,
  fundedWork,
  paidOutOf,
  payOut,
  payoutNow,
  purseOf,
  releasedWork,
  toItsDay,
  transfersFor,
  type Work,
} from '../payments/payouts-stage.ts'
import { startTestMarket } from '../support/market.ts'
import { paid, settleAll } from '../wallet/stage.ts'
import { heldFor, see } from './contract-stage.ts'
import { anOperator, dispute, resolveIt, seeDispute } from './dispute-stage.ts'
import { type MilestoneVerb, move, moved, newsOf, seen, sweepAll } from './milestone-stage.ts'

// The bank of who has paid for a milestone takes the money back, at every moment of the milestone's life.
const market = await startTestMarket({ worker: false })
after(() => market.close())

const day = 86_400
const held = (work: Work): Promise<number> => heldFor(market, work.milestone)
const statusOf = async ({ client, milestone }: Work): Promise<string> => (await seen(client, milestone)).status
const contractOf = async ({ client, contract }: Work): Promise<string> => (await see(client, contract)).status

/** Days that a milestone still has, by its deadline. */
async function daysLeft({ milestone }: Work): Promise<number | null> {
  const [row] = await market.db.rows<{ days: number | null }>(
    `select round(extract(epoch from due_at - app_now()) / 86400)::integer as days from milestone where id = $1`,
    [milestone.id],
  )
  return row!.days
}
const pass = (days: number): Promise<unknown> =>
  market.db.rows(`update app_clock set skew = skew + make_interval(days => $1::integer)`, [days])

test('funded: frozen for everybody and every timer; won, it goes on with the time it had, and is released and paid out', async () => {
  const work = await fundedWork(market)
  const { client, worker, milestone } = work
  assert.equal(await daysLeft(work), 44)
  const chargeback = await disputed(market, work)
  const frozen = await seen(client, milestone)
  assert.deepEqual([frozen.status, frozen.is_frozen, frozen.can, frozen.deadline_at], ['funded', true, [], null])
  assert.deepEqual([await held(work), await purseOf(client)], [0, empty])
  for (const [person, verb] of [
    [client, 'release'],
    [client, 'cancel'],
    [worker, 'deliver'],
    [worker, 'refund'],
  ] as const satisfies readonly (readonly [unknown, MilestoneVerb])[])
    assert.match(refused(await move(person, verb, milestone), 400, 'milestone_frozen').error, /bank/)
  refused(await dispute(client, 'client', milestone), 400, 'milestone_with_bank')
  await pass(60)
  await sweepAll(market)
  assert.equal(await statusOf(work), 'funded', 'no timer runs')

  await decided(market, chargeback, 'won')
  const thawed = await seen(client, milestone)
  assert.deepEqual([thawed.is_frozen, await daysLeft(work), await held(work)], [false, 44, 50_000])
  assert.equal(Math.round((Date.parse(thawed.due_at!) - Date.parse(frozen.due_at!)) / 1000 / day), 60)
  assert.deepEqual((await newsOf(market, milestone)).slice(-2), ['milestone_frozen', 'milestone_thawed'])
  await moved(client, 'release', milestone)
  await toItsDay(market, work)
  await payOut(market)
  assert.deepEqual(await transfersFor(market, work), [47_500])
  await assertExact(market)
})

test('funded and kept by the bank: over, and with it the contract; nobody has anything of it', async () => {
  const work = await fundedWork(market)
  await decided(market, await disputed(market, work), 'lost')
  const { status, released_cents, refunded_cents, fee_cents, is_frozen } = await seen(work.client, work.milestone)
  assert.deepEqual([status, released_cents, refunded_cents, fee_cents, is_frozen], ['refunded', 0, 0, 0, false])
  assert.equal(await contractOf(work), 'completed')
  assert.deepEqual([await held(work), await purseOf(work.client), await purseOf(work.worker)], [0, empty, empty])
  assert.equal((await newsOf(market, work.milestone)).at(-1), 'milestone_charged_back')
  await assertExact(market)
})

test('a part is taken and kept: the rest goes back to its client', async () => {
  const work = await fundedWork(market)
  const chargeback = await disputed(market, work, 20_000)
  assert.deepEqual([await held(work), (await seen(work.client, work.milestone)).is_frozen], [30_000, true])
  await decided(market, chargeback, 'lost')
  assert.equal((await seen(work.client, work.milestone)).refunded_cents, 30_000)
  // The provider refunds nothing of a payment that is disputed: it is card money of the wallet.
  await settleAll(market)
  assert.deepEqual([await held(work), await purseOf(work.client)], [0, { ...empty, wallet: 30_000 }])
  await assertExact(market)
})

test('delivered: silence does not pay while the bank has it; won, the days that were left run', async () => {
  const work = await fundedWork(market)
  await moved(work.worker, 'deliver', work.milestone)
  await pass(4)
  const chargeback = await disputed(market, work)
  await pass(30)
  await sweepAll(market)
  assert.equal(await statusOf(work), 'delivered')
  await decided(market, chargeback, 'won')
  assert.equal(await daysLeft(work), 10)
  await pass(11)
  await sweepAll(market)
  assert.equal(await statusOf(work), 'released')
  assert.deepEqual(await purseOf(work.worker), { ...empty, pending: 47_500 })
  await assertExact(market)
})

test('the client’s days were over before the bank came: the work is released first, and the bank takes what waits for the worker', async () => {
  const work = await fundedWork(market)
  await moved(work.worker, 'deliver', work.milestone)
  await pass(15)
  await disputed(market, work)
  assert.equal(await statusOf(work), 'released')
  assert.deepEqual(await payoutNow(market, work), { status: 'charged_back', refusals: 0, taken: 47_500 })
  await assertExact(market)
})

test('disputed here and at the bank: nobody decides before the bank; won, there is as much time as before; lost, the bank has decided', async () => {
  for (const how of ['won', 'lost'] as const) {
    const olga = await anOperator(market)
    const work = await fundedWork(market)
    const { id } = went(await dispute(work.client, 'client', work.milestone), 201)
    const chargeback = await disputed(market, work)
    refused(await resolveIt(olga, { id }, 50), 400, 'milestone_with_bank')
    await pass(20)
    await sweepAll(market)
    assert.equal(await statusOf(work), 'disputed')
    await decided(market, chargeback, how)
    if (how === 'won') {
      await sweepAll(market)
      assert.equal(await statusOf(work), 'disputed', 'operators have the time they had')
      went(await resolveIt(olga, { id }, 50))
      assert.equal(await statusOf(work), 'released')
      assert.deepEqual(await purseOf(work.worker), { ...empty, pending: 23_750 })
    } else {
      assert.equal(await statusOf(work), 'refunded')
      assert.equal((await seeDispute(work.client, { id })).resolution?.made_by, 'bank')
    }
    await assertExact(market)
  }
})

test('released: what waits for the worker is taken first, then the payer’s wallet, then it is owed; won, all is as before', async () => {
  const work = await releasedWork(market)
  const { client, worker } = work
  await paid(market, client, 1_500)
  const chargeback = await disputed(market, work)
  assert.deepEqual(await payoutNow(market, work), { status: 'charged_back', refusals: 0, taken: 47_500 })
  assert.deepEqual([await purseOf(worker), await purseOf(client)], [empty, { ...empty, debt: 1_000 }])
  assert.equal((await seen(client, work.milestone)).is_frozen, false)
  await pass(1)
  await decided(market, chargeback, 'won')
  assert.deepEqual(await payoutNow(market, work), { status: 'waiting', refusals: 0, taken: 0 })
  assert.deepEqual(
    [await purseOf(worker), await purseOf(client)],
    [
      { ...empty, pending: 47_500 },
      { ...empty, wallet: 1_500 },
    ],
  )
  await payOut(market)
  assert.deepEqual(await transfersFor(market, work), [], 'its day is the day that was agreed on')
  await pass(2)
  await payOut(market)
  assert.deepEqual(await transfersFor(market, work), [47_500])
  await assertExact(market)
})

test('released and kept by the bank: the worker’s payout is over, and the milestone stays released', async () => {
  const work = await releasedWork(market)
  await decided(market, await disputed(market, work), 'lost')
  await pass(10)
  await payOut(market)
  assert.deepEqual(await transfersFor(market, work), [])
  assert.deepEqual([await statusOf(work), (await payoutNow(market, work)).status], ['released', 'charged_back'])
  assert.deepEqual([await purseOf(work.worker), await purseOf(work.client)], [empty, { ...empty, debt: 2_500 }])
  await assertExact(market)
})

test('a part of what waits is taken: the rest is paid out on its day; won after that, the part comes into the wallet', async () => {
  const work = await releasedWork(market)
  const { client, worker } = work
  const chargeback = await disputed(market, work, 20_000)
  assert.deepEqual(await payoutNow(market, work), { status: 'waiting', refusals: 0, taken: 20_000 })
  assert.deepEqual([await purseOf(worker), await purseOf(client)], [{ ...empty, pending: 27_500 }, empty])
  await toItsDay(market, work)
  await payOut(market)
  assert.deepEqual([await transfersFor(market, work), await purseOf(worker)], [[27_500], empty])
  assert.deepEqual(await paidOutOf(market, worker), ['paid 27500'])
  await decided(market, chargeback, 'won')
  assert.deepEqual([await purseOf(worker), await purseOf(client)], [{ ...empty, wallet: 20_000 }, empty])
  const { withdrawable_cents: withdrawable } = went(
    await worker.ask<{ withdrawable_cents: number }>('GET', '/api/wallet/balance'),
  )
  assert.equal(withdrawable, 20_000, 'it was earned')
  await assertExact(market)
})

test('won before its day, a part that was taken waits with the rest', async () => {
  const work = await releasedWork(market)
  await decided(market, await disputed(market, work, 20_000), 'won')
  assert.deepEqual(await payoutNow(market, work), { status: 'waiting', refusals: 0, taken: 0 })
  await toItsDay(market, work)
  await payOut(market)
  assert.deepEqual(await transfersFor(market, work), [47_500])
  await assertExact(market)
})

test('won when the worker has left meanwhile: nothing is transferred to an account that was theirs', async () => {
  const work = await releasedWork(market)
  const chargeback = await disputed(market, work)
  went(await leave(market, work.worker))
  await decided(market, chargeback, 'won')
  await toItsDay(market, work)
  await payOut(market)
  assert.deepEqual([(await payoutNow(market, work)).status, await transfersFor(market, work)], ['in_wallet', []])
  await assertExact(market)
})

test('only this work’s: what waits for the worker from others is not touched', async () => {
  const one = await releasedWork(market)
  const other = await releasedWork(market, {}, one)
  assert.deepEqual(await purseOf(one.worker), { ...empty, pending: 95_000 })
  await disputed(market, one)
  assert.deepEqual(await purseOf(one.worker), { ...empty, pending: 47_500 })
  assert.deepEqual(
    [(await payoutNow(market, one)).status, (await payoutNow(market, other)).status],
    ['charged_back', 'waiting'],
  )
  assert.deepEqual(await purseOf(one.client), { ...empty, debt: 2_500 })
  await assertExact(market)
})

test('paid out, or being asked for at that moment: the worker keeps it, and its payer owes all of it', async () => {
  for (const moment of ['paid', 'asked'] as const) {
    const work = await releasedWork(market)
    await toItsDay(market, work)
    if (moment === 'asked') await market.stripe.fault('answer_lost', {}, { times: 3, match: { path: '/v1/transfers' } })
    await payOut(market)
    await market.stripe.clear()
    assert.equal((await payoutNow(market, work)).status, moment)
    const chargeback = await disputed(market, work)
    assert.deepEqual(await purseOf(work.client), { ...empty, debt: 50_000 })
    await settleAll(market)
    assert.deepEqual(await payoutNow(market, work), { status: 'paid', refusals: 0, taken: 0 })
    assert.deepEqual([await transfersFor(market, work), await purseOf(work.worker)], [[47_500], empty])
    await decided(market, chargeback, 'won')
    assert.deepEqual(await purseOf(work.client), empty)
    await assertExact(market)
  }
})

test('two disputes over one payment: frozen until both are decided', async () => {
  const work = await fundedWork(market)
  const { ref, payment, client, milestone } = work
  // The twin has one dispute a charge, as is usual; what the room tells of two is told by hand.
  const heard = (status: 'taken' | 'won', disputeId: string, otherId: string | null): Promise<boolean> =>
    market.db.transaction((sql) =>
      paymentDisputed(sql, { ref, paymentId: payment!, amount: 20_000, disputeId, otherId, status }),
    )
  const frozen = async (): Promise<boolean> => (await seen(client, milestone)).is_frozen
  assert.equal(await heard('taken', 'du_1', null), true)
  await pass(1)
  assert.equal(await heard('taken', 'du_2', 'du_1'), true)
  await pass(1)
  assert.equal(await heard('won', 'du_1', 'du_2'), true)
  assert.equal(await frozen(), true)
  await pass(1)
  assert.equal(await heard('won', 'du_2', null), true)
  assert.deepEqual([await frozen(), await daysLeft(work)], [false, 44])
  assert.deepEqual((await newsOf(market, milestone)).slice(-2), ['milestone_frozen', 'milestone_thawed'])
})

test('before the contract is active: cancelled while the bank has it, won, the money is the payer’s', async () => {
  const work = await fundedWork(market)
  const chargeback = await disputed(market, work)
  await market.db.rows(
    `update contract set status = 'pending_freelancer_kyc', activated_at = null, due_at = app_now() + interval '7 days' where id = $1`,
    [work.contract.id],
  )
  went(
    await work.client.ask('POST', `/api/contracts/${work.contract.id}/cancel`, { reason: 'It has been called off.' }),
  )
  const { status, is_frozen, refunded_cents } = await seen(work.client, work.milestone)
  assert.deepEqual([status, is_frozen, refunded_cents], ['refunded', false, 0])
  await decided(market, chargeback, 'won')
  assert.deepEqual([await held(work), await purseOf(work.client)], [0, { ...empty, wallet: 50_000 }])
  await assertExact(market)
})

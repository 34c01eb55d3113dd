import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { checkLaws, freezeLedger, unfreezeLedger } from '../../src/core/ledger/laws.ts'
import { grantOperator } from '../../src/core/operators/grant.ts'
import { paymentLaws } from '../../src/core/payments/laws.ts'
import { pursueDue } from '../../src/core/payments/pursue.ts'
import { keptBy, leave } from '../accounts/leaving-stage.ts'
import { openShell } from '../cli/clawrk.ts'
import { secretlyPayable } from '../gigs/contract-stage.ts'
import { moveClock, people, walletOf, went } from '../journeys/desk.ts'
import { type Person, startTestMarket } from '../support/market.ts'
import { needsOf, settleAll } from '../wallet/stage.ts'
import {
  assertExact,
  empty,
  hoursLeft,
  paidOutOf,
  payOut,
  payoutNow,
  purseOf,
  releasedWork,
  toItsDay,
  transfersFor,
  transfersMade,
  type Work,
} from './payouts-stage.ts'
import '../support/impatient.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const needs = needsOf(market)
const { db } = market

const accountOf = async ({ userId }: Person): Promise<string> =>
  (await db.rows<{ id: string }>(`select stripe_account_id as id from app_user where id = $1`, [userId]))[0]!.id

/** It is in the worker's wallet, once, as the release of this work, and may be taken out. */
async function assertInWallet({ worker, milestone, ref }: Work, cents = 47_500): Promise<void> {
  assert.deepEqual(await purseOf(worker), { ...empty, wallet: cents })
  const { ledger, withdrawable_cents: withdrawable } = await walletOf(worker)
  assert.deepEqual([ledger[0]!.reason, ledger[0]!.delta, withdrawable], [`release:${milestone.id}`, 47_500, cents])
  assert.deepEqual(await transfersFor(market, { ref }), [])
}

for (const source of ['card', 'wallet'] as const) {
  test(`paid for from the ${source}: waits until its day and not a second longer, then leaves for the connected account`, async () => {
    const work = await releasedWork(market, { source })
    const { worker } = work
    assert.deepEqual([await hoursLeft(market, work), await purseOf(worker)], [72, { ...empty, pending: 47_500 }])
    await toItsDay(market, work, -5)
    assert.equal(await payOut(market), 0)
    assert.deepEqual(await transfersFor(market, work), [])
    await toItsDay(market, work)
    assert.equal(await payOut(market), 1)
    assert.equal(await payOut(market), 0)
    assert.deepEqual(await payoutNow(market, work), { status: 'paid', refusals: 0, taken: 0 })
    assert.deepEqual([await transfersFor(market, work), await purseOf(worker)], [[47_500], empty])
    assert.deepEqual(await paidOutOf(market, worker), ['paid 47500'])
    const [made] = await db.rows<{ to: string; kind: string }>(
      `select body ->> 'destination' as to, body -> 'metadata' ->> 'kind' as kind from stripe_twin.object where kind = 'transfer' and body ->> 'transfer_group' = $1`,
      [work.ref],
    )
    assert.deepEqual(made, { to: await accountOf(worker), kind: 'payout' })
    await assertExact(market)
  })
}

test('no active account on its day: into the wallet, as the release it is', async () => {
  const work = await releasedWork(market)
  await secretlyPayable(market, work.worker, false)
  await toItsDay(market, work)
  await payOut(market)
  await assertInWallet(work)
  assert.deepEqual(await payoutNow(market, work), { status: 'in_wallet', refusals: 0, taken: 0 })
  assert.deepEqual(await paidOutOf(market, work.worker), ['in_wallet 47500'])
  await assertExact(market)
})

test('the account is restricted on the day and no message has come: refused once, read again, and into the wallet', async () => {
  const work = await releasedWork(market)
  await market.stripe.restrict(await accountOf(work.worker))
  await toItsDay(market, work)
  await payOut(market)
  assert.deepEqual(await payoutNow(market, work), { status: 'waiting', refusals: 1, taken: 0 })
  assert.deepEqual(
    [await hoursLeft(market, work), await purseOf(work.worker)],
    [1, { ...empty, pending: 47_500 }],
    'back to what waits',
  )
  assert.equal(await payOut(market), 0, 'not before the hour is over')
  await toItsDay(market, work)
  // Read again before it is asked a second time.
  await payOut(market)
  await assertInWallet(work)
  assert.deepEqual(await paidOutOf(market, work.worker), ['refused 47500', 'in_wallet 47500'])
  await assertExact(market)
})

test('seven definite refusals, each later than the one before, and then into the wallet; the provider is not asked an eighth time', async () => {
  const work = await releasedWork(market)
  await market.stripe.fault('transfer_refused', {}, { times: 8, match: { destination: await accountOf(work.worker) } })
  const pauses: number[] = []
  for (let refusals = 1; refusals <= 7; refusals++) {
    await toItsDay(market, work)
    await payOut(market)
    assert.deepEqual(await payoutNow(market, work), { status: 'waiting', refusals, taken: 0 })
    assert.deepEqual(await purseOf(work.worker), { ...empty, pending: 47_500 })
    pauses.push(Math.max(0, await hoursLeft(market, work)))
  }
  assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 0])
  await payOut(market)
  await assertInWallet(work)
  assert.deepEqual(await payoutNow(market, work), { status: 'in_wallet', refusals: 7, taken: 0 })
  assert.deepEqual(
    (await market.stripe.faults()).map(({ kind, times }) => [kind, times]),
    [['transfer_refused', 1]],
  )
  await market.stripe.clear()
  await assertExact(market)
})

for (const applied of [true, false]) {
  test(`the answer is lost, and the transfer was ${applied ? '' : 'not '}made: looked up, made once, and nothing counts as refused`, async () => {
    const work = await releasedWork(market)
    await toItsDay(market, work)
    await market.stripe.fault('answer_lost', { how: 'cut', applied }, { times: 3, match: { path: '/v1/transfers' } })
    await payOut(market)
    assert.deepEqual(await payoutNow(market, work), { status: 'asked', refusals: 0, taken: 0 })
    assert.deepEqual(await purseOf(work.worker), { ...empty, pending: 47_500 }, 'in clearing is on its way')
    assert.equal(await payOut(market), 0)
    await market.stripe.clear()
    // The provider has forgotten the key by then: what it has made is found by what it carries.
    await moveClock(market, 25 * 3_600)
    await settleAll(market)
    assert.deepEqual(await payoutNow(market, work), { status: 'paid', refusals: 0, taken: 0 })
    assert.deepEqual([await transfersFor(market, work), await purseOf(work.worker)], [[47_500], empty])
    await assertExact(market)
  })
}

test('a 500 of the provider stays open for a day, and is looked up a day later: made once', async () => {
  const work = await releasedWork(market)
  await toItsDay(market, work)
  await market.stripe.fault(
    'answer_lost',
    { how: 'error', applied: false },
    { match: { path: '/v1/transfers', method: 'POST' } },
  )
  await payOut(market)
  await moveClock(market, 151)
  await pursueDue(needs)
  assert.deepEqual(await payoutNow(market, work), { status: 'asked', refusals: 0, taken: 0 })
  await moveClock(market, 25 * 3_600)
  await settleAll(market)
  assert.deepEqual([(await payoutNow(market, work)).status, await transfersFor(market, work)], ['paid', [47_500]])
  await assertExact(market)
})

test('a frozen ledger: nothing leaves, for the account or for the wallet, and operators read why; thawed, both go', async () => {
  const [olga] = await people(market, 'Olga')
  await grantOperator(db, olga.userId)
  const [work, lost] = [await releasedWork(market), await releasedWork(market)]
  await secretlyPayable(market, lost.worker, false)
  await toItsDay(market, lost)
  await freezeLedger(db, 'a test')
  assert.equal(await payOut(market), 0)
  await moveClock(market, 2 * 3_600)
  assert.equal(await payOut(market), 0)
  for (const one of [work, lost]) {
    assert.deepEqual(await payoutNow(market, one), { status: 'waiting', refusals: 0, taken: 0 })
    assert.deepEqual(await purseOf(one.worker), { ...empty, pending: 47_500 })
  }
  const stuck = went(await olga.ask<{ kind: string; what: string }[]>('GET', '/api/operator/stuck'))
  const payouts = stuck.filter(({ kind }) => kind === 'payout')
  assert.equal(payouts.length, 2)
  assert.match(payouts[0]!.what, /waits because the ledger is frozen/)
  const doctor = await openShell({ DATABASE_URL: market.databaseUrl })('doctor')
  assert.match(doctor.stdout, /This payout of milestone:\S+ waits because the ledger is frozen/)
  assert.equal(await unfreezeLedger(db), true)
  assert.equal(await payOut(market), 2)
  await assertInWallet(lost)
  assert.deepEqual(await transfersFor(market, work), [47_500])
  await assertExact(market)
})

test('frozen between the intent and the call: not asked until it is thawed', async () => {
  const work = await releasedWork(market)
  await toItsDay(market, work)
  await market.stripe.fault(
    'answer_lost',
    { applied: false },
    { times: 3, match: { path: '/v1/transfers', method: 'POST' } },
  )
  await payOut(market)
  await market.stripe.clear()
  await freezeLedger(db, 'a test')
  await moveClock(market, 151)
  await pursueDue(needs)
  assert.deepEqual([(await payoutNow(market, work)).status, await transfersFor(market, work)], ['asked', []])
  await unfreezeLedger(db)
  await settleAll(market)
  assert.deepEqual([(await payoutNow(market, work)).status, await transfersFor(market, work)], ['paid', [47_500]])
})

test('whoever owes something is not paid on their account: it repays the debt, and the rest is theirs', async () => {
  const work = await releasedWork(market)
  const { worker } = work
  const dispute = `dispute:du_${randomUUID()}`
  const [owed] = await db.rows<{ debt: number }>(`select ledger_chargeback($1, $2, 20000) as debt`, [
    worker.userId,
    dispute,
  ])
  assert.equal(owed!.debt, 20_000)
  await toItsDay(market, work)
  await payOut(market)
  assert.deepEqual(await purseOf(worker), { ...empty, wallet: 27_500 })
  const { ledger } = await walletOf(worker)
  assert.deepEqual(
    ledger.map(({ delta }) => delta),
    [-20_000, 47_500],
  )
  assert.deepEqual(await transfersFor(market, work), [])
  await db.rows(`select ledger_chargeback_won($1, $2)`, [worker.userId, dispute])
  assert.deepEqual(await purseOf(worker), { ...empty, wallet: 47_500 })
})

test('suspended on its day: into the wallet, where it waits with them; nothing is transferred', async () => {
  const work = await releasedWork(market)
  await db.rows(`update app_user set suspended_at = app_now() where id = $1`, [work.worker.userId])
  await toItsDay(market, work)
  const before = await transfersMade(market)
  await payOut(market)
  assert.deepEqual([(await payoutNow(market, work)).status, await transfersMade(market)], ['in_wallet', before])
  await db.rows(`update app_user set suspended_at = null where id = $1`, [work.worker.userId])
  await assertInWallet(work)
})

test('nobody leaves while something is to be paid out to them, or is just being paid out', async () => {
  const work = await releasedWork(market)
  const kept = async (): Promise<string[]> => (await keptBy(market, work.worker)).map(({ kind }) => kind)
  assert.deepEqual(await kept(), ['payout'])
  await toItsDay(market, work)
  await market.stripe.fault('answer_lost', {}, { times: 3, match: { path: '/v1/transfers' } })
  await payOut(market)
  const [affair] = await keptBy(market, work.worker)
  assert.equal(affair!.kind, 'payout')
  assert.match(affair!.sentence, /475\.00 is being paid out to your account/)
  await market.stripe.clear()
  await settleAll(market)
  went(await leave(market, work.worker))
})

test('a payout that does not fit the ledger or its intent breaks a law by name', async () => {
  const [left, kept] = [await releasedWork(market), await releasedWork(market)]
  await secretlyPayable(market, kept.worker, false)
  await toItsDay(market, kept)
  await payOut(market)
  const waiting = await releasedWork(market)
  const broken = async (change: string, undo: string, { ref }: Work): Promise<string[]> => {
    await db.rows(`update payout set ${change} where ref = $1`, [ref])
    const breaches = await checkLaws(db, paymentLaws)
    await db.rows(`update payout set ${undo} where ref = $1`, [ref])
    return breaches.map(({ law }) => law)
  }
  const more = ['amount_cents = amount_cents + 1', 'amount_cents = amount_cents - 1'] as const
  assert.deepEqual(await broken(...more, waiting), ['what waits to be paid out to somebody is what their payouts say'])
  assert.deepEqual(await broken(...more, left), [
    'every payout that the provider is asked for, or has made, has an intent of exactly its rest, and no other has one',
  ])
  assert.deepEqual(await broken(...more, kept), ['what came into a wallet of a payout is its rest, once'])
  assert.deepEqual(await checkLaws(db, paymentLaws), [])
})

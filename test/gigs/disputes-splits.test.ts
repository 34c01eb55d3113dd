import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Dispute } from '../../src/desks/gigs/dispute/dispute.ts'
import { splitOf, workersPart } from '../../src/desks/gigs/milestone/split.ts'
import { assertLawful, fund, went } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import { bookCards, fundIt, heldFor, payByCard, twoSides } from './contract-stage.ts'
import { anOperator, dispute, paidTo, quarrel, resolveIt, seeDispute } from './dispute-stage.ts'
import { active, another, moved } from './milestone-stage.ts'

const market = await startTestMarket({ worker: false, env: { ARBITRATION_FEE_CENTS: '1001' } })
after(() => market.close())
const olga = await anOperator(market)

const under = (n: number): number => Math.floor(Math.random() * n)

test('10,000 random splits: every cent goes somewhere once, fees come out of the right part, nobody below nothing', () => {
  const seen = { none: 0, all: 0, half: 0, capped: 0 }
  for (let n = 0; n < 10_000; n++) {
    const amount = n % 3 === 0 ? 100 + under(1_000) : 100 + under(50_000_000)
    const workerShare = n % 10 === 0 ? 50 : under(101)
    const feePercent = n % 5 === 0 ? under(101) : 5
    const arbitrationFee = n % 4 === 0 ? under(2_000) : under(200_000)
    const split = splitOf({ amount, workerShare, feePercent, arbitrationFee })
    const told = JSON.stringify({ amount, workerShare, feePercent, arbitrationFee, split })
    const { released, fee, arbitration, refunded } = split
    for (const cents of Object.values(split)) assert.ok(Number.isSafeInteger(cents) && cents >= 0, told)
    assert.equal(released + fee + arbitration + refunded, amount, told)
    const gross = workersPart({ amount, workerShare })
    assert.equal(gross, Number((BigInt(amount) * BigInt(workerShare) * 2n + 100n) / 200n), told)
    assert.equal(fee, Number((BigInt(gross) * BigInt(feePercent) * 2n + 100n) / 200n), told)
    assert.ok(arbitration <= arbitrationFee, told)
    if (workerShare > 50) assert.equal(released, gross - fee, `the winner bears none of it: ${told}`)
    if (workerShare < 50) assert.equal(refunded, amount - gross, `the winner bears none of it: ${told}`)
    if (workerShare === 50) {
      const [fromWorker, fromClient] = [gross - fee - released, amount - gross - refunded]
      assert.ok(fromWorker <= Math.floor(arbitrationFee / 2) && fromClient <= Math.ceil(arbitrationFee / 2), told)
    }
    seen.none += Number(workerShare === 0)
    seen.all += Number(workerShare === 100)
    seen.half += Number(workerShare === 50)
    seen.capped += Number(arbitration < arbitrationFee)
  }
  for (const [kind, times] of Object.entries(seen)) assert.ok(times > 0, `${kind} was never tried`)
})

test('the arbitration fee at 49, 50 and 51 %, and at both ends: borne by the side awarded less than half, half each at half', async () => {
  const expected: Readonly<
    Record<number, readonly [worker: number, fee: number, arbitration: number, client: number]>
  > = {
    0: [0, 0, 0, 50_000],
    1: [0, 25, 475, 49_500],
    49: [22_274, 1_225, 1_001, 25_500],
    50: [23_250, 1_250, 1_001, 24_499],
    51: [24_225, 1_275, 1_001, 23_499],
    99: [47_025, 2_475, 500, 0],
    100: [47_500, 2_500, 0, 0],
  }
  for (const [share, [worker, fee, arbitration, client]] of Object.entries(expected)) {
    const { client: ada, milestone } = await quarrel(market, 'funded')
    const opened = went(await dispute(ada, 'client', milestone), 201)
    assert.equal(opened.arbitration_fee_cents, 1_001)
    const { resolution } = went(await resolveIt(olga, opened, Number(share)))
    assert.deepEqual(
      [resolution!.worker_cents, resolution!.fee_cents, resolution!.arbitration_cents, resolution!.refunded_cents],
      [worker, fee, arbitration, client],
      `at ${share} %`,
    )
    const posted = Object.entries({
      pending: worker,
      'platform:arbitration': arbitration,
      'platform:fees': fee,
      wallet: client,
    })
    assert.deepEqual(await paidTo(market, milestone), Object.fromEntries(posted.filter(([, cents]) => cents > 0)))
    assert.equal(await heldFor(market, milestone), 0)
    const status = Number(share) > 0 ? 'released' : 'refunded'
    const [row] = await market.db.rows<{ status: string }>(`select status from milestone where id = $1`, [milestone.id])
    assert.equal(row!.status, status, `at ${share} %`)
  }
  await assertLawful(market)
})

test('200 random splits through the market, over contracts of several milestones, by wallet and card: exact to the cent', async (story) => {
  const counted = { wallet: 0, card: 0, milestones: 0 }
  const total = 200
  while (counted.milestones < total) {
    const sides = await twoSides(market)
    const contract = await active(market, sides, { rate_cents: 100 + under(9_900), hours_per_week: 1 + under(40) })
    let milestone = contract.first
    for (let n = 0; n < 25; n++) {
      const opened: Dispute = went(await dispute(sides.client, 'client', milestone), 201)
      const share = n % 5 === 0 ? 50 : under(101)
      // The next one is there before this one is decided, so that the contract goes on.
      const isLast = n === 24
      const next = isLast ? null : await another(sides, contract, { amount_cents: 100 + under(1_000_000) })
      const { resolution } = went(await resolveIt(olga, opened, share))
      const { amount_cents: amount } = milestone
      const split = splitOf({ amount, workerShare: share, feePercent: 5, arbitrationFee: 1_001 })
      assert.deepEqual(
        [resolution!.worker_cents, resolution!.fee_cents, resolution!.arbitration_cents, resolution!.refunded_cents],
        [split.released, split.fee, split.arbitration, split.refunded],
      )
      const paid = await paidTo(market, milestone)
      const back = (paid.wallet ?? 0) + (paid.clearing ?? 0)
      assert.deepEqual(
        [paid.pending ?? 0, paid['platform:fees'] ?? 0, paid['platform:arbitration'] ?? 0, back],
        [split.released, split.fee, split.arbitration, split.refunded],
      )
      assert.equal(await heldFor(market, milestone), 0)
      assert.deepEqual((await seeDispute(sides.worker, opened)).resolution, resolution)
      counted.milestones++
      if (!next) break
      const byCard = n % 6 === 5
      counted[byCard ? 'card' : 'wallet']++
      if (byCard) {
        const funded = went(await fundIt(sides.client, { id: contract.id, milestones: [next] }))
        await payByCard(market, funded)
        await bookCards(market)
        milestone = { ...next, status: 'funded' }
      } else {
        await fund(market, sides.client, next.amount_cents)
        milestone = await moved(sides.client, 'fund', next)
      }
    }
    const { status } = went(await sides.client.ask<{ status: string }>('GET', `/api/contracts/${contract.id}`))
    assert.equal(status, 'completed')
  }
  await assertLawful(market)
  story.diagnostic(`${counted.milestones} splits, ${counted.card} of them of card money`)
})

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { lockContract } from '../../src/desks/gigs/contract/lock-contract.ts'
import { type Milestone, refOf } from '../../src/desks/gigs/contract/milestone.ts'
import {
  type Award,
  type Awarded,
  award,
  freezeMilestone,
  loseToBank,
  thaw,
} from '../../src/desks/gigs/milestone/settle.ts'
import { splitOf, workersPart } from '../../src/desks/gigs/milestone/split.ts'
import { assertLawful, refused, walletOf } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import { bookCards, heldFor, movementsOf, type Sides, see, twoSides } from './contract-stage.ts'
import { active, type MilestoneVerb, move, moved, payoutOf, seen, sweepAll, turnsAbout } from './milestone-stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const day = 86_400

const freeze = (milestone: Milestone, by: 'client' | 'worker'): Promise<boolean> =>
  market.db.transaction(async (sql) => {
    const row = (await lockContract(sql, milestone.contract_id, { negotiation: false }))!
    return freezeMilestone(sql, row, row.milestones.find(({ id }) => id === milestone.id)!, by)
  })

const decide = (milestone: Milestone, workerShare: number, arbitrationFeeCents = 0): Promise<Awarded> => {
  const decision: Award = { workerShare, arbitrationFeeCents, by: 'operator' }
  return market.db.transaction((sql) => award(sql, milestone.contract_id, milestone.id, decision))
}

/** An active contract whose first milestone is disputed by its client. */
async function disputed(sides: Sides, source: 'wallet' | 'card' = 'wallet', isDelivered = true) {
  const contract = await active(market, sides, { source })
  if (isDelivered) await moved(sides.worker, 'deliver', contract.first)
  assert.equal(await freeze(contract.first, 'client'), true)
  return contract
}

test('10,000 splits: nothing is lost or made, the fee is taken once, and nobody pays more than they have', () => {
  let seed = 7
  const upTo = (most: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed % (most + 1)
  }
  for (let n = 0; n < 10_000; n++) {
    const amount = 100 + upTo(n % 2 === 0 ? 300 : 50_000_000)
    const [workerShare, feePercent] = [upTo(100), upTo(n % 3 === 0 ? 100 : 20)]
    const arbitrationFee = n % 4 === 0 ? 0 : upTo(n % 5 === 0 ? amount * 2 : 2_000)
    const asked = { amount, workerShare, feePercent, arbitrationFee }
    const split = splitOf(asked)
    const { released, fee, arbitration, refunded } = split
    const said = JSON.stringify({ ...asked, ...split })
    assert.equal(released + fee + arbitration + refunded, amount, said)
    for (const cents of Object.values(split)) assert.ok(Number.isInteger(cents) && cents >= 0, said)
    const gross = workersPart(asked)
    assert.ok(Math.abs(gross - (amount * workerShare) / 100) <= 0.5, said)
    assert.equal(fee, Math.floor((gross * feePercent + 50) / 100), said)
    assert.ok(arbitration <= arbitrationFee, said)
    if (workerShare > 50) assert.equal(released, gross - fee, said)
    if (workerShare < 50) assert.equal(refunded, amount - gross, said)
  }
})

test('who bears the arbitration fee: the side awarded less than half; at exactly half each half, the odd cent the client', () => {
  const at = (workerShare: number, arbitrationFee: number) =>
    splitOf({ amount: 1_001, workerShare, feePercent: 5, arbitrationFee })
  assert.deepEqual(at(49, 101), { released: 490 - 25 - 101, fee: 25, arbitration: 101, refunded: 511 })
  assert.deepEqual(at(50, 101), { released: 501 - 25 - 50, fee: 25, arbitration: 101, refunded: 500 - 51 })
  assert.deepEqual(at(51, 101), { released: 511 - 26, fee: 26, arbitration: 101, refunded: 490 - 101 })
  assert.deepEqual(
    at(0, 101),
    { released: 0, fee: 0, arbitration: 0, refunded: 1_001 },
    'nobody pays what they have not',
  )
  assert.deepEqual(at(1, 101), { released: 0, fee: 1, arbitration: 9, refunded: 991 })
  assert.deepEqual(at(100, 101), { released: 951, fee: 50, arbitration: 0, refunded: 0 })
})

test('divided: the parts go where they belong, from the wallet or by card, and the contract is completed', async () => {
  for (const source of ['wallet', 'card'] as const) {
    const sides = await twoSides(market)
    const { first, ...contract } = await disputed(sides, source)
    const went = await decide(first, 30, 1_000)
    assert.deepEqual(went, { worker_cents: 13_250, fee_cents: 750, arbitration_cents: 1_000, refunded_cents: 35_000 })
    const { status, released_cents, fee_cents, arbitration_cents, refunded_cents } = await seen(sides.client, first)
    assert.deepEqual(
      [status, released_cents, fee_cents, arbitration_cents, refunded_cents],
      ['released', 13_250, 750, 1_000, 35_000],
    )
    assert.equal((await see(sides.client, contract)).status, 'completed')
    assert.deepEqual(
      (await payoutOf(market, first)).map(({ amount_cents: cents }) => cents),
      [13_250],
    )
    assert.deepEqual(await turnsAbout(market, first), ['Bob deliver done', 'Ada accept done'])
    await bookCards(market)
    const back = source === 'wallet' ? { refund: 35_000 } : { card_refund: 35_000 }
    const paid = source === 'wallet' ? { milestone_funded: 50_000 } : { funding: 50_000 }
    assert.deepEqual(await movementsOf(market, first), { award: 15_000, ...paid, ...back })
  }
  await assertLawful(market)
})

test('nothing for the worker: refunded, no fee, and the turn was missed', async () => {
  const sides = await twoSides(market)
  const { first, ...contract } = await disputed(sides, 'wallet', false)
  assert.deepEqual(await decide(first, 0, 500), {
    worker_cents: 0,
    fee_cents: 0,
    arbitration_cents: 0,
    refunded_cents: 50_000,
  })
  assert.deepEqual(
    [(await seen(sides.client, first)).status, (await see(sides.client, contract)).status],
    ['refunded', 'completed'],
  )
  assert.deepEqual(await turnsAbout(market, first), ['Bob deliver missed'])
  assert.equal((await walletOf(sides.client)).balance_cents, 50_000)
  await assertLawful(market)
})

test('frozen: every verb of either side is refused, no timer moves it, and it is frozen once', async () => {
  const sides = await twoSides(market)
  const { first } = await disputed(sides)
  assert.equal(await freeze(first, 'worker'), false)
  await market.advance(100 * day)
  const before = await seen(sides.client, first)
  assert.deepEqual([before.status, before.is_frozen, before.can, before.deadline_at], ['disputed', true, [], null])
  const verbs: readonly (readonly [MilestoneVerb, 'client' | 'worker'])[] = [
    ['deliver', 'worker'],
    ['refund', 'worker'],
    ['release', 'client'],
    ['cancel', 'client'],
  ]
  for (const [verb, side] of verbs) refused(await move(sides[side], verb, first), 400, 'milestone_frozen')
  assert.deepEqual(await seen(sides.client, first), before)
  // No dispute is behind it that would decide it.
  await decide(first, 0, 0)
})

test('thawed in time it waits for its client again; too late, the worker is paid at once', async () => {
  for (const [days, status] of [
    [5, 'delivered'],
    [15, 'released'],
  ] as const) {
    const sides = await twoSides(market)
    const { first } = await disputed(sides)
    const { delivered_at: delivered } = await seen(sides.client, first)
    await market.advance(days * day)
    await market.db.transaction((sql) => thaw(sql, first.contract_id, first.id))
    const thawed = await seen(sides.client, first)
    assert.equal(thawed.status, status)
    if (status === 'delivered') {
      assert.equal(Date.parse(thawed.deadline_at!) - Date.parse(delivered!), 14 * day * 1000)
      assert.deepEqual(await turnsAbout(market, first), ['Bob deliver', 'Ada accept done', 'Ada accept'])
      await market.advance(10 * day)
      assert.equal((await seen(sides.client, first)).status, 'released')
    } else
      assert.deepEqual(
        (await payoutOf(market, first)).map(({ amount_cents: cents }) => cents),
        [47_500],
      )
  }
  await assertLawful(market)
})

test('a bank has frozen it: neither people nor the clock move it; lost, what is left goes back and it is over', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  const { first, ...contract } = await active(market, sides, { source: 'card' })
  await moved(bob, 'deliver', first)
  await market.db.transaction(async (sql) => {
    await sql.rows(`update milestone set chargeback_id = 'dp_1' where id = $1`, [first.id])
    await sql.rows(`select ledger_chargeback($1, 'dp_1', 30000, $2)`, [ada.userId, refOf(first)])
  })
  assert.equal(await heldFor(market, first), 20_000)
  for (const [person, verb] of [
    [ada, 'release'],
    [bob, 'refund'],
  ] as const)
    refused(await move(person, verb, first), 400, 'milestone_frozen')
  await market.advance(20 * day)
  assert.equal((await seen(ada, first)).status, 'delivered')
  assert.equal(await sweepAll(market), 0)
  await assertLawful(market)
  await market.db.transaction((sql) => loseToBank(sql, contract.id, first.id))
  const { status, refunded_cents: refunded, released_cents: released } = await seen(ada, first)
  assert.deepEqual([status, refunded, released], ['refunded', 20_000, 0])
  assert.equal((await see(ada, contract)).status, 'completed')
  assert.ok((await turnsAbout(market, first)).every((turn) => !turn.includes('missed')))
  await assertLawful(market)
})

test('a law notices a milestone that says something else than the ledger', async () => {
  const sides = await twoSides(market)
  const { first } = await active(market, sides)
  await moved(sides.client, 'release', first)
  const broken = async (change: string): Promise<void> => {
    await market.db.rows(`update milestone set ${change} where id = $1`, [first.id])
    await assert.rejects(assertLawful(market), change)
  }
  await broken('released_cents = released_cents - 1')
  await broken('released_cents = released_cents + 1, fee_cents = fee_cents - 1')
  await market.db.rows(`update milestone set fee_cents = fee_cents + 1 where id = $1`, [first.id])
  await assertLawful(market)
  await market.db.rows(`delete from payout where ref = 'milestone:' || $1`, [first.id])
  await assert.rejects(assertLawful(market))
})

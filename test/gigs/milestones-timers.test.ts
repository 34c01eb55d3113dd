import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertLawful, fund, refused, walletOf, went } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import { bookCards, fundIt, heldFor, movementsOf, payByCard, see, twoSides } from './contract-stage.ts'
import {
  active,
  another,
  clockToDeadline,
  type MilestoneVerb,
  move,
  moved,
  newsOf,
  payoutOf,
  propose,
  seen,
  sweepAll,
  turnsAbout,
} from './milestone-stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const day = 86_400

test('proposed and not approved for 7 days: cancelled, and the other side has missed its turn', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  const contract = await active(market, sides)
  const { milestone: byBob } = went(await propose(bob, contract), 201)
  const { milestone: byAda } = went(await propose(ada, contract), 201)
  await market.advance(7 * day - 60)
  assert.equal((await seen(ada, byBob)).status, 'proposed')
  await market.advance(61)
  for (const [one, who] of [
    [byBob, 'Ada'],
    [byAda, 'Bob'],
  ] as const) {
    assert.equal((await seen(ada, one)).status, 'cancelled')
    assert.deepEqual(await turnsAbout(market, one), [`${who} approve missed`])
    assert.deepEqual(await newsOf(market, one), ['milestone_proposed', 'milestone_lapsed'])
  }
  assert.equal((await see(ada, contract)).status, 'active')
})

test('approved and not funded for 14 days from when it could be: cancelled, and its contract is completed without it', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  const { first, ...contract } = await active(market, sides)
  const second = await another(sides, contract)
  await market.advance(20 * day)
  assert.equal((await seen(ada, second)).status, 'pending', 'it could not be funded yet')
  await moved(bob, 'deliver', first)
  const card = went(await fundIt(ada, await see(ada, contract)))
  await moved(ada, 'release', first)
  assert.equal((await see(ada, contract)).status, 'active')
  await clockToDeadline(market, second, 1)
  refused(await move(ada, 'fund', second), 400, 'milestone_expired')
  await payByCard(market, card)
  await bookCards(market)
  assert.deepEqual([await heldFor(market, second), (await seen(ada, second)).status], [0, 'pending'])
  await sweepAll(market)
  const end = await see(ada, contract)
  assert.deepEqual([end.status, end.milestones[1]!.status], ['completed', 'cancelled'])
  assert.deepEqual(await turnsAbout(market, second), ['Ada approve done', 'Ada fund missed'])
  const [turned] = await market.db.rows(`select status from card_funding where ref = 'milestone:' || $1`, [second.id])
  assert.deepEqual(turned, { status: 'unwanted' })
  await assertLawful(market)
})

test('not delivered 14 days after it was due: the money goes back the way it came, and the worker has missed it', async () => {
  for (const source of ['wallet', 'card'] as const) {
    const sides = await twoSides(market)
    const { first, ...contract } = await active(market, sides, { source })
    const days = (Date.parse(first.due_at!) - Date.parse(first.funded_at!)) / 86_400_000
    assert.ok(Math.abs(days - 30) < 0.01, `due ${days} days after it was funded`)
    await market.advance(44 * day - 120)
    assert.equal((await seen(sides.client, first)).status, 'funded')
    await market.advance(180)
    const { status, milestones } = await see(sides.client, contract)
    assert.deepEqual([status, milestones[0]!.status, milestones[0]!.refunded_cents], ['completed', 'refunded', 50_000])
    assert.deepEqual(await turnsAbout(market, first), ['Bob deliver missed'])
    assert.deepEqual((await newsOf(market, first)).at(-1), 'milestone_overdue')
    const back =
      source === 'wallet' ? { milestone_funded: 50_000, refund: 50_000 } : { funding: 50_000, card_refund: 50_000 }
    assert.deepEqual(await movementsOf(market, first), back)
    assert.equal((await walletOf(sides.client)).balance_cents, source === 'wallet' ? 50_000 : 0)
  }
  await assertLawful(market)
})

test('a day that was named is when it is due; one that has passed before the money came is none', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  const { first, ...contract } = await active(market, sides)
  await moved(bob, 'deliver', first)
  const [clock] = await market.db.rows<{ now: string }>(`select to_json(app_now()) as now`)
  const inTwoDays = new Date(Date.parse(clock!.now) + 2 * day * 1000).toISOString()
  const second = await another(sides, contract, { due_at: inTwoDays })
  await market.advance(3 * day)
  await fund(market, ada, 20_000)
  const funded = await moved(ada, 'fund', second)
  assert.ok(Date.parse(funded.due_at!) - Date.parse(funded.funded_at!) > 29.9 * day * 1000)
  const far = new Date(Date.parse(clock!.now) + 400 * day * 1000).toISOString()
  for (const due_at of [far, clock!.now]) refused(await propose(bob, contract, { due_at }), 400, 'due_at_out_of_range')
})

test('a cancellation that was asked for: 72 hours, and the money is back; the worker has not answered', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  const { first, ...contract } = await active(market, sides)
  const asked = await moved(ada, 'cancel', first)
  assert.deepEqual([asked.status, asked.can], ['funded', ['release', 'dispute']])
  assert.equal(Date.parse(asked.deadline_at!) - Date.parse(asked.cancel_asked_at!), 72 * 3_600_000)
  assert.deepEqual(await moved(ada, 'cancel', first), asked, 'asked again: stays as it is')
  await market.advance(72 * 3600 - 60)
  assert.equal((await seen(ada, first)).status, 'funded')
  await market.advance(61)
  assert.equal((await see(ada, contract)).status, 'completed')
  assert.equal((await seen(ada, first)).status, 'refunded')
  assert.deepEqual(await turnsAbout(market, first), ['Bob cancel missed'])
  assert.deepEqual((await newsOf(market, first)).slice(1), ['cancel_asked', 'milestone_cancelled'])
  assert.equal((await walletOf(ada)).balance_cents, 50_000)

  const delivered = await active(market, sides)
  await moved(ada, 'cancel', delivered.first)
  const handed = await moved(bob, 'deliver', delivered.first)
  assert.deepEqual([handed.status, handed.cancel_asked_at], ['delivered', null])
  const said = refused(await move(ada, 'cancel', delivered.first), 400, 'milestone_wrong_state')
  assert.match(said.error, /release it, or dispute it/)
  assert.deepEqual(await turnsAbout(market, delivered.first), ['Bob deliver', 'Bob cancel done', 'Ada accept'])

  const given = await active(market, sides)
  await moved(ada, 'cancel', given.first)
  await moved(bob, 'refund', given.first)
  assert.deepEqual(await turnsAbout(market, given.first), ['Bob cancel done'])
  await assertLawful(market)
})

test('asked for on the last day, it does not put off the day on which it goes back anyway', async () => {
  const sides = await twoSides(market)
  const { first } = await active(market, sides)
  await market.advance(43 * day)
  const asked = await moved(sides.client, 'cancel', first)
  assert.equal(asked.deadline_at, first.deadline_at)
  await market.advance(day + 60)
  assert.equal((await seen(sides.client, first)).status, 'refunded')
  assert.deepEqual(await turnsAbout(market, first), ['Bob deliver missed'])
})

test('delivered and nothing said for 14 days, with reminders after 7 and 12: released, and the client has missed it', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  const { first, ...contract } = await active(market, sides)
  await moved(bob, 'deliver', first)
  const reminders = async (): Promise<number> =>
    (await newsOf(market, first)).filter((news) => news === 'reminder').length
  for (const [to, told] of [
    [7 * day - 60, 0],
    [61, 1],
    [4 * day, 1],
    [day, 2],
    [day, 2],
  ] as const) {
    await market.advance(to)
    assert.equal(await reminders(), told)
  }
  assert.equal((await seen(ada, first)).status, 'delivered')
  await market.advance(day)
  assert.deepEqual([(await see(ada, contract)).status, (await seen(ada, first)).status], ['completed', 'released'])
  assert.deepEqual(await turnsAbout(market, first), ['Bob deliver done', 'Ada accept missed'])
  assert.deepEqual(
    (await payoutOf(market, first)).map(({ amount_cents: cents }) => cents),
    [47_500],
  )
  await assertLawful(market)
})

test('every deadline counts from its moment on, whether it has been written down or not', async () => {
  const late: readonly (readonly [MilestoneVerb, 'client' | 'worker'])[] = [
    ['deliver', 'worker'],
    ['release', 'client'],
    ['refund', 'worker'],
    ['cancel', 'client'],
  ]
  const sides = await twoSides(market)
  const { first } = await active(market, sides)
  await clockToDeadline(market, first, 1)
  assert.deepEqual([(await seen(sides.client, first)).status, (await seen(sides.client, first)).can], ['funded', []])
  for (const [verb, side] of late) refused(await move(sides[side], verb, first), 400, 'milestone_expired')
  await sweepAll(market)
  assert.equal((await seen(sides.client, first)).status, 'refunded')

  const { first: accepted, ...contract } = await active(market, sides)
  await moved(sides.worker, 'deliver', accepted)
  await clockToDeadline(market, accepted, 1)
  refused(await move(sides.worker, 'refund', accepted), 400, 'milestone_expired')
  const released = went(await move(sides.client, 'release', accepted))
  assert.deepEqual([released.milestone.status, released.contract.status], ['released', 'completed'])
  assert.deepEqual(await turnsAbout(market, accepted), ['Bob deliver done', 'Ada accept missed'], 'it came too late')
  assert.equal(await sweepAll(market), 0, `nothing is left to do on ${contract.id}`)

  const open = await active(market, sides)
  const { milestone: wish } = went(await propose(sides.worker, open), 201)
  await clockToDeadline(market, wish, 1)
  for (const verb of ['approve', 'cancel'] as const)
    refused(await move(sides.client, verb, wish), 400, 'milestone_expired')
  await assertLawful(market)
})

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Contract } from '../../src/desks/gigs/contract/show-contract.ts'
import { assertLawful, fund, refused, walletOf, went } from '../journeys/desk.ts'
import { uploaded } from '../laws/exhibits.ts'
import { startTestMarket } from '../support/market.ts'
import { act, cancelIt, heldFor, movementsOf, see, toldOf, twoSides } from './contract-stage.ts'
import { active, another, move, moved, newsOf, payoutOf, propose, seen, turnsAbout } from './milestone-stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())

test('delivered and released: the worker has the money less the fee waiting, and the contract is completed', async () => {
  for (const source of ['wallet', 'card'] as const) {
    const sides = await twoSides(market)
    const { client: ada, worker: bob } = sides
    const { first, ...contract } = await active(market, sides, { source })
    assert.equal(contract.status, 'active')
    assert.deepEqual([first.status, first.source, first.fee_cents, first.fee_percent], ['funded', source, 2_500, 5])
    assert.deepEqual(first.can, ['release', 'cancel', 'dispute'])
    assert.deepEqual((await seen(bob, first)).can, ['deliver', 'refund', 'dispute'])
    assert.deepEqual(await turnsAbout(market, first), ['Bob deliver'])
    const delivered = await moved(bob, 'deliver', first)
    assert.equal(delivered.status, 'delivered')
    assert.deepEqual(delivered.delivery, { note: 'Both coats are on, see for yourself.', attachments: [] })
    const days = (Date.parse(delivered.deadline_at!) - Date.parse(delivered.delivered_at!)) / 86_400_000
    assert.equal(days, 14)
    const answer = went(await move(ada, 'release', first))
    assert.deepEqual([answer.milestone.status, answer.contract.status], ['released', 'completed'])
    const { released_cents, fee_cents, arbitration_cents, refunded_cents, can } = answer.milestone
    assert.deepEqual([released_cents, fee_cents, arbitration_cents, refunded_cents, can], [47_500, 2_500, 0, 0, []])
    assert.deepEqual(await payoutOf(market, first), [{ user_id: bob.userId, amount_cents: 47_500, days: 3 }])
    assert.equal(await heldFor(market, first), 0)
    const { balance_cents, pending_cents } = await walletOf(bob)
    assert.deepEqual([balance_cents, pending_cents], [0, 47_500])
    assert.deepEqual(await turnsAbout(market, first), ['Bob deliver done', 'Ada accept done'])
    const again = went(await move(ada, 'release', first))
    assert.deepEqual(again, answer)
    const paid = source === 'wallet' ? { milestone_funded: 50_000 } : { funding: 50_000 }
    assert.deepEqual(await movementsOf(market, first), { ...paid, release: 50_000 })
    assert.deepEqual(await newsOf(market, first), [
      'contract.milestone.funded',
      'milestone_delivered',
      'contract.milestone.released',
    ])
    assert.deepEqual((await toldOf(market, contract)).slice(-2), [
      'contract.milestone.released released',
      'contract.updated completed',
    ])
  }
  await assertLawful(market)
})

test('a client of the document alone: funded, released without a delivery, completed', async () => {
  const sides = await twoSides(market)
  const { first, ...contract } = await active(market, sides, { source: 'card' })
  went(await sides.client.ask('POST', `/api/contracts/${contract.id}/milestones/${first.id}/release`))
  assert.equal((await see(sides.worker, contract)).status, 'completed')
  assert.deepEqual(await turnsAbout(market, first), ['Bob deliver done'])
  assert.deepEqual(
    (await payoutOf(market, first)).map(({ amount_cents: cents }) => cents),
    [47_500],
  )
})

test('for nothing the whole way: no money moves, no turn counts, and it is completed', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  const { first, ...contract } = await active(market, sides, { rate_cents: 0 })
  assert.deepEqual((await seen(bob, first)).can, ['deliver', 'refund'], 'nothing to dispute')
  const second = await another(sides, contract, { amount_cents: 0 })
  await moved(bob, 'deliver', first)
  await moved(ada, 'fund', second)
  await moved(ada, 'release', first)
  assert.equal((await see(ada, contract)).status, 'active')
  assert.equal((await moved(bob, 'refund', second)).status, 'refunded')
  assert.equal((await see(ada, contract)).status, 'completed')
  for (const one of [first, second]) {
    assert.deepEqual(await movementsOf(market, one), {})
    assert.deepEqual(await turnsAbout(market, one), [])
    assert.deepEqual(await payoutOf(market, one), [])
  }
  await assertLawful(market)
})

test('several milestones: proposed by either side, approved by the other, funded in order, each ending in its own way', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  const { first, ...contract } = await active(market, sides)
  const proposed = went(await propose(bob, contract, { title: 'Second', amount_cents: 20_000 }), 201)
  const second = proposed.milestone
  assert.deepEqual(
    [second.position, second.status, second.proposed_by, second.can, second.due_at],
    [2, 'proposed', 'worker', ['cancel'], null],
  )
  assert.deepEqual((await seen(ada, second)).can, ['approve', 'cancel'])
  assert.deepEqual(await turnsAbout(market, second), ['Ada approve'])
  refused(await move(bob, 'approve', second), 403, 'not_your_side')
  const due = new Date(Date.now() + 86_400_000 * 100).toISOString()
  const { milestone: third } = went(await propose(ada, contract, { title: 'Third', due_at: due }), 201)
  assert.deepEqual([third.position, third.proposed_by, third.due_at], [3, 'client', due])
  const approved = await moved(ada, 'approve', second)
  assert.deepEqual([approved.status, approved.deadline_at], ['pending', null], 'its days begin when it can be funded')
  await moved(bob, 'approve', third)
  await fund(market, ada, 40_000)
  const early = refused(await move(ada, 'fund', second), 400, 'milestone_out_of_order')
  assert.match(early.error, /Milestone 1 \(“Paint the lighthouse”\) is funded: it has to be delivered/)
  await moved(bob, 'deliver', first)
  const open = await seen(ada, second)
  assert.ok(Date.parse(open.deadline_at!) - Date.now() > 13.9 * 86_400_000 && open.can.includes('fund'))
  assert.equal((await seen(ada, third)).deadline_at, null)
  assert.deepEqual(await turnsAbout(market, second), ['Ada approve done', 'Ada fund'])
  refused(await move(ada, 'fund', third), 400, 'milestone_out_of_order')
  assert.equal((await moved(ada, 'fund', second)).status, 'funded')
  await moved(ada, 'release', first)
  assert.equal((await see(ada, contract)).status, 'active')
  assert.equal((await moved(bob, 'refund', second)).status, 'refunded')
  assert.deepEqual(await turnsAbout(market, second), ['Ada approve done', 'Ada fund done', 'Bob deliver missed'])
  assert.equal((await walletOf(ada)).balance_cents, 40_000)
  const last = await moved(ada, 'fund', third)
  assert.equal(last.due_at, due, 'the day that was named')
  assert.equal((await moved(ada, 'release', third)).released_cents, 19_000)
  const end = await see(ada, contract)
  assert.deepEqual(
    [end.status, end.can, ...end.milestones.map(({ status }) => status)],
    ['completed', ['review'], 'released', 'refunded', 'released'],
  )
  refused(await propose(ada, contract), 400, 'contract_wrong_state')
  await assertLawful(market)
})

test('what is only proposed ends with its contract; what is agreed on holds it open', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  const { first, ...contract } = await active(market, sides)
  const { milestone: wish } = went(await propose(bob, contract), 201)
  const agreed = await another(sides, contract)
  await moved(ada, 'release', first)
  assert.equal((await see(ada, contract)).status, 'active')
  assert.equal((await moved(bob, 'cancel', agreed)).status, 'cancelled')
  const end = await see(ada, contract)
  assert.deepEqual(
    [end.status, ...end.milestones.map(({ status }) => status)],
    ['completed', 'released', 'cancelled', 'cancelled'],
  )
  assert.deepEqual(await turnsAbout(market, wish), [])
  await assertLawful(market)
})

test('an earlier milestone that is agreed on later comes first: the later one waits again, with fresh days', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  const { first, ...contract } = await active(market, sides)
  const { milestone: second } = went(await propose(bob, contract), 201)
  const third = await another(sides, contract)
  await moved(bob, 'deliver', first)
  assert.ok((await seen(ada, third)).deadline_at)
  went(await move(ada, 'fund', third, { source: 'card' }))
  await moved(ada, 'approve', second)
  assert.equal((await seen(ada, third)).deadline_at, null)
  assert.ok((await seen(ada, second)).deadline_at)
  const [card] = await market.db.rows(`select status from card_funding where ref = 'milestone:' || $1`, [third.id])
  assert.deepEqual(card, { status: 'stopping' })
  await moved(ada, 'cancel', second)
  assert.ok((await seen(ada, third)).deadline_at)
  assert.deepEqual(await turnsAbout(market, third), ['Ada approve done', 'Ada fund'])
})

test('cancelled before it is funded, by either side; the only live one cancelled completes nothing', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  const { first, ...contract } = await active(market, sides)
  const { milestone: unwanted } = went(await propose(bob, contract), 201)
  assert.equal((await moved(ada, 'cancel', unwanted)).status, 'cancelled')
  assert.deepEqual(await turnsAbout(market, unwanted), ['Ada approve done'], 'to say no is to answer')
  const { milestone: withdrawn } = went(await propose(bob, contract), 201)
  assert.equal((await moved(bob, 'cancel', withdrawn)).status, 'cancelled')
  assert.deepEqual(await turnsAbout(market, withdrawn), [])
  assert.equal((await see(ada, contract)).status, 'active')
  const funded = refused(await cancelIt(ada, contract), 400, 'milestone_funded')
  assert.equal(funded.milestone_id, first.id)
})

test('files are delivered: both sides read them, nobody else does, and they are attached once', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  const [cleo] = [await twoSides(market, 'Cleo', 'Dan')].map(({ client }) => client)
  const { first } = await active(market, sides)
  const picture = await uploaded(market, bob, 'north.txt', 'white on all sides')
  assert.equal((await ada.ask('GET', `/api/attachments/${picture.id}`)).status, 404)
  refused(await move(bob, 'deliver', first, { attachments: [first.id] }), 400, 'attachment_unusable')
  assert.equal((await seen(bob, first)).status, 'funded')
  const { delivery } = await moved(bob, 'deliver', first, { attachments: [picture.id] })
  assert.deepEqual(
    delivery?.attachments.map(({ id, name }) => [id, name]),
    [[picture.id, 'north.txt']],
  )
  for (const reader of [ada, bob]) {
    const file = await reader.ask('GET', `/api/attachments/${picture.id}`)
    assert.deepEqual([file.status, file.text], [200, 'white on all sides'])
  }
  assert.equal((await cleo!.ask('GET', `/api/attachments/${picture.id}`)).status, 404)
})

test('milestones of a contract that waits: proposed and approved, funded only in their turn; they end with it', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  const { first, ...contract } = await active(market, sides)
  const waiting = await active(market, sides, { rate_cents: 100 })
  assert.equal(waiting.status, 'active')
  await market.db.rows(
    `update contract set status = 'pending_freelancer_kyc', due_at = app_now() + interval '7 days', activated_at = null where id = $1`,
    [waiting.id],
  )
  const second = await another(sides, waiting)
  assert.deepEqual([second.status, second.deadline_at], ['pending', null])
  for (const [person, verb] of [
    [bob, 'deliver'],
    [ada, 'release'],
    [bob, 'refund'],
    [ada, 'cancel'],
  ] as const)
    refused(await move(person, verb, waiting.first), 400, 'contract_wrong_state')
  refused(await move(ada, 'cancel', second), 400, 'contract_wrong_state')
  refused(await move(ada, 'fund', second), 400, 'milestone_out_of_order')
  const off = went(await act<Contract>(bob, 'cancel', waiting, { reason: 'No time.' }))
  assert.deepEqual(
    off.milestones.map(({ status }) => status),
    ['refunded', 'cancelled'],
  )
  assert.equal((await seen(ada, first)).status, 'funded', `contract ${contract.id} is another one`)
  await assertLawful(market)
})

test('fifty milestones are the most a contract has in its time', async () => {
  const sides = await twoSides(market)
  const contract = await active(market, sides)
  for (let n = 2; n <= 50; n++) {
    const { milestone } = went(await propose(sides.worker, contract), 201)
    assert.equal(milestone.position, n)
    if (n % 2 === 0) await moved(sides.client, 'cancel', milestone)
  }
  assert.ok(!(await see(sides.worker, contract)).can.includes('propose'))
  refused(await propose(sides.worker, contract), 400, 'too_many_milestones')
})

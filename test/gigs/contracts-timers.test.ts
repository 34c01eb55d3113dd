import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { followAccounts } from '../../src/desks/gigs/contract/follow-accounts.ts'
import type { Contract } from '../../src/desks/gigs/contract/show-contract.ts'
import { sweepGigs } from '../../src/desks/gigs/sweep.ts'
import { assertLawful, fund, refused, walletOf, went } from '../journeys/desk.ts'
import { type Person, startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import {
  act,
  agreed,
  agreedAndApproved,
  bookCards,
  cancelIt,
  fundIt,
  heldFor,
  moveClockToDeadline,
  movementsOf,
  payable,
  payByCard,
  reviseIt,
  secretlyPayable,
  see,
  toldOf,
  turnsOf,
  twoSides,
} from './contract-stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const day = 86_400

/** Follows what has been said of accounts; an event is handed out when every transaction that began before its own has ended. */
const followed = (status: string, person: Person, contract: Pick<Contract, 'id'>): Promise<unknown> =>
  until(`contract ${contract.id} becomes ${status}`, async () => {
    await followAccounts(market.db)
    return (await see(person, contract)).status === status
  })

test('not approved by both for 7 days: expired, its negotiation with it, and the silent side has missed its turn', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  const contract = await agreed(sides)
  went(await act(ada, 'approve', contract))
  await market.advance(7 * day - 60)
  assert.equal((await see(ada, contract)).status, 'pending_owner_approval')
  await market.advance(61)
  const over = await see(ada, contract)
  assert.deepEqual([over.status, over.deadline_at, over.can], ['expired', null, []])
  assert.deepEqual(
    over.milestones.map(({ status }) => status),
    ['cancelled'],
  )
  const { state } = went(await ada.ask<{ state: string }>('GET', `/api/negotiations/${contract.negotiation_id}`))
  assert.equal(state, 'expired')
  assert.deepEqual(await turnsOf(market, contract), ['Ada approve done', 'Bob approve missed'])
  assert.deepEqual((await toldOf(market, contract)).slice(-1), ['contract.updated expired'])
  refused(await act(bob, 'approve', contract), 400, 'contract_wrong_state')
})

test('the deadline counts from its moment on, whether it has been written down or not', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  await fund(market, ada, 50_000)
  const unapproved = await agreed(sides)
  await moveClockToDeadline(market, unapproved, 1)
  const seen = await see(bob, unapproved)
  assert.deepEqual([seen.status, seen.can], ['pending_owner_approval', []])
  for (const late of [act(ada, 'approve', unapproved), reviseIt(ada, unapproved), cancelIt(bob, unapproved)])
    refused(await late, 400, 'contract_expired')

  await payable(market, bob)
  const unfunded = await agreedAndApproved(sides)
  const card = went(await fundIt(ada, unfunded))
  await moveClockToDeadline(market, unfunded, 1)
  for (const source of ['card', 'wallet']) refused(await fundIt(ada, unfunded, { source }), 400, 'contract_expired')
  refused(await act(ada, 'approve', unfunded), 400, 'contract_expired')
  await payByCard(market, card)
  await bookCards(market)
  assert.equal(await heldFor(market, unfunded.milestones[0]!), 0, 'a card payment that comes late goes back')
  const [turned] = await market.db.rows(`select status from card_funding where ref = 'milestone:' || $1`, [
    unfunded.milestones[0]!.id,
  ])
  assert.deepEqual(turned, { status: 'unwanted' })
  assert.equal((await walletOf(ada)).balance_cents, 50_000)
  await sweepGigs(market.db)
  for (const one of [unapproved, unfunded]) assert.equal((await see(ada, one)).status, 'expired')
  await assertLawful(market)
})

test('approved and not funded for 7 days from the second approval: expired, and the client has missed the turn', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  await payable(market, bob)
  const drawn = await agreed(sides)
  await market.advance(5 * day)
  went(await act(bob, 'approve', drawn))
  went(await act(ada, 'approve', drawn))
  await market.advance(6 * day)
  assert.equal((await see(ada, drawn)).status, 'pending_client_funding', 'they have 7 days each')
  await market.advance(day + 1)
  assert.equal((await see(ada, drawn)).status, 'expired')
  assert.deepEqual(await turnsOf(market, drawn), ['Ada approve done', 'Ada fund missed'])
  const { state } = went(await ada.ask<{ state: string }>('GET', `/api/negotiations/${drawn.negotiation_id}`))
  assert.equal(state, 'approved')
})

test('funded, and the worker’s account does not come: expired, and the money goes back', async () => {
  const sides = await twoSides(market)
  const { client: ada } = sides
  await fund(market, ada, 50_000)
  const fromWallet = await agreedAndApproved(sides)
  went(await fundIt(ada, fromWallet, { source: 'wallet' }))
  const byCard = await agreedAndApproved(sides)
  await payByCard(market, went(await fundIt(ada, byCard)))
  await bookCards(market)
  assert.equal((await see(ada, byCard)).milestones[0]!.status, 'funded')
  await market.advance(7 * day + 1)
  for (const one of [fromWallet, byCard]) {
    const over = await see(ada, one)
    assert.deepEqual([over.status, over.milestones[0]!.status], ['expired', 'refunded'])
    assert.deepEqual(await turnsOf(market, one), ['Ada approve done', 'Bob connect missed'])
  }
  assert.deepEqual(await movementsOf(market, fromWallet.milestones[0]!), { milestone_funded: 50_000, refund: 50_000 })
  assert.deepEqual(await movementsOf(market, byCard.milestones[0]!), { card_refund: 50_000, funding: 50_000 })
  assert.equal((await walletOf(ada)).balance_cents, 50_000)
  await assertLawful(market)
})

test('for nothing it expires too, and nobody has missed anything', async () => {
  const sides = await twoSides(market)
  const contract = await agreedAndApproved(sides, { rate_cents: 0 })
  await market.advance(7 * day + 1)
  assert.equal((await see(sides.client, contract)).status, 'expired')
  assert.deepEqual(await turnsOf(market, contract), [])
})

test('contracts follow the worker’s account: ready, lost, and ready again; each wait is told', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  await fund(market, ada, 50_000)
  const contract = await agreedAndApproved(sides)
  const other = await agreedAndApproved(sides)
  const both = async (): Promise<string[]> => [(await see(ada, contract)).status, (await see(ada, other)).status]
  assert.deepEqual(await both(), ['pending_freelancer_kyc', 'pending_freelancer_kyc'])
  await payable(market, bob)
  await followed('pending_client_funding', ada, other)
  assert.deepEqual(await both(), ['pending_client_funding', 'pending_client_funding'])
  await payable(market, bob, false)
  await followed('pending_both', ada, other)
  assert.deepEqual(await both(), ['pending_both', 'pending_both'])
  assert.deepEqual((await see(ada, contract)).can, ['fund', 'revise', 'cancel', 'propose'])
  assert.deepEqual((await see(bob, contract)).can, ['connect_link', 'revise', 'cancel', 'propose'])
  const funded = went(await fundIt(ada, contract, { source: 'wallet' }))
  assert.equal(funded.contract.status, 'pending_freelancer_kyc')
  await payable(market, bob)
  await followed('active', ada, contract)
  assert.deepEqual(await both(), ['active', 'pending_client_funding'])
  assert.deepEqual(await turnsOf(market, contract), [
    'Ada approve done',
    'Bob connect done',
    'Ada fund done',
    'Bob connect done',
  ])
  await payable(market, bob, false)
  await followed('pending_both', ada, other)
  assert.deepEqual(await both(), ['active', 'pending_both'], 'what is active stays so')
  await market.advance(7 * day + 1)
  assert.deepEqual(await both(), ['active', 'expired'])
  assert.deepEqual((await turnsOf(market, other)).slice(1), [
    'Bob connect done',
    'Ada fund missed',
    'Bob connect done',
    'Bob connect missed',
  ])
  await assertLawful(market)
})

test('an account that changed without a message is judged when money comes, and found by the sweep', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  await fund(market, ada, 150_000)
  const lost = await agreedAndApproved(sides)
  await payable(market, bob)
  await followed('pending_client_funding', ada, lost)
  await secretlyPayable(market, bob, false)
  assert.equal((await see(ada, lost)).status, 'pending_client_funding')
  assert.equal(went(await fundIt(ada, lost, { source: 'wallet' })).contract.status, 'pending_freelancer_kyc')
  await secretlyPayable(market, bob)
  await sweepGigs(market.db)
  assert.equal((await see(ada, lost)).status, 'active')
  await secretlyPayable(market, bob, false)
  const waits = await agreedAndApproved(sides)
  await secretlyPayable(market, bob)
  assert.equal(went(await fundIt(ada, waits, { source: 'wallet' })).contract.status, 'active', 'at once')
  assert.deepEqual((await toldOf(market, lost)).slice(-3), [
    'contract.milestone.funded funded',
    'contract.updated pending_freelancer_kyc',
    'contract.updated active',
  ])
  await assertLawful(market)
})

test('whoever revises or cancels has answered, and the other side has missed nothing', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  const revised = await agreed(sides)
  went(await reviseIt(ada, revised))
  assert.deepEqual(await turnsOf(market, revised), ['Ada approve done'])
  const cancelled = await agreed(sides)
  went(await cancelIt(bob, cancelled))
  assert.deepEqual(await turnsOf(market, cancelled), [])
  const [score] = await market.db.rows<{ bob: number }>(`select turn_score($1) as bob`, [bob.userId])
  assert.ok(score!.bob >= 50)
})

test('many are due at once, and one that cannot be moved holds up no other', async () => {
  const sides = await twoSides(market)
  const contracts = []
  for (let n = 0; n < 6; n++) contracts.push(await agreedAndApproved(sides))
  await fund(market, sides.client, 50_000)
  went(await fundIt(sides.client, contracts[2]!, { source: 'wallet' }))
  const [stuck] = contracts[2]!.milestones
  // Its money cannot go back: the way it came is not known.
  await market.db.rows(`update milestone set source = 'card' where id = $1`, [stuck!.id])
  await market.db.rows(`update contract set due_at = app_now() where id = any ($1)`, [contracts.map(({ id }) => id)])
  await assert.rejects(sweepGigs(market.db), /1 contracts could not be moved/)
  for (const [n, contract] of contracts.entries())
    assert.equal((await see(sides.client, contract)).status, n === 2 ? 'pending_freelancer_kyc' : 'expired')
  await market.db.rows(`update milestone set source = 'wallet' where id = $1`, [stuck!.id])
  await Promise.all([sweepGigs(market.db), sweepGigs(market.db), sweepGigs(market.db)])
  assert.equal((await see(sides.client, contracts[2]!)).status, 'expired')
  assert.deepEqual(await movementsOf(market, stuck!), { milestone_funded: 50_000, refund: 50_000 })
  await assertLawful(market)
})

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { sweepGigs } from '../../src/desks/gigs/sweep.ts'
import { assertLawful, fund, refused, walletOf, went } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import {
  act,
  agreed,
  agreedAndApproved,
  agreeOn,
  approved,
  bookCards,
  cancelIt,
  fundIt,
  heldFor,
  movementsOf,
  payable,
  payByCard,
  reviseIt,
  see,
  twoSides,
} from './contract-stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const sides = await twoSides(market)
const { client: ada, worker: bob } = sides

test('cancelled before it is active, money goes back where it came from: wallet or card', async () => {
  const { client: gil, worker: hal } = await twoSides(market, 'Gil', 'Hal')
  await fund(market, gil, 50_000)
  const fromWallet = await agreedAndApproved({ client: gil, worker: hal })
  went(await fundIt(gil, fromWallet, { source: 'wallet' }))
  assert.equal((await walletOf(gil)).balance_cents, 0)
  const off = went(await cancelIt(hal, fromWallet))
  assert.deepEqual([off.status, off.milestones[0]!.status], ['cancelled', 'refunded'])
  assert.equal((await walletOf(gil)).balance_cents, 50_000)
  assert.deepEqual(await movementsOf(market, off.milestones[0]!), { milestone_funded: 50_000, refund: 50_000 })
  const { state } = went(await gil.ask<{ state: string }>('GET', `/api/negotiations/${off.negotiation_id}`))
  assert.equal(state, 'approved', 'what both have approved was agreed on')

  const byCard = await agreedAndApproved({ client: gil, worker: hal })
  await payByCard(market, went(await fundIt(gil, byCard)))
  await bookCards(market)
  const paid = await see(gil, byCard)
  assert.deepEqual([paid.status, paid.milestones[0]!.source], ['pending_freelancer_kyc', 'card'])
  went(await cancelIt(gil, byCard))
  assert.equal(await heldFor(market, paid.milestones[0]!), 0)
  assert.equal((await walletOf(gil)).balance_cents, 50_000, 'not into the wallet')
  const [asked] = await market.db.rows<{ kind: string; amount_cents: number }>(
    `select kind, amount_cents from provider_intent where user_id = $1`,
    [gil.userId],
  )
  assert.deepEqual(asked, { kind: 'card_refund', amount_cents: 50_000 })

  const unsigned = await agreed({ client: gil, worker: hal })
  went(await cancelIt(gil, unsigned))
  const fallen = went(await hal.ask<{ state: string }>('GET', `/api/negotiations/${unsigned.negotiation_id}`))
  assert.equal(fallen.state, 'expired')
  await assertLawful(market)
})

test('revised three times, with its money back each time; a fourth time is refused', async () => {
  const { client: kay, worker: leo } = await twoSides(market, 'Kay', 'Leo')
  const pair = { client: kay, worker: leo }
  await fund(market, kay, 50_000)
  let contract = await agreedAndApproved(pair)
  for (let revision = 1; revision <= 3; revision++) {
    went(await fundIt(kay, contract, { source: 'wallet' }))
    const revised = went(await reviseIt(revision === 2 ? leo : kay, contract))
    assert.deepEqual(
      [revised.status, revised.revisions, revised.client_approved_at, revised.worker_approved_at, revised.deadline_at],
      ['in_negotiation', revision, null, null, null],
    )
    assert.equal(revised.revise_notes, 'Ten hours are too many.')
    assert.deepEqual(revised.can, ['cancel'])
    assert.equal((await walletOf(kay)).balance_cents, 50_000)
    const { negotiation_id: id } = contract
    const open = went(await kay.ask<{ state: string }>('GET', `/api/negotiations/${id}`))
    assert.equal(open.state, 'in_progress')
    went(await kay.ask('POST', `/api/negotiations/${id}/round`, { hours_per_week: 10 - revision }))
    const again = await agreeOn(leo, id)
    assert.deepEqual(
      [again.id, again.status, again.hours_per_week, again.milestones.length],
      [contract.id, 'pending_owner_approval', 10 - revision, revision + 1],
    )
    assert.deepEqual(
      again.milestones.map(({ status }) => status),
      [...Array.from({ length: revision }, () => 'refunded'), 'pending'],
    )
    assert.equal(again.milestones.at(-1)!.amount_cents, 5_000 * (10 - revision))
    contract = await approved(pair, contract)
    refused(
      await kay.ask('POST', `/api/contracts/${contract.id}/milestones/${contract.milestones[0]!.id}/fund`, {
        source: 'wallet',
      }),
      400,
      'milestone_wrong_state',
    )
  }
  assert.deepEqual(contract.can, ['fund', 'cancel', 'propose'])
  refused(await reviseIt(leo, contract), 400, 'too_many_revisions')
  await payable(market, leo)
  await sweepGigs(market.db)
  assert.equal(went(await fundIt(kay, contract, { source: 'wallet' })).contract.status, 'active')
  assert.equal((await walletOf(kay)).balance_cents, 50_000 - 35_000)
  await assertLawful(market)
})

test('declined or left alone under revision, the contract falls with its negotiation', async () => {
  const contract = await agreed(sides)
  went(await reviseIt(ada, contract))
  went(await bob.ask('POST', `/api/negotiations/${contract.negotiation_id}/decline`))
  assert.equal((await see(ada, contract)).status, 'expired')
  const other = await agreed(sides)
  went(await reviseIt(ada, other))
  const again = went(
    await ada.ask<{ id: string }>('POST', '/api/negotiations', { gig_id: contract.gig_id, worker_user_id: bob.userId }),
    201,
  )
  assert.ok(again.id, 'a new one about the same gig may begin')
  await market.advance(7 * 86_400 + 1)
  assert.equal((await see(ada, other)).status, 'expired')
})

test('choosing the wallet stops the card payment that is open, and one that goes through all the same goes back', async () => {
  const { client: mia, worker: ned } = await twoSides(market, 'Mia', 'Ned')
  await fund(market, mia, 50_000)
  const contract = await agreedAndApproved({ client: mia, worker: ned })
  const card = went(await fundIt(mia, contract))
  const funded = went(await fundIt(mia, contract, { source: 'wallet' }))
  assert.equal(funded.milestone.source, 'wallet')
  const [stopping] = await market.db.rows<{ status: string }>(`select status from card_funding where ref = $1`, [
    `milestone:${funded.milestone.id}`,
  ])
  assert.equal(stopping!.status, 'stopping')
  await payByCard(market, card)
  await bookCards(market)
  assert.equal(await heldFor(market, funded.milestone), 50_000)
  const [turned] = await market.db.rows<{ status: string }>(`select status from card_funding where ref = $1`, [
    `milestone:${funded.milestone.id}`,
  ])
  assert.equal(turned!.status, 'unwanted')
  await assertLawful(market)
})

test('the provider being away fails no approval, and its form is there when it is back', async () => {
  const { client: oda, worker: pit } = await twoSides(market, 'Oda', 'Pit')
  const contract = await agreed({ client: oda, worker: pit })
  went(await act(oda, 'approve', contract))
  await market.stripe.fault('answer_lost', { how: 'cut', applied: false }, { times: 1_000 })
  const done = went(await act(pit, 'approve', contract))
  assert.equal(done.status, 'pending_freelancer_kyc')
  assert.equal('connect_url' in done, false)
  await market.stripe.clear()
  await market.db.rows(`update provider_intent set leased_until = null`)
  assert.match((await see(pit, contract)).connect_url!, /\/twin\//)
})

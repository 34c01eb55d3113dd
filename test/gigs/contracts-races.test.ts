import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Contract } from '../../src/desks/gigs/contract/show-contract.ts'
import { sweepGigs } from '../../src/desks/gigs/sweep.ts'
import { assertLawful, fund, walletOf, went } from '../journeys/desk.ts'
import { at, contest, race } from '../races/contest.ts'
import { type Answer, startTestMarket } from '../support/market.ts'
import {
  act,
  agreed,
  approved,
  bookCards,
  bookingOf,
  cancelIt,
  fundIt,
  heldFor,
  movementsOf,
  payable,
  payByCard,
  reviseIt,
  see,
  toldOf,
  twoSides,
} from './contract-stage.ts'

// Two APIs on one database; the background is raced by hand.
const market = await startTestMarket({ worker: false, apis: 2 })
after(() => market.close())
const sides = await twoSides(market)
const { client: ada, worker: bob } = sides
const there = at(market.urls[1], ada)
await payable(market, bob)
await fund(market, ada, 50_000)

/** Fifty applications a day are the most: those of earlier rounds were made long ago. */
async function freshlyAgreed(): Promise<Contract> {
  await market.db.rows(
    `update application set created_at = created_at - interval '2 days' where created_at > app_now() - interval '1 day'`,
  )
  return agreed(sides)
}
const freshlyApproved = async (): Promise<Contract> => approved(sides, await freshlyAgreed())

const code = ({ body }: Answer<unknown>): string => (body as { code: string }).code
const wallet = async (): Promise<number> => (await walletOf(ada)).balance_cents
/** One of the two goes first by some milliseconds, now this one, now that one. */
const late = async <T>(n: number, side: 0 | 1, run: () => Promise<T>, most = 8): Promise<T> => {
  if (n % 2 === side) await sleep(Math.random() * most)
  return run()
}

test('both approve at once: exactly one of them is the second, and the days begin once', async (story) => {
  await contest(story, ['client', 'worker'], async () => {
    const contract = await freshlyAgreed()
    const [one, two] = await race(
      () => act(there, 'approve', contract),
      () => act(bob, 'approve', contract),
    )
    const first = [went(one), went(two)].map(({ status }) => status)
    assert.deepEqual([...first].sort(), ['pending_client_funding', 'pending_owner_approval'])
    assert.equal((await see(ada, contract)).status, 'pending_client_funding')
    const told = await toldOf(market, contract)
    assert.equal(told.filter((line) => line.endsWith('pending_client_funding')).length, 1)
    went(await cancelIt(ada, contract))
    return first[0] === 'pending_client_funding' ? 'client' : 'worker'
  })
  await assertLawful(market)
})

test('fund against expiry: active with its money held, or expired with none', async (story) => {
  await contest(story, ['fund', 'expiry'], async () => {
    const contract = await freshlyApproved()
    // How long it has: between nothing and more than it needs, by the machine it runs on.
    const left = Math.random() * 50
    await market.db.rows(
      `update contract set due_at = app_now() + make_interval(secs => $2::float8 / 1000) where id = $1`,
      [contract.id, left],
    )
    const [funded] = await race(
      () => fundIt(there, contract, { source: 'wallet' }),
      () => sleep(left).then(() => sweepGigs(market.db)),
    )
    await sleep(2)
    await sweepGigs(market.db)
    const seen = await see(ada, contract)
    if (funded.status === 200) {
      assert.equal(seen.status, 'active')
      assert.equal(await heldFor(market, contract.milestones[0]!), 50_000)
      await fund(market, ada, 50_000)
      return 'fund'
    }
    assert.ok(['contract_expired', 'contract_wrong_state'].includes(code(funded)), funded.text)
    assert.equal(seen.status, 'expired')
    assert.deepEqual(await movementsOf(market, contract.milestones[0]!), {})
    assert.equal(await wallet(), 50_000)
    return 'expiry'
  })
  await assertLawful(market)
})

test('a card payment that goes through against cancel: the money goes back to the card, whoever came first', async (story) => {
  await contest(story, ['card', 'cancel'], async (n) => {
    const contract = await freshlyApproved()
    const [milestone] = contract.milestones
    const card = went(await fundIt(ada, contract))
    await payByCard(market, card)
    const book = await bookingOf(market, card)
    const [, cancelled] = await race(
      () => late(n, 0, book),
      () => late(n, 1, () => cancelIt(bob, contract)),
    )
    await bookCards(market)
    const seen = await see(ada, contract)
    const moved = await movementsOf(market, milestone!)
    if (cancelled.status === 400) {
      assert.equal(code(cancelled), 'milestone_funded')
      assert.equal(seen.status, 'active')
      assert.deepEqual(moved, { funding: 50_000 })
      return 'card'
    }
    assert.deepEqual([cancelled.status, seen.status, seen.milestones[0]!.status], [200, 'cancelled', 'cancelled'])
    assert.deepEqual(moved, { funding: 50_000 })
    assert.equal(await heldFor(market, milestone!), 0)
    const [clearing] = await market.db.rows<{ n: number }>(
      `select count(*) as n from provider_intent where kind = 'card_refund' and ref = 'milestone:' || $1`,
      [milestone!.id],
    )
    assert.equal(clearing!.n, 1)
    assert.equal(await wallet(), 50_000)
    return 'cancel'
  })
  await assertLawful(market)
})

test('a card payment that goes through against funding from the wallet: funded once, and the other money is where it was', async (story) => {
  await contest(story, ['card', 'wallet'], async (n) => {
    const contract = await freshlyApproved()
    const [milestone] = contract.milestones
    const card = went(await fundIt(ada, contract))
    await payByCard(market, card)
    const book = await bookingOf(market, card)
    const [, funded] = await race(
      () => late(n, 0, book),
      () => late(n, 1, () => fundIt(there, contract, { source: 'wallet' })),
    )
    await bookCards(market)
    assert.equal(went(funded).milestone.status, 'funded')
    const seen = await see(ada, contract)
    assert.deepEqual([seen.status, seen.milestones[0]!.source], ['active', funded.body.milestone.source])
    assert.equal(await heldFor(market, milestone!), 50_000)
    const told = await toldOf(market, contract)
    assert.equal(told.filter((line) => line === 'contract.milestone.funded funded').length, 1)
    if (funded.body.milestone.source === 'card') {
      assert.equal(await wallet(), 50_000)
      return 'card'
    }
    assert.equal(await wallet(), 0)
    await fund(market, ada, 50_000)
    return 'wallet'
  })
  await assertLawful(market)
})

test('revise against fund: in negotiation with the money back, or active', async (story) => {
  await contest(story, ['revise', 'fund'], async (n) => {
    const contract = await freshlyApproved()
    const [revised, funded] = await race(
      () => late(n, 0, () => reviseIt(bob, contract)),
      () => late(n, 1, () => fundIt(there, contract, { source: 'wallet' })),
    )
    const seen = await see(ada, contract)
    if (revised.status === 200) {
      assert.equal(seen.status, 'in_negotiation')
      assert.equal(funded.status, 400, funded.text)
      assert.equal(await wallet(), 50_000)
      went(await cancelIt(ada, contract))
      return 'revise'
    }
    assert.deepEqual(
      [code(revised), went(funded).contract.status, seen.status],
      ['contract_wrong_state', 'active', 'active'],
    )
    assert.equal(await wallet(), 0)
    await fund(market, ada, 50_000)
    return 'fund'
  })
  await assertLawful(market)
})

test('cancel against the second approval: cancelled in the end, and what was open before is told', async (story) => {
  await contest(story, ['cancel', 'approve'], async (n) => {
    const contract = await freshlyAgreed()
    went(await act(bob, 'approve', contract))
    const [cancelled, approval] = await race(
      () => late(n, 0, () => cancelIt(bob, contract)),
      () => late(n, 1, () => act(there, 'approve', contract)),
    )
    assert.equal(went(cancelled).status, 'cancelled')
    const { state } = went(await ada.ask<{ state: string }>('GET', `/api/negotiations/${contract.negotiation_id}`))
    const [open] = await market.db.rows<{ n: number }>(
      `select count(*) as n from turn where ref = 'contract:' || $1 and closed_at is null`,
      [contract.id],
    )
    assert.equal(open!.n, 0)
    if (approval.status === 200) {
      assert.equal(state, 'approved')
      return 'approve'
    }
    assert.deepEqual([approval.status, code(approval), state], [400, 'contract_wrong_state', 'expired'])
    return 'cancel'
  })
  await assertLawful(market)
})

test('an account that becomes active while its contract is approved: no message is missed for long', async (story) => {
  await contest(story, ['account', 'approve'], async () => {
    await payable(market, bob, false)
    const contract = await freshlyAgreed()
    went(await act(bob, 'approve', contract))
    const [approval] = await race(
      () => act(there, 'approve', contract),
      () => sleep(Math.random() * 25).then(() => payable(market, bob)),
    )
    await sweepGigs(market.db)
    assert.equal((await see(ada, contract)).status, 'pending_client_funding')
    went(await cancelIt(ada, contract))
    return went(approval).status === 'pending_client_funding' ? 'account' : 'approve'
  })
})

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { mintKey } from '../../src/core/accounts/create-key.ts'
import { sweepGigs } from '../../src/desks/gigs/sweep.ts'
import { assertLawful, fund, refused, walletOf, went } from '../journeys/desk.ts'
import { ask, type Person, startTestMarket } from '../support/market.ts'
import {
  act,
  agreed,
  agreedAndApproved,
  bookCards,
  cancelIt,
  fundIt,
  payable,
  reviseIt,
  secretlyPayable,
  see,
  twoSides,
} from './contract-stage.ts'
import { another, moved } from './milestone-stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const sides = await twoSides(market)
const { client: ada, worker: bob } = sides
const { client: eve } = await twoSides(market, 'Eve', 'Fay')
await payable(market, bob)

/** The same person with a key of other rights. */
async function withKey(person: Person, options: { scopes?: string[]; limit?: number }): Promise<Person> {
  const { key } = await market.db.transaction((sql) => mintKey(sql, person.userId, { name: 'other', ...options }))
  return {
    ...person,
    key,
    ask: (method, path, body, headers = {}) =>
      ask(market.url, method, path, body, { authorization: `Bearer ${key}`, ...headers }),
  }
}

test('strangers learn nothing of a contract, and a milestone belongs to its own contract', async () => {
  const contract = await agreedAndApproved(sides)
  const [milestone] = contract.milestones
  const path = `/api/contracts/${contract.id}`
  refused(await eve.ask('GET', path), 404, 'contract_not_found')
  refused(await eve.ask('GET', `${path}/connect-link`), 404, 'contract_not_found')
  refused(await act(eve, 'approve', contract), 404, 'contract_not_found')
  refused(await reviseIt(eve, contract), 404, 'contract_not_found')
  refused(await cancelIt(eve, contract), 404, 'contract_not_found')
  refused(await fundIt(eve, contract), 404, 'contract_not_found')
  const other = await agreed(sides)
  refused(
    await ada.ask('POST', `/api/contracts/${other.id}/milestones/${milestone!.id}/fund`),
    404,
    'milestone_not_found',
  )
  refused(await fundIt(bob, contract), 403, 'not_your_side')
  refused(await ada.ask('GET', `${path}/connect-link`), 403, 'not_your_side')
  for (const body of [{}, { notes: '' }, { notes: '  ' }, { notes: 'x'.repeat(10_001) }])
    refused(await act(ada, 'revise', contract, body), 400, 'invalid_input')
  for (const body of [{}, { reason: '' }, { reason: 'x'.repeat(10_001) }])
    refused(await act(ada, 'cancel', contract, body), 400, 'invalid_input')
  refused(await fundIt(ada, contract, { source: 'gold' }), 400, 'invalid_input')
  assert.equal((await see(ada, contract)).status, 'pending_client_funding')
})

test('money needs the scope wallet:spend and the mandate of the key; for nothing neither is asked', async () => {
  const poor = await withKey(ada, { limit: 49_999 })
  const narrow = await withKey(ada, { scopes: ['gigs'] })
  const contract = await agreedAndApproved(sides)
  await fund(market, ada, 50_000)
  for (const source of ['card', 'wallet'] as const) {
    const without = refused(await fundIt(narrow, contract, { source }), 403, 'scope_missing')
    assert.equal(without.scope, 'wallet:spend')
    refused(await fundIt(poor, contract, { source }), 402, 'spend_limit_reached')
  }
  assert.equal((await walletOf(ada)).balance_cents, 50_000)
  const free = await agreedAndApproved(sides, { rate_cents: 0 })
  assert.equal(went(await fundIt(narrow, free)).contract.status, 'active')
  const rich = await withKey(ada, { limit: 50_000 })
  went(await fundIt(rich, contract, { source: 'wallet' }))
  const [day] = await market.db.rows<{ spent: number }>(`select sum(spent)::bigint as spent from mandate_day`)
  assert.equal(day!.spent, 50_000, 'refusals count for nothing')
})

test('what a contract waits for decides what may be done: every verb in every state', async () => {
  const states = {
    pending_owner_approval: () => agreed(sides),
    async in_negotiation() {
      const contract = await agreed(sides)
      return went(await reviseIt(ada, contract))
    },
    async pending_freelancer_kyc() {
      await secretlyPayable(market, bob, false)
      const contract = await agreedAndApproved(sides)
      await secretlyPayable(market, bob)
      return contract
    },
    pending_client_funding: () => agreedAndApproved(sides),
    async pending_both() {
      const contract = await agreedAndApproved(sides)
      await secretlyPayable(market, bob, false)
      await sweepGigs(market.db)
      await secretlyPayable(market, bob)
      return contract
    },
    async active() {
      const contract = await agreedAndApproved(sides)
      await fund(market, ada, 50_000)
      went(await fundIt(ada, contract, { source: 'wallet' }))
      return contract
    },
    async cancelled() {
      const contract = await agreed(sides)
      return went(await cancelIt(bob, contract))
    },
    async expired() {
      const contract = await agreed(sides)
      await market.db.rows(`update contract set due_at = app_now() where id = $1`, [contract.id])
      await sweepGigs(market.db)
      return contract
    },
  }
  const verbs = {
    approve: (id: Awaited<ReturnType<typeof agreed>>) => act(ada, 'approve', id),
    revise: (id: Awaited<ReturnType<typeof agreed>>) => reviseIt(bob, id),
    cancel: (id: Awaited<ReturnType<typeof agreed>>) => cancelIt(bob, id),
    fund: (id: Awaited<ReturnType<typeof agreed>>) => fundIt(ada, id, { source: 'card' }),
    link: (id: Awaited<ReturnType<typeof agreed>>) => bob.ask('GET', `/api/contracts/${id.id}/connect-link`),
  }
  const ok = 200
  const wrong = 'contract_wrong_state'
  const link = 'account_not_awaited'
  const expected: Record<keyof typeof states, Record<keyof typeof verbs, number | string>> = {
    pending_owner_approval: { approve: ok, revise: ok, cancel: ok, fund: wrong, link },
    in_negotiation: { approve: wrong, revise: wrong, cancel: ok, fund: wrong, link },
    // The provider does not know the account these tests have made up.
    pending_freelancer_kyc: { approve: ok, revise: ok, cancel: ok, fund: ok, link: 'payments_unavailable' },
    pending_client_funding: { approve: ok, revise: ok, cancel: ok, fund: ok, link },
    pending_both: { approve: ok, revise: ok, cancel: ok, fund: ok, link: 'payments_unavailable' },
    active: { approve: ok, revise: wrong, cancel: 'milestone_funded', fund: ok, link },
    cancelled: { approve: wrong, revise: wrong, cancel: wrong, fund: wrong, link },
    expired: { approve: wrong, revise: wrong, cancel: wrong, fund: wrong, link },
  }
  for (const [state, make] of Object.entries(states)) {
    for (const [verb, ask] of Object.entries(verbs)) {
      const made = await make()
      const contract = await see(ada, made)
      assert.equal(contract.status, state)
      const answer = await ask(contract)
      const said = answer.status === ok ? ok : (answer.body as { code?: string }).code
      assert.equal(said, expected[state as keyof typeof states][verb as keyof typeof verbs], `${verb} of one ${state}`)
      if (answer.status !== ok) {
        const same = await see(ada, made)
        assert.deepEqual(
          [same.status, same.updated_at],
          [state, contract.updated_at],
          `${verb} of one ${state} changed it`,
        )
      }
      if (state !== 'active') await cancelIt(ada, made)
    }
  }
  await bookCards(market)
  await assertLawful(market)
})

test('an active contract is cancelled only while nothing of it is funded, and the refusal names the milestone', async () => {
  await fund(market, ada, 50_000)
  const contract = await agreedAndApproved(sides)
  const { milestone } = went(await fundIt(ada, contract, { source: 'wallet' }))
  const held = refused(await cancelIt(ada, contract), 400, 'milestone_funded')
  assert.equal(held.milestone_id, milestone.id)
  assert.match(held.error, /Milestone 1 \(“Paint the lighthouse”\) is funded/)
  await another(sides, contract, { title: 'The roof', amount_cents: 700 })
  const seen = await see(ada, contract)
  assert.deepEqual(seen.milestones[1]!.can, ['cancel'], 'the first has to be delivered before')
  const early = refused(await fundIt(ada, seen, { source: 'wallet' }), 400, 'milestone_out_of_order')
  assert.match(early.error, /Milestone 1 \(“Paint the lighthouse”\) is funded: it has to be delivered/)
  await moved(ada, 'release', milestone)
  const free = await see(ada, contract)
  assert.deepEqual(free.can, ['cancel', 'propose'])
  assert.deepEqual(free.milestones[1]!.can, ['fund', 'cancel'])
  const off = went(await cancelIt(bob, contract))
  assert.deepEqual(
    [off.status, off.cancel_reason, off.milestones.map(({ status }) => status)],
    ['cancelled', 'It has been called off.', ['released', 'cancelled']],
  )
  assert.ok(off.ended_at)
})

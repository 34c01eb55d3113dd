import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  type Milestone,
  type MilestoneStatus,
  milestoneLife,
  milestoneStates,
} from '../../src/desks/gigs/contract/milestone.ts'
import type { Contract } from '../../src/desks/gigs/contract/show-contract.ts'
import { assertLawful, fund, went } from '../journeys/desk.ts'
import { type Person, startTestMarket } from '../support/market.ts'
import { type Sides, twoSides } from './contract-stage.ts'
import { dispute } from './dispute-stage.ts'
import { active, another, type MilestoneVerb, move, moved, propose, seen } from './milestone-stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())

/** A second milestone of an active contract in a state; the first is delivered, so that it can be funded. */
async function inState(sides: Sides, status: MilestoneStatus): Promise<Milestone> {
  const { client: ada, worker: bob } = sides
  const { first, ...contract } = await active(market, sides)
  await moved(bob, 'deliver', first)
  if (status === 'proposed') return went(await propose(bob, contract), 201).milestone
  const second = await another(sides, contract)
  if (status === 'pending') return second
  if (status === 'cancelled') return moved(ada, 'cancel', second)
  await fund(market, ada, 20_000)
  const funded = await moved(ada, 'fund', second)
  if (status === 'funded') return funded
  if (status === 'refunded') return moved(bob, 'refund', second)
  const delivered = await moved(bob, 'deliver', second)
  if (status === 'delivered') return delivered
  if (status === 'released') return moved(ada, 'release', second)
  went(await dispute(ada, 'client', second), 201)
  return seen(ada, second)
}

const verbs: readonly MilestoneVerb[] = ['approve', 'deliver', 'release', 'refund', 'cancel', 'fund']

/** Read off the table: the moves this verb can be for this side in this state. */
const allowed = (status: MilestoneStatus, verb: MilestoneVerb, parties: readonly string[]): boolean =>
  Object.entries(milestoneLife.moves).some(
    ([name, { from, by, ...rest }]) =>
      (('verb' in rest ? rest.verb : undefined) ?? name) === verb &&
      (from as readonly string[]).includes(status) &&
      (by as readonly string[]).some((party) => parties.includes(party)),
  )

test('every state, every verb, every party: exactly the moves of the table; everything else is refused and changes nothing', async (story) => {
  const sides = await twoSides(market)
  const { client: stranger } = await twoSides(market, 'Cleo', 'Dan')
  const parties: readonly (readonly [string, Person, readonly string[]])[] = [
    ['client', sides.client, ['client', 'asked']],
    ['worker', sides.worker, ['worker']],
    ['stranger', stranger, []],
  ]
  let made = 0
  let refusals = 0
  for (const status of milestoneStates) {
    let milestone = await inState(sides, status)
    for (const verb of verbs) {
      for (const [name, person, roles] of parties) {
        await fund(market, sides.client, 20_000)
        const before = await seen(sides.client, milestone)
        assert.equal(before.status, status)
        const answer = await move(person, verb, milestone)
        const cell = `${verb} by the ${name} while ${status}: ${answer.status} ${answer.text.slice(0, 200)}`
        if (allowed(status, verb, roles)) {
          assert.equal(answer.status, 200, cell)
          made++
          milestone = await inState(sides, status)
          continue
        }
        refusals++
        const expected = name === 'stranger' ? [404] : [400, 403]
        assert.ok(expected.includes(answer.status), cell)
        assert.deepEqual(await seen(sides.client, milestone), before, cell)
      }
    }
  }
  story.diagnostic(`${made} moves went, ${refusals} were refused`)
  assert.deepEqual([made + refusals, made > 10], [milestoneStates.length * verbs.length * parties.length, true])
  await assertLawful(market)
})

test('what can is what goes: each verb offered to a side goes well, but for the dispute that has its own room', async () => {
  const sides = await twoSides(market)
  for (const status of milestoneStates) {
    for (const side of ['client', 'worker'] as const) {
      const { can } = await seen(sides[side], await inState(sides, status))
      for (const verb of can.filter((offered) => offered !== 'dispute')) {
        await fund(market, sides.client, 20_000)
        const fresh = await inState(sides, status)
        const { status: code, text } = await move(sides[side], verb as MilestoneVerb, fresh)
        assert.equal(code, 200, `${verb} by the ${side} while ${status}: ${text.slice(0, 200)}`)
      }
    }
  }
})

test('bad input is refused with a sentence and changes nothing', async () => {
  const sides = await twoSides(market)
  const { first, ...contract } = await active(market, sides)
  for (const fields of [
    { amount_cents: 99 },
    { amount_cents: -1 },
    { amount_cents: 50_000_001 },
    { amount_cents: 100.5 },
    { title: ' ' },
    { title: 'x'.repeat(201) },
    { due_at: 'tomorrow' },
    { position: 1 },
  ])
    assert.equal((await propose(sides.client, contract, fields)).status, 400, JSON.stringify(fields))
  for (const body of [{}, { note: 'Too short.' }, { note: ' '.repeat(40) }, { attachments: [] }])
    assert.equal((await move(sides.worker, 'deliver', first, body)).status, 400, JSON.stringify(body))
  const nobodys = { ...first, id: '01a20226-00b7-7bc1-9461-989abfd9ed53' }
  for (const verb of verbs) assert.equal((await move(sides.client, verb, nobodys)).status, 404, verb)
  const other: Contract & { first: Milestone } = await active(market, sides)
  for (const verb of verbs)
    assert.equal((await move(sides.client, verb, { id: other.first.id, contract_id: contract.id })).status, 404, verb)
  assert.equal((await seen(sides.client, first)).status, 'funded')
})

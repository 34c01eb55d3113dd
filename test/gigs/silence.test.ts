import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { negotiationFalls } from '../../src/desks/gigs/negotiation/fall.ts'
import type { Negotiation } from '../../src/desks/gigs/negotiation/negotiation.ts'
import { reopenNegotiation } from '../../src/desks/gigs/negotiation/reopen.ts'
import { settleNegotiation } from '../../src/desks/gigs/negotiation/settle.ts'
import { sweepGigs } from '../../src/desks/gigs/sweep.ts'
import { moveClock, people, refused, went } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import { day, freelancers, mine, negotiating, say, seeNegotiation, startWith, turnsOf } from './gig-stage.ts'

// Nothing happens in the background: each test says when the market sweeps.
const market = await startTestMarket({ worker: false })
after(() => market.close())
const [ada] = await people(market, 'Ada')
const [bob] = await freelancers(market, 'Bob')

const week = 7 * day
const stateOf = async ({ id }: Negotiation): Promise<string> => {
  const [row] = await market.db.rows<{ state: string }>(`select state from negotiation where id = $1`, [id])
  return row!.state
}

/** A contract over a negotiation, put under revision as the contract's own verb does it. */
async function revise(negotiation: Negotiation, by: string): Promise<void> {
  await market.db.transaction(async (sql) => {
    await sql.rows(`select from negotiation where id = $1 for update`, [negotiation.id])
    await sql.rows(
      `update contract set status = 'in_negotiation', due_at = null, revisions = revisions + 1 where negotiation_id = $1`,
      [negotiation.id],
    )
    await reopenNegotiation(sql, negotiation.id, by, 'Fewer hours, please.')
  })
}

const contractOf = async ({ id }: Negotiation): Promise<{ id: string; status: string; rate_cents: number }[]> =>
  market.db.rows(`select id, status, rate_cents from contract where negotiation_id = $1`, [id])

test('seven days of silence end it: every statement that uses it knows before anybody has swept', async () => {
  const negotiation = await negotiating(ada, bob)
  went(await say(bob, 'round', negotiation, { rate_cents: 5000, hours_per_week: 10 }))
  await moveClock(market, week - 5)
  went(await say(ada, 'round', negotiation, { rate_cents: 4500 }))
  await moveClock(market, week - 5)
  assert.equal((await seeNegotiation(ada, negotiation)).state, 'in_progress', 'each word gives it seven more days')
  await moveClock(market, 6)
  assert.equal(await stateOf(negotiation), 'in_progress', 'nobody has swept')
  const seen = await seeNegotiation(ada, negotiation)
  assert.deepEqual([seen.state, seen.deadline_at, seen.can], ['expired', null, []])
  for (const verb of ['round', 'agree', 'decline'] as const)
    assert.match(refused(await say(ada, verb, negotiation), 400, 'negotiation_expired').error, /7 days/)
  const list = async (state: string): Promise<string[]> =>
    went(await ada.ask<Negotiation[]>('GET', `/api/negotiations?state=${state}`)).map(({ id }) => id)
  assert.deepEqual([await list('in_progress'), await list('expired')], [[], [negotiation.id]])
  assert.equal((await mine(bob, `?gig_id=${negotiation.gig_id}`))[0]!.negotiation, null)
  assert.equal(await sweepGigs(market.db), 1)
  assert.equal(await sweepGigs(market.db), 0)
  assert.equal(await stateOf(negotiation), 'expired')
  const { audit } = await seeNegotiation(ada, negotiation)
  assert.deepEqual(
    [audit.at(-1)!.actor, audit.at(-1)!.event, audit.at(-1)!.data],
    [null, 'expired', { reason: 'silence' }],
  )
  // It was Bob's turn: Ada had answered his round, he not hers.
  assert.deepEqual(await turnsOf(market, negotiation), [
    { user_id: bob.userId, answered: true, amount_cents: 5000 },
    { user_id: ada.userId, answered: true, amount_cents: 5000 },
    { user_id: bob.userId, answered: false, amount_cents: 4500 },
  ])
})

test('one that has lapsed makes room for the next at once, swept or not', async () => {
  const negotiation = await negotiating(ada, bob)
  await moveClock(market, week + 1)
  const next = went(await startWith(ada, bob, { id: negotiation.gig_id }), 201)
  assert.notEqual(next.id, negotiation.id)
  assert.equal(await stateOf(negotiation), 'expired')
  assert.equal(await sweepGigs(market.db), 0)
  went(await say(bob, 'decline', next))
})

test('a sweep ends all that are due, and none that are not', async () => {
  const clients = await people(market, 'Gwen', 'Hana')
  const workers = await freelancers(market, ...Array.from({ length: 30 }, (_, n) => `Worker ${n}`))
  const many: Negotiation[] = []
  for (const client of clients) for (const worker of workers) many.push(await negotiating(client, worker))
  await moveClock(market, week - 60)
  const fresh = await negotiating(ada, bob)
  await moveClock(market, 120)
  assert.equal(await sweepGigs(market.db), 60)
  for (const negotiation of many) assert.equal(await stateOf(negotiation), 'expired')
  assert.equal(await stateOf(fresh), 'pending')
})

test('turns: opened for whoever did not move, closed by an answer, none where there is no money', async () => {
  const [cleo, dora] = await freelancers(market, 'Cleo', 'Dora')
  const paid = await negotiating(ada, cleo)
  assert.deepEqual(await turnsOf(market, paid), [{ user_id: cleo.userId, answered: null, amount_cents: 5000 }])
  went(await say(cleo, 'round', paid, { rate_cents: 7000, hours_per_week: 1 }))
  went(await say(ada, 'decline', paid))
  assert.deepEqual(
    (await turnsOf(market, paid)).map(({ user_id, answered }) => [user_id, answered]),
    [
      [cleo.userId, true],
      [ada.userId, true],
    ],
    'to say no is an answer',
  )
  // Whoever agrees to their own proposal leaves the other's turn without a count.
  const agreed = await negotiating(ada, cleo)
  went(await say(cleo, 'round', agreed, { rate_cents: 7000, hours_per_week: 1 }))
  went(await say(cleo, 'agree', agreed))
  assert.deepEqual(
    (await turnsOf(market, agreed)).map(({ user_id, answered }) => [user_id, answered]),
    [[cleo.userId, true]],
  )
  const free = await negotiating(ada, dora, { rate_cents: 0 })
  went(await say(dora, 'round', free, { hours_per_week: 3 }))
  went(await say(ada, 'round', free))
  assert.deepEqual(await turnsOf(market, free), [], 'nobody is counted for what is done for nothing')
  await moveClock(market, week + 1)
  await sweepGigs(market.db)
  assert.deepEqual(await turnsOf(market, free), [])
  // One of three was silence: 100 × (answered + 5) / (expected + 10).
  const silent = await negotiating(ada, dora)
  await moveClock(market, week + 1)
  await sweepGigs(market.db)
  assert.deepEqual(await turnsOf(market, silent), [{ user_id: dora.userId, answered: false, amount_cents: 5000 }])
  const profile = went(await dora.ask('GET', '/api/profile/me'))
  assert.equal(profile.ghost_score, 45)
})

test('a revision gives each side one fresh round; who has used theirs is refused, a round when both are used ends it all', async () => {
  const [eve] = await freelancers(market, 'Eve')
  const negotiation = await negotiating(ada, eve)
  for (const person of [ada, eve, ada])
    went(await say(person, 'round', negotiation, { rate_cents: 5000, hours_per_week: 10 }))
  const first = went(await say(eve, 'agree', negotiation))
  await revise(negotiation, eve.userId)
  const open = await seeNegotiation(ada, negotiation)
  assert.deepEqual([open.state, open.rounds_left, open.round_number], ['in_progress', 1, 3])
  assert.deepEqual((await turnsOf(market, negotiation)).at(-1), {
    user_id: ada.userId,
    answered: null,
    amount_cents: 5000,
  })
  const own = went(await say(eve, 'round', negotiation, { hours_per_week: 8 }))
  assert.deepEqual([own.rounds_left, own.round_number, own.can], [0, 4, ['agree', 'decline']])
  refused(await say(eve, 'round', negotiation, { hours_per_week: 7 }), 400, 'no_round_left')
  const other = went(await say(ada, 'round', negotiation, { rate_cents: 4800 }))
  assert.equal(other.rounds_left, 0)
  const again = went(await say(eve, 'agree', negotiation))
  assert.equal(again.contract_id, first.contract_id, 'the contract keeps its id')
  assert.deepEqual(await contractOf(negotiation), [
    { id: first.contract_id, status: 'pending_owner_approval', rate_cents: 4800 },
  ])
  await revise(negotiation, ada.userId)
  for (const person of [ada, eve]) went(await say(person, 'round', negotiation, { hours_per_week: 5 }))
  const over = went(await say(ada, 'round', negotiation))
  assert.equal(over.state, 'expired')
  assert.equal((await contractOf(negotiation))[0]!.status, 'expired')
})

test('a contract under revision ends with its negotiation: by silence and by decline', async () => {
  const [finn] = await freelancers(market, 'Finn')
  for (const ending of ['silence', 'decline'] as const) {
    const negotiation = await negotiating(ada, finn)
    went(await say(finn, 'round', negotiation, { rate_cents: 5000, hours_per_week: 10 }))
    went(await say(ada, 'agree', negotiation))
    await revise(negotiation, ada.userId)
    if (ending === 'decline') went(await say(finn, 'decline', negotiation))
    else {
      await moveClock(market, week + 1)
      await sweepGigs(market.db)
    }
    assert.deepEqual(
      [await stateOf(negotiation), (await contractOf(negotiation))[0]!.status],
      ['expired', 'expired'],
      ending,
    )
  }
})

test('a negotiation ends with its contract: settled by the approvals, fallen with a contract that is void', async () => {
  const [gus] = await freelancers(market, 'Gus')
  const agreedOne = async (): Promise<Negotiation> => {
    const negotiation = await negotiating(ada, gus)
    went(await say(gus, 'round', negotiation, { rate_cents: 5000, hours_per_week: 10 }))
    return went(await say(ada, 'agree', negotiation))
  }
  const settled = await agreedOne()
  await market.db.transaction((sql) => settleNegotiation(sql, settled.id))
  const seen = await seeNegotiation(gus, settled)
  assert.deepEqual([seen.state, seen.deadline_at, seen.audit.at(-1)!.event], ['approved', null, 'approved'])
  const fallen = await agreedOne()
  await market.db.transaction((sql) => negotiationFalls(sql, fallen.id, 'contract cancelled'))
  const after = await seeNegotiation(gus, fallen)
  assert.deepEqual([after.state, after.audit.at(-1)!.data], ['expired', { reason: 'contract cancelled' }])
  await market.db.transaction((sql) => negotiationFalls(sql, settled.id, 'contract cancelled'))
  assert.equal(await stateOf(settled), 'approved', 'what had come to its end stays')
  // A newer live negotiation about the gig stands in the way of revising the old one.
  went(await startWith(ada, gus, { id: settled.gig_id }), 201)
  await assert.rejects(
    market.db.transaction((sql) => reopenNegotiation(sql, settled.id, ada.userId, 'More.')),
    { name: 'Refusal', code: 'negotiation_exists' },
  )
})

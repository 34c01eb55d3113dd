import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { contractOf, type Deal, dealAt, firstMilestone, forMoney, fundDeal, fundPath } from '../journeys/deal.ts'
import { fund, moveClock, people, walletOf, went } from '../journeys/desk.ts'
import { ask, type Person, startTestMarket } from '../support/market.ts'
import { broken, day, type Rule, withKey } from './rules.ts'

// Contracts and the funding of their first milestone: every rule of the document and of the specification, broken.
const market = await startTestMarket({ worker: false })
after(() => market.close())

const pathOf = ({ contract }: Deal): string => `/api/contracts/${contract.id}`
const notes = { notes: 'Fewer hours, please.' }
const reason = { reason: 'The budget is gone.' }

/** Who is no party of a contract does not even learn that it is there. */
function strangersOf(deal: Deal, strangers: readonly Person[]): Rule[] {
  const path = pathOf(deal)
  return strangers.flatMap((stranger): Rule[] => [
    ['strangers 404', stranger, `GET ${path}`, undefined, 404],
    ['Client or worker (approve)', stranger, `POST ${path}/approve`, {}, 404],
    ['Worker only (connect-link)', stranger, `GET ${path}/connect-link`, undefined, 404],
    ['Party (revise)', stranger, `POST ${path}/revise`, notes, 404],
    ['by either party (cancel)', stranger, `POST ${path}/cancel`, reason, 404],
    ['Client (fund)', stranger, `POST ${fundPath(deal)}`, {}, 404],
  ])
}

broken(market, 'an agreement', async ({ ada, bob, eve, fay }) => {
  const deal = await dealAt('agreed', ada, bob, forMoney)
  const other = await dealAt('agreed', ada, bob, forMoney)
  const path = pathOf(deal)
  const [connect, fundIt] = [`GET ${path}/connect-link`, `POST ${fundPath(deal)}`]
  return [
    ...strangersOf(deal, [eve, fay]),
    ['First milestone can be funded once contract is in a funding state', ada, fundIt, {}, 400],
    ['First milestone can be funded once contract is in a funding state', ada, fundIt, { source: 'wallet' }, 400],
    ['Client (fund)', bob, fundIt, {}, 403],
    ['Worker only (connect-link)', ada, connect, undefined, 403],
    ['Contract must be in a state waiting on freelancer KYC', bob, connect, undefined, 400],
    ['a milestone belongs to its contract', ada, `POST ${path}/milestones/${other.milestone.id}/fund`, {}, 404],
    ['revise {notes}', bob, `POST ${path}/revise`, {}, 400, 'invalid_input', /notes/],
    ['free text 10,000', ada, `POST ${path}/revise`, { notes: 'x'.repeat(10_001) }, 400, 'invalid_input', /notes/],
    ['cancel {reason}', ada, `POST ${path}/cancel`, {}, 400, 'invalid_input', /reason/],
    ['free text 10,000', bob, `POST ${path}/cancel`, { reason: 'x'.repeat(10_001) }, 400, 'invalid_input', /reason/],
    ['one approves for oneself', ada, `POST ${path}/approve`, { side: 'worker' }, 400, 'invalid_input'],
    ['the states have names', ada, 'GET /api/contracts?status=live', undefined, 400, 'invalid_input'],
    ['Delete: refused (409) once a negotiation exists', ada, `DELETE /api/gigs/${deal.gig.id}`, undefined, 409],
  ]
})

broken(market, 'a contract that one side has approved, over and over', async ({ ada, bob }) => {
  const deal = await dealAt('agreed', ada, bob, forMoney)
  for (let times = 0; times < 3; times++) {
    const { status } = went(await bob.ask('POST', `${pathOf(deal)}/approve`))
    assert.equal(status, 'pending_owner_approval', 'approve is idempotent per side')
  }
  return [
    ['Both parties must approve', ada, `POST ${fundPath(deal)}`, {}, 400],
    ['Contract must be in a state waiting on freelancer KYC', bob, `GET ${pathOf(deal)}/connect-link`, undefined, 400],
  ]
})

broken(market, 'a contract that waits for money and the worker’s account', async ({ ada, bob, eve, fay }) => {
  const deal = await dealAt('approved', ada, bob, forMoney)
  await fund(market, ada, 49_999)
  const poor = await withKey(market, ada, { scopes: ['gigs', 'wallet:read'] })
  const modest = await withKey(market, ada, { limit: 49_999 })
  const noGigs = await withKey(market, ada, { scopes: ['wallet:spend', 'wallet:read'] })
  const fundIt = `POST ${fundPath(deal)}`
  const wallet = { source: 'wallet' }
  return [
    ...strangersOf(deal, [eve, fay]),
    ['Client (fund)', bob, fundIt, {}, 403],
    ['Client (fund)', bob, fundIt, wallet, 403],
    ['Worker only (connect-link)', ada, `GET ${pathOf(deal)}/connect-link`, undefined, 403],
    ['source?: "card" (default) | "wallet"', ada, fundIt, { source: 'cash' }, 400, 'invalid_input', /source/],
    ['the amount is the agreement’s', ada, fundIt, { ...wallet, amount_cents: 100 }, 400, 'invalid_input'],
    [
      '402 not enough balance',
      ada,
      fundIt,
      wallet,
      402,
      undefined,
      /"required_cents": ?50000,.*"balance_cents": ?49999|"balance_cents": ?49999,.*"required_cents": ?50000/,
    ],
    ['Scopes: wallet:spend', poor, fundIt, wallet, 403, 'scope_missing'],
    ['Scopes: wallet:spend', poor, fundIt, {}, 403, 'scope_missing'],
    ['Scopes: gigs', noGigs, fundIt, {}, 403, 'scope_missing'],
    ['card funding … reserve it with their intent', modest, fundIt, {}, 402, 'spend_limit_reached'],
  ]
})

broken(market, 'a key that may spend less than the milestone costs, at a full wallet', async ({ ada, bob }) => {
  const deal = await dealAt('approved', ada, bob, forMoney)
  await fund(market, ada, 60_000)
  const modest = await withKey(market, ada, { limit: 49_999 })
  return [['Spend mandates', modest, `POST ${fundPath(deal)}`, { source: 'wallet' }, 402, 'spend_limit_reached']]
})

broken(market, 'an active contract', async ({ ada, bob, eve, fay }) => {
  const deal = await dealAt('funded', ada, bob)
  assert.equal((await contractOf(ada, deal.contract.id)).status, 'active')
  const path = pathOf(deal)
  const [later] = await market.db.rows<{ id: string }>(
    `insert into milestone (id, contract_id, position, title, amount_cents, status, created_at, updated_at)
     values (gen_random_uuid(), $1, 2, 'The second half', 0, 'pending', app_now(), app_now()) returning id`,
    [deal.contract.id],
  )
  const sides = [ada, bob].flatMap((side): Rule[] => [
    ['Use when a human wants to change the deal before activation', side, `POST ${path}/revise`, notes, 400],
    [
      'active with nothing funded → cancelled; else 400 naming the milestone',
      side,
      `POST ${path}/cancel`,
      reason,
      400,
      undefined,
      new RegExp(`${deal.milestone.id}|${String(deal.milestone.title)}`),
    ],
  ])
  return [
    ...sides,
    ...strangersOf(deal, [eve, fay]),
    ['Contract must be in a state waiting on freelancer KYC', bob, `GET ${path}/connect-link`, undefined, 400],
    [
      'later milestones only after the previous one is delivered/released',
      ada,
      `POST ${path}/milestones/${later!.id}/fund`,
      {},
      400,
    ],
  ]
})

/** What nobody can do any more with a contract that is over. */
const over = (says: string, deal: Deal): Rule[] => [
  ...[deal.client, deal.worker].flatMap((side): Rule[] => [
    [says, side, `POST ${pathOf(deal)}/approve`, {}, 400],
    [says, side, `POST ${pathOf(deal)}/revise`, notes, 400],
  ]),
  [says, deal.client, `POST ${fundPath(deal)}`, {}, 400],
  [says, deal.client, `POST ${fundPath(deal)}`, { source: 'wallet' }, 400],
  [says, deal.worker, `GET ${pathOf(deal)}/connect-link`, undefined, 400],
]

for (const stage of ['agreed', 'approved'] as const)
  for (const who of ['client', 'worker'] as const)
    broken(market, `a contract ${stage} and then cancelled by the ${who}`, async ({ ada, bob }) => {
      const deal = await dealAt(stage, ada, bob, forMoney)
      await fund(market, ada, 50_000)
      assert.equal(went(await deal[who].ask('POST', `${pathOf(deal)}/cancel`, reason)).status, 'cancelled')
      return over('before activation by either party → cancelled', deal)
    })

broken(market, 'an agreement that was not approved by both for 7 days', async ({ ada, bob }) => {
  const deal = await dealAt('agreed', ada, bob, forMoney)
  await fund(market, ada, 50_000)
  await moveClock(market, 7 * day - 60)
  went(await bob.ask('POST', `${pathOf(deal)}/approve`))
  await moveClock(market, 61)
  return over('awaiting approvals 7 d from agree → expired', deal)
})

broken(market, 'a contract that was not active 7 days after the second approval', async ({ ada, bob }) => {
  const deal = await dealAt('agreed', ada, bob, forMoney)
  await fund(market, ada, 50_000)
  await moveClock(market, 6 * day)
  for (const side of [ada, bob]) went(await side.ask('POST', `${pathOf(deal)}/approve`))
  await moveClock(market, 7 * day - 60)
  went(await bob.ask('GET', `${pathOf(deal)}/connect-link`))
  await moveClock(market, 61)
  return over('approved but not active 7 d from the second approval → expired', deal)
})

/** Revises a contract and comes to the same terms again. */
async function revised(deal: Deal): Promise<void> {
  const contract = went(await deal.worker.ask('POST', `${pathOf(deal)}/revise`, notes))
  assert.equal(contract.id, deal.contract.id, 'the contract keeps its id')
  const path = `/api/negotiations/${deal.negotiation.id}`
  assert.equal(went(await deal.client.ask('GET', path)).state, 'in_progress')
  went(await deal.client.ask('POST', `${path}/round`, { hours_per_week: 9 }))
  const { contract_id: id } = went(await deal.worker.ask('POST', `${path}/agree`))
  assert.equal(id, deal.contract.id)
}

broken(market, 'a contract that was revised three times', async ({ ada, bob }) => {
  const deal = await dealAt('agreed', ada, bob, forMoney)
  for (let times = 0; times < 3; times++) {
    went(await ada.ask('POST', `${pathOf(deal)}/approve`))
    await revised(deal)
    const { status, client_approved_at: approved } = await contractOf(ada, deal.contract.id)
    assert.deepEqual([status, approved], ['pending_owner_approval', null], 'Clears both approvals')
  }
  return [
    ['revise (at most three times)', ada, `POST ${pathOf(deal)}/revise`, notes, 400],
    ['revise (at most three times)', bob, `POST ${pathOf(deal)}/revise`, notes, 400],
  ]
})

broken(market, 'a contract back in negotiation', async ({ ada, bob }) => {
  const deal = await dealAt('approved', ada, bob, forMoney)
  await fund(market, ada, 50_000)
  went(await ada.ask('POST', `${pathOf(deal)}/revise`, notes))
  return [...over('contract back to negotiation', deal).filter(([, , call]) => !call.endsWith('/revise'))]
})

test('a funded milestone is refunded first when its contract is revised, cancelled, or not active in time', async (story) => {
  const ends: Record<string, (deal: Deal) => Promise<unknown>> = {
    revised: ({ contract, worker }) => worker.ask('POST', `/api/contracts/${contract.id}/revise`, notes),
    'cancelled by the client': ({ contract, client }) =>
      client.ask('POST', `/api/contracts/${contract.id}/cancel`, reason),
    'cancelled by the worker': ({ contract, worker }) =>
      worker.ask('POST', `/api/contracts/${contract.id}/cancel`, reason),
    'not active for 7 days': () => market.advance(7 * day + 1),
  }
  for (const [name, end] of Object.entries(ends))
    await story.test(name, async () => {
      const [ada, bob] = await people(market, 'Ada', 'Bob')
      const deal = await dealAt('approved', ada, bob, forMoney)
      await fund(market, ada, 60_000)
      went(await fundDeal(deal, 'wallet'))
      assert.equal((await walletOf(ada)).balance_cents, 10_000)
      await end(deal)
      assert.equal((await walletOf(ada)).balance_cents, 60_000, 'money back')
      const [escrow] = await market.db.rows<{ held: number }>(`select ledger_held('milestone:' || $1) as held`, [
        deal.milestone.id,
      ])
      assert.equal(escrow!.held, 0)
      const after = await contractOf(bob, deal.contract.id)
      const expected = name === 'revised' ? 'in_negotiation' : name.startsWith('cancelled') ? 'cancelled' : 'expired'
      assert.equal(after.status, expected)
      const milestone = (after.milestones as { id: string; status: string }[]).find(
        ({ id }) => id === deal.milestone.id,
      )
      assert.equal(milestone?.status, 'refunded')
    })
})

test('the same by card: what was paid goes back to the card, and never to the wallet', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const deal = await dealAt('approved', ada, bob, forMoney)
  const { client_secret: secret } = went(await fundDeal(deal))
  went(await bob.ask('POST', `${pathOf(deal)}/cancel`, reason))
  // The client had the provider's form open, and submits it: nobody wants that payment any more.
  const paid = await ask(market.url, 'POST', `/twin/pay/${String(secret)}`)
  assert.ok([303, 410].includes(paid.status), paid.text.slice(0, 200))
  assert.equal((await walletOf(ada)).balance_cents, 0)
  const { status, milestones } = await contractOf(ada, deal.contract.id)
  assert.deepEqual([status, firstMilestone({ id: '', milestones }).status], ['cancelled', 'cancelled'])
})

test('approval lasts, silence does not: no approval for 7 days ends contract and negotiation by themselves', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const deal = await dealAt('agreed', ada, bob, forMoney)
  await market.advance(7 * day + 1)
  assert.equal((await contractOf(ada, deal.contract.id)).status, 'expired')
  assert.equal(went(await ada.ask('GET', `/api/negotiations/${deal.negotiation.id}`)).state, 'expired')
})

test('"and with it its contract": a revision nobody answers for 7 days ends both', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const deal = await dealAt('agreed', ada, bob, forMoney)
  went(await ada.ask('POST', `${pathOf(deal)}/revise`, notes))
  await market.advance(7 * day + 1)
  assert.equal(went(await ada.ask('GET', `/api/negotiations/${deal.negotiation.id}`)).state, 'expired')
  assert.equal((await contractOf(ada, deal.contract.id)).status, 'expired')
})

test('"connect_url appears only in answers to the worker"', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const deal = await dealAt('approved', ada, bob, forMoney)
  const calls: [string, string][] = [
    ['POST', `${pathOf(deal)}/approve`],
    ['GET', pathOf(deal)],
    ['GET', '/api/contracts'],
    ['POST', fundPath(deal)],
  ]
  for (const [method, path] of calls) {
    const answer = await ada.ask(method, path)
    assert.ok(answer.status === 200 && !/connect_url": ?"|twin\/connect/.test(answer.text), `${path}: ${answer.text}`)
  }
  assert.ok(went(await bob.ask('POST', `${pathOf(deal)}/approve`)).connect_url, 'approve again says it again')
})

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertLawful, fund, refused, walletOf, went } from '../journeys/desk.ts'
import { ask, startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import {
  act,
  agreed,
  agreedAndApproved,
  fundIt,
  heldFor,
  movementsOf,
  payByCard,
  see,
  toldOf,
  turnsOf,
  twoSides,
} from './contract-stage.ts'

const market = await startTestMarket()
after(() => market.close())

const day = 86_400_000

test('from the agreement to an active contract, from the wallet, with the worker’s account first', async () => {
  const sides = await twoSides(market)
  const { client: ada, worker: bob } = sides
  const drawn = await agreed(sides)
  assert.deepEqual(
    [drawn.status, drawn.title, drawn.description, drawn.scope, drawn.gig_title],
    ['pending_owner_approval', 'Paint the lighthouse', 'All of it.', 'White, twice.', 'Paint the lighthouse'],
  )
  assert.deepEqual(
    [drawn.your_role, drawn.rate_cents, drawn.hours_per_week, drawn.amount_cents, drawn.payout_delay_days],
    ['worker', 5_000, 10, 50_000, 3],
  )
  assert.deepEqual([drawn.client_user_id, drawn.worker_user_id], [ada.userId, bob.userId])
  assert.ok(Math.abs(Date.parse(drawn.deadline_at!) - Date.parse(drawn.created_at) - 7 * day) < 5_000)
  assert.equal(drawn.milestones.length, 1)
  const [milestone] = drawn.milestones
  assert.deepEqual(
    [milestone!.position, milestone!.title, milestone!.amount_cents, milestone!.status, milestone!.fee_cents],
    [1, 'Paint the lighthouse', 50_000, 'pending', null],
  )
  assert.deepEqual(drawn.can, ['approve', 'revise', 'cancel'])
  assert.deepEqual(await turnsOf(market, drawn), ['Ada approve'])

  const byAda = went(await act(ada, 'approve', drawn))
  assert.equal(byAda.status, 'pending_owner_approval')
  assert.ok(byAda.client_approved_at && !byAda.worker_approved_at)
  assert.deepEqual(byAda.can, ['revise', 'cancel'])
  const again = went(await act(ada, 'approve', drawn))
  assert.equal(again.client_approved_at, byAda.client_approved_at)
  assert.deepEqual(await turnsOf(market, drawn), ['Ada approve done', 'Bob approve'])

  const byBob = went(await act(bob, 'approve', drawn))
  assert.equal(byBob.status, 'pending_freelancer_kyc')
  assert.match(byBob.connect_url!, /\/twin\//)
  assert.deepEqual(byBob.can, ['connect_link', 'revise', 'cancel', 'propose'])
  assert.equal('connect_url' in (await see(ada, drawn)), false)
  assert.match((await see(bob, drawn)).connect_url!, /\/twin\//)
  const { state } = went(await bob.ask<{ state: string }>('GET', `/api/negotiations/${drawn.negotiation_id}`))
  assert.equal(state, 'approved')
  refused(await ada.ask('GET', `/api/contracts/${drawn.id}/connect-link`), 403, 'not_your_side')
  const link = went(
    await bob.ask<{ url: string; connect_url: string }>('GET', `/api/contracts/${drawn.id}/connect-link`),
  )
  assert.equal(link.url, link.connect_url)
  await ask(market.url, 'POST', link.url)
  const ready = await until('the contract follows the account', async () => {
    const seen = await see(ada, drawn)
    return seen.status === 'pending_client_funding' && seen
  })
  assert.deepEqual(ready.can, ['fund', 'revise', 'cancel', 'propose'])
  assert.deepEqual(ready.milestones[0]!.can, ['fund'])
  assert.deepEqual((await see(bob, drawn)).milestones[0]!.can, [])
  refused(await bob.ask('GET', `/api/contracts/${drawn.id}/connect-link`), 400, 'account_not_awaited')

  const short = refused(await fundIt(ada, ready, { source: 'wallet' }), 402, 'insufficient_balance')
  assert.deepEqual([short.required_cents, short.balance_cents, short.topup_url], [50_000, 0, `${market.url}/wallet`])
  await fund(market, ada, 60_000)
  const funded = went(await fundIt(ada, ready, { source: 'wallet' }))
  assert.deepEqual([funded.client_secret, funded.payment_intent_id], [null, null])
  assert.deepEqual(
    [funded.contract.status, funded.contract.deadline_at, funded.milestone.status, funded.milestone.source],
    ['active', null, 'funded', 'wallet'],
  )
  assert.equal(funded.milestone.fee_cents, 2_500)
  const due = Date.parse(funded.milestone.due_at!)
  assert.equal(due, Date.parse(funded.milestone.funded_at!) + 30 * day)
  assert.equal(Date.parse(funded.milestone.deadline_at!), due + 14 * day)
  assert.ok(funded.contract.activated_at)
  assert.deepEqual(funded.contract.can, ['propose'])
  assert.deepEqual(went(await fundIt(ada, ready, { source: 'wallet' })).milestone, funded.milestone)
  assert.deepEqual(went(await fundIt(ada, ready)).milestone, funded.milestone)
  assert.equal((await walletOf(ada)).balance_cents, 10_000)
  assert.equal((await walletOf(ada)).ledger[0]!.delta, -50_000)
  assert.equal(await heldFor(market, funded.milestone), 50_000)
  assert.deepEqual(await turnsOf(market, drawn), [
    'Ada approve done',
    'Bob approve done',
    'Bob connect done',
    'Ada fund done',
  ])
  assert.deepEqual(await toldOf(market, drawn), [
    'contract.created pending_owner_approval',
    'contract.updated pending_owner_approval',
    'contract.updated pending_freelancer_kyc',
    'contract.updated pending_client_funding',
    'contract.milestone.funded funded',
    'contract.updated active',
  ])
  await assertLawful(market)
})

test('by card, funded before the worker’s account is there: active the moment it is', async () => {
  const sides = await twoSides(market, 'Cleo', 'Dan')
  const { client: cleo, worker: dan } = sides
  const start = new Date(Date.now() + 60 * day).toISOString().slice(0, 10)
  const contract = await agreedAndApproved(sides, {
    rate_cents: 333,
    hours_per_week: 7,
    start_date: start,
    agrees: 'client',
  })
  assert.equal(contract.status, 'pending_freelancer_kyc')
  assert.deepEqual(contract.can, ['fund', 'revise', 'cancel', 'propose'])
  const asked = went(await fundIt(cleo, contract))
  assert.match(asked.client_secret!, /^pi_\w+_secret_\w+$/)
  assert.equal(asked.milestone.status, 'pending')
  const twice = went(await fundIt(cleo, contract, { source: 'card' }))
  assert.deepEqual([twice.client_secret, twice.payment_intent_id], [asked.client_secret, asked.payment_intent_id])
  await payByCard(market, asked)
  const funded = await until('the card payment is booked', async () => {
    const seen = await see(dan, contract)
    return seen.milestones[0]!.status === 'funded' && seen
  })
  assert.equal(funded.status, 'pending_freelancer_kyc')
  assert.deepEqual(
    [funded.milestones[0]!.source, funded.milestones[0]!.fee_cents, funded.milestones[0]!.due_at],
    ['card', 117, `${new Date(Date.parse(start) + 30 * day).toISOString()}`],
  )
  assert.deepEqual((await see(cleo, contract)).can, ['revise', 'cancel', 'propose'])
  await ask(market.url, 'POST', funded.connect_url!)
  const active = await until('it becomes active', async () => {
    const seen = await see(dan, contract)
    return seen.status === 'active' && seen
  })
  assert.equal('connect_url' in active, false)
  assert.deepEqual(await movementsOf(market, active.milestones[0]!), { funding: 2_331 })
  assert.equal(await heldFor(market, active.milestones[0]!), 2_331)
  assert.deepEqual(await turnsOf(market, contract), ['Dan approve done', 'Cleo approve done', 'Dan connect done'])
  await assertLawful(market)
})

test('for nothing: no account, no money, no provider, no turn', async () => {
  const sides = await twoSides(market, 'Eve', 'Fay')
  const { client: eve, worker: fay } = sides
  const contract = await agreedAndApproved(sides, { rate_cents: 0 })
  assert.deepEqual([contract.status, contract.amount_cents], ['pending_client_funding', 0])
  refused(await fay.ask('GET', `/api/contracts/${contract.id}/connect-link`), 400, 'account_not_awaited')
  const atProvider = async (): Promise<number> =>
    (await market.db.rows<{ n: number }>(`select count(*) as n from stripe_twin.object`))[0]!.n
  const before = await atProvider()
  const funded = went(await fundIt(eve, contract))
  assert.deepEqual(
    [funded.client_secret, funded.payment_intent_id, funded.milestone.status, funded.milestone.source],
    [null, null, 'funded', null],
  )
  assert.deepEqual([funded.milestone.fee_cents, funded.contract.status], [0, 'active'])
  assert.deepEqual(went(await fundIt(eve, contract, { source: 'wallet' })).milestone, funded.milestone)
  assert.deepEqual(await movementsOf(market, funded.milestone), {})
  assert.deepEqual(await turnsOf(market, contract), [])
  assert.equal(await atProvider(), before)
  const [rows] = await market.db.rows<{ n: number }>(`select count(*) as n from card_funding where user_id = $1`, [
    eve.userId,
  ])
  assert.equal(rows!.n, 0)
  await assertLawful(market)
})

test('lists show one’s own contracts, newest first, by state and by page', async () => {
  const sides = await twoSides(market, 'Gil', 'Hal')
  const { client: gil, worker: hal } = sides
  const first = await agreed(sides)
  const second = await agreedAndApproved(sides, { rate_cents: 0 })
  const ids = async (path: string, person = gil): Promise<string[]> =>
    went(await person.ask<{ id: string }[]>('GET', path)).map(({ id }) => id)
  assert.deepEqual(await ids('/api/contracts'), [second.id, first.id])
  assert.deepEqual(await ids('/api/contracts', hal), [second.id, first.id])
  assert.deepEqual(await ids('/api/contracts?status=pending_owner_approval'), [first.id])
  assert.deepEqual(await ids('/api/contracts?status=active'), [])
  const page = await gil.ask<{ id: string }[]>('GET', '/api/contracts?limit=1')
  assert.deepEqual(
    went(page).map(({ id }) => id),
    [second.id],
  )
  const next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link')!)![1]!
  assert.deepEqual(await ids(next.replace(market.url, '')), [first.id])
  refused(await gil.ask('GET', '/api/contracts?cursor=nonsense'), 400, 'invalid_input')
  refused(await gil.ask('GET', '/api/contracts?status=published'), 400, 'invalid_input')
  const { client: eve } = await twoSides(market, 'Ina', 'Joe')
  assert.deepEqual(await ids('/api/contracts', eve), [])
})

test('a repeated request is answered with the same bytes; the card’s secret for a minute', async () => {
  const sides = await twoSides(market, 'Kay', 'Leo')
  const { client: kay, worker: leo } = sides
  const contract = await agreed(sides)
  const twice = async (
    ask: (headers: Record<string, string>) => Promise<{ text: string; status: number; headers: Headers }>,
  ) => {
    const headers = { 'idempotency-key': `${contract.id}-${Math.random()}` }
    const first = await ask(headers)
    const second = await ask(headers)
    assert.deepEqual([second.text, second.status], [first.text, first.status])
    assert.equal(second.headers.get('idempotency-replayed'), 'true')
    return first
  }
  const url = (verb: string): string => `/api/contracts/${contract.id}/${verb}`
  await twice((headers) => leo.ask('POST', url('approve'), {}, headers))
  await twice((headers) => kay.ask('POST', url('approve'), {}, headers))
  await twice((headers) => kay.ask('POST', url(`milestones/${contract.milestones[0]!.id}/fund`), {}, headers))
  await fund(market, kay, 50_000)
  const key = { 'idempotency-key': 'from the wallet'.replaceAll(' ', '-') }
  const path = url(`milestones/${contract.milestones[0]!.id}/fund`)
  const paid = await kay.ask('POST', path, { source: 'wallet' }, key)
  assert.equal(paid.status, 200, paid.text)
  await market.db.rows(`update idempotency set created_at = created_at - interval '2 minutes'`)
  const later = await kay.ask('POST', path, { source: 'wallet' }, key)
  assert.equal(later.text, paid.text, 'there was no secret in it')
  assert.equal((await walletOf(kay)).balance_cents, 0)
})

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { checkLaws } from '../../src/core/ledger/laws.ts'
import { paymentLaws } from '../../src/core/payments/laws.ts'
import { jobLaws } from '../../src/desks/jobs/laws.ts'
import { ask, type Person, startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { connected, owners } from '../wallet/stage.ts'
import { contractOf, inBrowser, type Thing } from './deal.ts'
import { fund, people, type Wallet, walletOf, went } from './desk.ts'

// "How a deal flows", steps 1 to 7, word for word: what its steps send and what their documented answers give, and nothing else. The one
// thing the document does not say is where a milestone's id is found: in the contract, wherever that is shown.
const market = await startTestMarket()
after(() => market.close())

interface Side extends Person {
  readonly before: Wallet
}

/** Somebody with an account, who asks by key or by cookie. */
async function side(name: string, by: 'key' | 'cookie'): Promise<Side> {
  const [person] = await people(market, name)
  return { ...(by === 'cookie' ? inBrowser(market, person) : person), before: await walletOf(person) }
}

/** How often money has moved, the provider's own fees aside: those are booked in the background. */
const transfers = async (): Promise<number> =>
  (
    await market.db.rows<{ n: number }>(
      `select count(*) as n from transfer where not (starts_with(from_account, 'platform:') and starts_with(to_account, 'platform:'))`,
    )
  )[0]!.n
const heldFor = async (milestone: Thing): Promise<number> =>
  (await market.db.rows<{ held: number }>(`select ledger_held('milestone:' || $1) as held`, [milestone.id]))[0]!.held

/** What both have, and what is held for the work, to the cent; and that the ledger is lawful. */
async function assertMoney(
  { client, worker, milestone }: { client: Person; worker: Person; milestone?: Thing },
  { balance, held }: { balance: number; held: number },
  step: string,
): Promise<void> {
  const [ofClient, ofWorker] = [await walletOf(client), await walletOf(worker)]
  assert.deepEqual(
    {
      client: ofClient.balance_cents,
      worker: ofWorker.balance_cents,
      pending: [ofClient.pending_cents, ofWorker.pending_cents],
      owed: [ofClient.debt_cents, ofWorker.debt_cents],
      held: milestone ? await heldFor(milestone) : 0,
    },
    { client: balance, worker: 0, pending: [0, 0], owed: [0, 0], held },
    step,
  )
  const sum = ofClient.ledger.reduce((total, { delta }) => total + delta, 0)
  assert.equal(sum, balance, `${step}: what the client sees moving is what they have`)
  assert.deepEqual(await checkLaws(market.db, [...jobLaws, ...paymentLaws]), [], step)
}

interface Agreed {
  readonly client: Person
  readonly worker: Person
  readonly contractId: string
}

/** Steps 1 to 5: from the gig to the agreement, with a counter-proposal and a second one. */
async function toAgreement(client: Person, worker: Person, rate: number, hours: number): Promise<Agreed> {
  went(await client.ask('PATCH', '/api/profile/me', { user_type: 'client' }))
  went(await worker.ask('PATCH', '/api/profile/me', { user_type: 'freelancer' }))

  // 1. Client posts a gig.
  const title = `Port the parser of ${client.userId} to Rust`
  const made = went(
    await client.ask<Thing>('POST', '/api/gigs', { title, scope: 'Parser and tests', rate_cents: rate }),
    201,
  )
  assert.equal(made.status, 'draft')
  const hidden = went(await worker.ask<Thing[]>('GET', '/api/gigs?status=active'))
  assert.ok(!hidden.some(({ id }) => id === made.id), 'a draft is its owner’s')
  assert.equal(went(await client.ask<Thing>('PATCH', `/api/gigs/${made.id}`, { status: 'active' })).status, 'active')

  // 2. Freelancer finds the gig and applies.
  const found = went(await worker.ask<Thing[]>('GET', '/api/gigs?status=active')).find((gig) => gig.title === title)!
  const application = went(
    await worker.ask<Thing>('POST', `/api/gigs/${found.id}/apply`, { message: 'Three parsers so far.' }),
    201,
  )
  assert.equal(application.status, 'applied')

  // 3. Client reviews applications and shortlists.
  const [applicant] = went(await client.ask<Thing[]>('GET', `/api/gigs/${found.id}/applications?status=applied`))
  assert.equal((applicant!.worker_profile as { display_name: string }).display_name, 'Bob')
  const path = `/api/gigs/${found.id}/applications/${applicant!.id}`
  assert.equal(went(await client.ask<Thing>('PATCH', path, { status: 'shortlisted' })).status, 'shortlisted')
  const [mine] = went(await worker.ask<Thing[]>('GET', `/api/applications/mine?gig_id=${found.id}`))
  assert.deepEqual([mine!.status, mine!.gig_title, mine!.negotiation_id], ['shortlisted', title, null])

  // 4. Client starts a negotiation with the shortlisted freelancer.
  const invitation = { gig_id: found.id, worker_user_id: worker.userId }
  const started = went(await client.ask<Thing>('POST', '/api/negotiations', invitation), 201)
  assert.equal(started.state, 'pending')
  const [seen] = went(await worker.ask<Thing[]>('GET', `/api/applications/mine?gig_id=${found.id}`))
  assert.equal(seen!.negotiation_id, started.id, 'the freelancer learns of it')

  // 5. Up to 3 rounds of negotiation.
  const round = `/api/negotiations/${started.id}/round`
  went(await client.ask('POST', round, { rate_cents: 2 * rate, hours_per_week: hours }))
  const second = went(await worker.ask<Thing>('POST', round, { payout_delay_days: 5, start_date: tomorrow }))
  assert.deepEqual([second.state, second.round_number, second.rate_cents], ['in_progress', 2, 2 * rate])
  const third = went(await client.ask<Thing>('POST', round, { rate_cents: rate }))
  assert.deepEqual(
    [third.round_number, third.rate_cents, third.hours_per_week, third.start_date, third.payout_delay_days],
    [3, rate, hours, tomorrow, 5],
    'a round changes only what it names',
  )
  const agreement = went(await worker.ask<Thing>('POST', `/api/negotiations/${started.id}/agree`))
  const { state } = went(await client.ask<Thing>('GET', `/api/negotiations/${started.id}`))
  assert.equal(state, 'pending_owner_approval')
  return { client, worker, contractId: String(agreement.contract_id) }
}
const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)

/** Step 6: both approve; what the worker was told of where to sign up to be paid. */
async function approveBoth({ client, worker, contractId }: Agreed): Promise<unknown> {
  const waiting = went(await worker.ask<Thing[]>('GET', '/api/contracts?status=pending_owner_approval'))
  assert.deepEqual(
    waiting.map(({ id, your_role: role }) => [id, role]),
    [[contractId, 'worker']],
  )
  const first = went(await client.ask<Thing>('POST', `/api/contracts/${contractId}/approve`))
  assert.deepEqual([first.status, first.connect_url ?? null], ['pending_owner_approval', null])
  return went(await worker.ask<Thing>('POST', `/api/contracts/${contractId}/approve`)).connect_url
}

const becomes = (party: Person, id: string, status: string): Promise<Thing> =>
  until(`contract ${id} becomes ${status}`, async () => {
    const contract = await contractOf(party, id)
    return contract.status === status && contract
  })
const milestoneOf = (contract: Thing): Thing => (contract.milestones as Thing[])[0]!

/** Submits one of the provider's forms, as the person would in a browser. */
async function submitPage(url: string): Promise<void> {
  const { status, text } = await ask(market.url, 'POST', url)
  assert.ok(status < 400, text.slice(0, 300))
}

/** The documented names of what happened, each with both sides told of what is both's. */
async function assertTold({ client, worker, contractId }: Agreed, ...atTheEnd: string[]): Promise<void> {
  const told = await market.db.rows<{ name: string; parties: string[] }>(
    `select name, parties from event where $1 = any (parties) and (name like 'gig.%' or name like 'negotiation.%' or name like 'contract.%')
     order by position`,
    [client.userId],
  )
  const names = told.map(({ name }) => name).filter((name, index, all) => name !== all[index - 1])
  assert.deepEqual(names.slice(0, 7), [
    'gig.created',
    'gig.updated',
    'gig.application.created',
    'gig.application.updated',
    'negotiation.created',
    'negotiation.updated',
    'contract.created',
  ])
  for (const name of atTheEnd) assert.ok(names.includes(name), `${name} of ${contractId} in ${names.join(', ')}`)
  for (const { name, parties } of told) {
    const isOwners = /^gig\.(created|updated|deleted)$/.test(name)
    assert.deepEqual(parties.toSorted(), (isOwners ? [client.userId] : [client.userId, worker.userId]).toSorted(), name)
  }
}

for (const by of ['key', 'cookie'] as const) {
  test(`by ${by}: $500 from the wallet, the worker's account first`, async () => {
    const [client, worker] = [await side('Ada', by), await side('Bob', by)]
    await submitPage(String(went(await client.ask('POST', '/api/wallet/topup', { amount_cents: 60_000 })).url))
    await until('the money has come', async () => (await walletOf(client)).balance_cents === 60_000)
    const deal = await toAgreement(client, worker, 5_000, 10)
    const pending = await contractOf(client, deal.contractId)
    const milestone = milestoneOf(pending)
    assert.deepEqual(
      [pending.status, milestone.amount_cents, milestone.status],
      ['pending_owner_approval', 50_000, 'pending'],
    )
    const parties = { client, worker, milestone }
    await assertMoney(parties, { balance: 60_000, held: 0 }, 'agreed')

    const connectUrl = await approveBoth(deal)
    assert.equal((await contractOf(client, deal.contractId)).status, 'pending_freelancer_kyc')
    await submitPage(String(connectUrl))
    await becomes(client, deal.contractId, 'pending_client_funding')
    await assertMoney(parties, { balance: 60_000, held: 0 }, 'the worker can be paid')

    const path = `/api/contracts/${deal.contractId}/milestones/${milestone.id}/fund`
    const funded = went(await client.ask('POST', path, { source: 'wallet' }))
    assert.equal(funded.client_secret, null)
    const active = await contractOf(worker, deal.contractId)
    assert.deepEqual([active.status, milestoneOf(active).status], ['active', 'funded'], 'at once, for both')
    await assertMoney(parties, { balance: 10_000, held: 50_000 }, 'funded')
    const before = await transfers()
    const again = went(await client.ask<Thing>('POST', path, { source: 'wallet' }))
    assert.equal(again.client_secret, null)
    assert.equal(await transfers(), before, 'funded once')
    assert.equal((await walletOf(client)).ledger[0]!.delta, -50_000)
    const negotiation = went(await client.ask<Thing>('GET', `/api/negotiations/${active.negotiation_id}`))
    assert.equal(negotiation.state, 'approved')
    await assertTold(deal, 'contract.updated', 'contract.milestone.funded')
  })

  test(`by ${by}: $500 by card, before the worker has an account`, async () => {
    const [client, worker] = [await side('Ada', by), await side('Bob', by)]
    const deal = await toAgreement(client, worker, 5_000, 10)
    await approveBoth(deal)
    const milestone = milestoneOf(await contractOf(client, deal.contractId))
    const parties = { client, worker, milestone }
    const path = `/api/contracts/${deal.contractId}/milestones/${milestone.id}/fund`
    const asked = went(await client.ask('POST', path))
    assert.match(String(asked.client_secret), /^pi_\w+_secret_/)
    assert.equal(went(await client.ask('POST', path)).client_secret, asked.client_secret, 'idempotent')
    await assertMoney(parties, { balance: 0, held: 0 }, 'asked for')

    // What the provider's script in the browser does with the secret, and nothing but the secret.
    await submitPage(`${market.url}/twin/pay/${asked.client_secret}`)
    await until('the milestone is funded', async () => {
      const { status } = milestoneOf(await contractOf(client, deal.contractId))
      return status === 'funded'
    })
    assert.equal((await contractOf(client, deal.contractId)).status, 'pending_freelancer_kyc')
    await assertMoney(parties, { balance: 0, held: 50_000 }, 'paid')

    const link = went(await worker.ask('GET', `/api/contracts/${deal.contractId}/connect-link`))
    await submitPage(String(link.connect_url ?? link.url))
    await becomes(worker, deal.contractId, 'active')
    await becomes(client, deal.contractId, 'active')
    await assertMoney(parties, { balance: 0, held: 50_000 }, 'active')
    await assertTold(deal, 'contract.updated', 'contract.milestone.funded')
  })

  test(`by ${by}: for nothing, with no money at all`, async () => {
    const [client, worker] = [await side('Ada', by), await side('Bob', by)]
    const before = await transfers()
    const deal = await toAgreement(client, worker, 0, 10)
    assert.ok(!(await approveBoth(deal)), 'nobody has to be payable')
    const contract = await contractOf(client, deal.contractId)
    const milestone = milestoneOf(contract)
    assert.deepEqual([contract.status, milestone.amount_cents], ['pending_client_funding', 0])
    const funded = went(await client.ask('POST', `/api/contracts/${deal.contractId}/milestones/${milestone.id}/fund`))
    assert.equal(funded.client_secret, null)
    const active = await contractOf(worker, deal.contractId)
    assert.deepEqual([active.status, milestoneOf(active).status], ['active', 'funded'])
    await assertMoney({ client, worker, milestone }, { balance: 0, held: 0 }, 'active')
    assert.equal(await transfers(), before, 'no transfer')
    assert.deepEqual(
      [(await walletOf(client)).ledger, (await walletOf(worker)).ledger],
      [client.before.ledger, worker.before.ledger],
    )
    await assertTold(deal, 'contract.updated', 'contract.milestone.funded')
  })
}

test('by card on the page that fund names, with the contract active the moment it is paid', async () => {
  const [client, worker] = [await side('Ada', 'key'), await side('Bob', 'key')]
  const deal = await toAgreement(client, worker, 33, 7)
  await submitPage(String(await approveBoth(deal)))
  const contract = await becomes(client, deal.contractId, 'pending_client_funding')
  const milestone = milestoneOf(contract)
  const asked = went(
    await client.ask('POST', `/api/contracts/${deal.contractId}/milestones/${milestone.id}/fund`, { source: 'card' }),
  )
  await submitPage(String(asked.url))
  const active = await becomes(worker, deal.contractId, 'active')
  assert.deepEqual([milestoneOf(active).status, milestoneOf(active).amount_cents], ['funded', 231])
  // 5 %, rounded half up: 11.55.
  assert.equal(milestoneOf(active).fee_cents, 12)
  await assertMoney({ client, worker, milestone }, { balance: 0, held: 231 }, 'active')
})

test('a worker who can be paid already, is restricted before the funding, and can be paid again', async () => {
  const [[client], [worker]] = [await people(market, 'Ada'), await owners(market, 'Bob')]
  await connected(market, worker)
  const account = went(await worker.ask('GET', `/api/users/${worker.userId}`)).stripe_account_id as string
  const deal = await toAgreement(client, worker, 5_000, 10)
  assert.ok(!(await approveBoth(deal)), 'nothing left to fill in')
  const contract = await contractOf(client, deal.contractId)
  assert.equal(contract.status, 'pending_client_funding', 'once it is active')
  const parties = { client, worker, milestone: milestoneOf(contract) }
  await market.stripe.restrict(account)
  await becomes(client, deal.contractId, 'pending_both')
  await fund(market, client, 50_000)
  went(
    await client.ask('POST', `/api/contracts/${deal.contractId}/milestones/${parties.milestone.id}/fund`, {
      source: 'wallet',
    }),
  )
  assert.equal(
    (await contractOf(worker, deal.contractId)).status,
    'pending_freelancer_kyc',
    'funded, and nobody to pay',
  )
  await assertMoney(parties, { balance: 0, held: 50_000 }, 'funded')
  await market.stripe.restrict(account, false)
  await becomes(client, deal.contractId, 'active')
  await assertMoney(parties, { balance: 0, held: 50_000 }, 'active')
})

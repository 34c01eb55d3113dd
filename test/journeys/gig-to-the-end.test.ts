import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { checkLaws } from '../../src/core/ledger/laws.ts'
import { paymentLaws } from '../../src/core/payments/laws.ts'
import { gigLaws } from '../../src/desks/gigs/laws.ts'
import { jobLaws } from '../../src/desks/jobs/laws.ts'
import { ask, type Person, startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { contractOf, inBrowser, type Thing } from './deal.ts'
import { people, walletOf, went } from './desk.ts'

// "How a deal flows", all eight steps, and the reviews after them: a client of the document alone, which knows no `deliver`. The market
// has everything it has in life: its worker, the provider's twin and its webhooks.
const market = await startTestMarket()
after(() => market.close())

interface Side extends Person {
  readonly by: 'key' | 'session'
}

async function side(name: string, by: Side['by']): Promise<Side> {
  const [person] = await people(market, name)
  return { ...(by === 'session' ? inBrowser(market, person) : person), by }
}

const submitPage = async (url: unknown): Promise<void> => {
  const { status, text } = await ask(market.url, 'POST', String(url))
  assert.ok(status < 400, text.slice(0, 300))
}
const milestoneOf = (contract: Thing): Thing => (contract.milestones as Thing[])[0]!
const becomes = (party: Person, id: string, status: string): Promise<Thing> =>
  until(`contract ${id} becomes ${status}`, async () => {
    const contract = await contractOf(party, id)
    return contract.status === status && contract
  })

/** Steps 1 to 6: a gig, an application, a negotiation, an agreement that both have approved. */
async function approvedDeal(client: Side, worker: Side, rate: number): Promise<{ id: string; connectUrl: unknown }> {
  went(await worker.ask('PATCH', '/api/profile/me', { user_type: 'freelancer' }))
  const title = `Paint the lighthouse of ${client.userId}`
  const draft = went(await client.ask<Thing>('POST', '/api/gigs', { title, rate_cents: rate }), 201)
  went(await client.ask('PATCH', `/api/gigs/${draft.id}`, { status: 'active' }))
  const gig = went(await worker.ask<Thing[]>('GET', '/api/gigs?status=active')).find((one) => one.title === title)!
  went(await worker.ask('POST', `/api/gigs/${gig.id}/apply`, { message: 'I have painted three.' }), 201)
  const [applicant] = went(await client.ask<Thing[]>('GET', `/api/gigs/${gig.id}/applications`))
  went(await client.ask('PATCH', `/api/gigs/${gig.id}/applications/${applicant!.id}`, { status: 'shortlisted' }))
  const started = went(
    await client.ask<Thing>('POST', '/api/negotiations', { gig_id: gig.id, worker_user_id: worker.userId }),
    201,
  )
  const path = `/api/negotiations/${started.id}`
  went(await client.ask('POST', `${path}/round`, { rate_cents: rate, hours_per_week: 10 }))
  went(await worker.ask('POST', `${path}/round`, { payout_delay_days: 4 }))
  const { contract_id: id } = went(await client.ask<Thing>('POST', `${path}/agree`))
  went(await client.ask('POST', `/api/contracts/${id}/approve`))
  const { connect_url: connectUrl } = went(await worker.ask<Thing>('POST', `/api/contracts/${id}/approve`))
  return { id: String(id), connectUrl }
}

const sourceOf = (source: 'card' | 'wallet') => (source === 'wallet' ? { source } : undefined)

/** Step 7 and 8: the client funds the milestone and releases it when satisfied; nobody says `deliver`. */
async function fundedAndReleased(client: Side, worker: Side, id: string, source: 'card' | 'wallet'): Promise<void> {
  const path = `/api/contracts/${id}/milestones/${milestoneOf(await contractOf(client, id)).id}`
  const asked = went(await client.ask('POST', `${path}/fund`, sourceOf(source)))
  if (source === 'card') {
    assert.match(String(asked.client_secret), /_secret_/)
    await submitPage(`${market.url}/twin/pay/${asked.client_secret}`)
  }
  const active = await becomes(worker, id, 'active')
  assert.deepEqual([milestoneOf(active).status, milestoneOf(active).amount_cents], ['funded', 50_000])
  went(await client.ask('POST', `${path}/release`))
  went(await client.ask('POST', `${path}/release`), 200)
  for (const party of [client, worker]) {
    const done = await contractOf(party, id)
    assert.deepEqual([done.status, milestoneOf(done).status], ['completed', 'released'])
  }
}

/** Both say what the other was like, and read it on the other's profile. */
async function reviewed(client: Side, worker: Side, id: string): Promise<void> {
  const path = `/api/contracts/${id}/reviews`
  for (const [by, of, rating] of [
    [client, worker, 5],
    [worker, client, 4],
  ] as const) {
    went(await by.ask('POST', path, { rating, review_text: 'White, twice, and on time.' }), 201)
    const { status } = await by.ask('POST', path, { rating: 1 })
    assert.equal(status, 409, 'one review per party')
    const [shown, ...more] = went(await ask<Thing[]>(market.url, 'GET', `/api/profile/${of.userId}/reviews`))
    assert.equal(more.length, 0)
    assert.deepEqual(
      [shown!.rating, shown!.review_text, shown!.released_cents, shown!.counted],
      [rating, 'White, twice, and on time.', 50_000, true],
    )
  }
}

const earned = 47_500

for (const by of ['key', 'session'] as const)
  for (const source of ['card', 'wallet'] as const)
    test(`two ${by}s, by ${source}: from the gig to the payout on the worker's account and both reviews`, async () => {
      const [client, worker] = [await side('Ada', by), await side('Bob', by)]
      if (source === 'wallet') {
        await submitPage(went(await client.ask('POST', '/api/wallet/topup', { amount_cents: 50_000 })).url)
        await until('the money has come', async () => (await walletOf(client)).balance_cents === 50_000)
      }
      const { id, connectUrl } = await approvedDeal(client, worker, 5_000)
      await submitPage(connectUrl)
      await becomes(client, id, 'pending_client_funding')
      await fundedAndReleased(client, worker, id, source)
      assert.equal((await walletOf(client)).balance_cents, 0)
      const waiting = await walletOf(worker)
      assert.deepEqual([waiting.balance_cents, waiting.pending_cents], [0, earned], '5 % stay with the market')
      await reviewed(client, worker, id)

      await market.advance(4 * 86_400 - 60)
      assert.equal((await walletOf(worker)).pending_cents, earned, 'not a minute before the agreed delay')
      await market.advance(61)
      await until('it is paid out', async () => (await walletOf(worker)).pending_cents === 0)
      assert.equal((await walletOf(worker)).balance_cents, 0, 'it went to their account, not into the wallet')
      const paid = await market.db.rows<{ kind: string; amount: number }>(
        `select kind, amount from transfer where to_account = 'platform:stripe' and from_account like 'clearing:%'
           and source in (select source from transfer where from_account = 'pending:' || $1)`,
        [worker.userId],
      )
      assert.equal(
        paid.reduce((sum, { amount }) => sum + Number(amount), 0),
        earned,
      )
      const [payout] = await market.db.rows<{ status: string; amount_cents: number }>(
        `select status, amount_cents from payout where user_id = $1`,
        [worker.userId],
      )
      assert.deepEqual(payout, { status: 'paid', amount_cents: earned })
      assert.deepEqual(await checkLaws(market.db, [...jobLaws, ...paymentLaws, ...gigLaws]), [])
    })

test('one side by key, the other by session, for nothing: completed and reviewed, with no money at all', async () => {
  const [client, worker] = [await side('Ada', 'key'), await side('Bob', 'session')]
  const { id, connectUrl } = await approvedDeal(client, worker, 0)
  assert.ok(!connectUrl)
  const path = `/api/contracts/${id}/milestones/${milestoneOf(await contractOf(client, id)).id}`
  assert.equal(went(await client.ask('POST', `${path}/fund`)).client_secret, null)
  went(await client.ask('POST', `${path}/release`))
  assert.equal((await contractOf(worker, id)).status, 'completed')
  const review = went(await worker.ask<Thing>('POST', `/api/contracts/${id}/reviews`, { rating: 5 }), 201)
  assert.deepEqual([review.released_cents, review.counted], [0, false])
  assert.deepEqual(
    (await market.db.rows(`select 1 from payout where user_id = $1`, [worker.userId])).length,
    0,
    '$0 milestones: no transfer',
  )
})

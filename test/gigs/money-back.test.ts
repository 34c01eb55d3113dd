import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { contractOf, type Deal, dealAt, firstMilestone, forMoney, fundDeal, type Thing } from '../journeys/deal.ts'
import { fund, people, walletOf, went } from '../journeys/desk.ts'
import { ask, startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { assertBooked } from '../wallet/stage.ts'

// A milestone paid for by card before its contract is active, and the ways in which that money goes back. As its client would see it, with
// the provider asked what it has taken and given back.
const market = await startTestMarket()
after(() => market.close())

/** What the provider has taken from cards and what it has given back, for payments of one secret. */
async function atProvider(secret: string): Promise<{ status: string; taken: number; back: number }> {
  const intent = secret.split('_secret_')[0]!
  const [row] = await market.db.rows<{ status: string; taken: number; back: number }>(
    `select i.body ->> 'status' as status,
       coalesce((select sum((c.body ->> 'amount')::integer) from stripe_twin.object c where c.kind = 'charge'
         and c.body ->> 'payment_intent' = i.id and c.body ->> 'status' = 'succeeded'), 0)::integer as taken,
       coalesce((select sum((r.body ->> 'amount')::integer) from stripe_twin.object r where r.kind = 'refund'
         and r.body ->> 'payment_intent' = i.id and r.body ->> 'status' <> 'failed'), 0)::integer as back
     from stripe_twin.object i where i.id = $1`,
    [intent],
  )
  return row!
}
const pay = (secret: unknown): Promise<{ status: number }> => ask(market.url, 'POST', `/twin/pay/${String(secret)}`)
const held = async ({ milestone }: Deal): Promise<number> =>
  (await market.db.rows<{ held: number }>(`select ledger_held('milestone:' || $1) as held`, [milestone.id]))[0]!.held
const statusOf = async ({ client, contract }: Deal): Promise<[unknown, unknown]> => {
  const seen = await contractOf(client, contract.id)
  return [seen.status, firstMilestone(seen).status]
}
const isFunded = (deal: Deal): Promise<boolean> =>
  until('the milestone is funded', async () => (await statusOf(deal))[1] === 'funded')

async function approvedDeal(): Promise<Deal> {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  return dealAt('approved', ada, bob, forMoney)
}

const reason = { reason: 'The budget is gone.' }
const leaving: Record<string, (deal: Deal) => Promise<unknown>> = {
  'cancelled by the client': async ({ client, contract }) =>
    went(await client.ask('POST', `/api/contracts/${contract.id}/cancel`, reason)),
  'cancelled by the worker': async ({ worker, contract }) =>
    went(await worker.ask('POST', `/api/contracts/${contract.id}/cancel`, reason)),
  revised: async ({ client, contract }) =>
    went(await client.ask('POST', `/api/contracts/${contract.id}/revise`, { notes: 'Fewer hours.' })),
  'not active for 7 days': () => market.advance(7 * 86_400 + 1),
}

for (const [name, leave] of Object.entries(leaving)) {
  test(`paid by card and then ${name}: all of it goes back to the card`, async () => {
    const deal = await approvedDeal()
    const secret = String(went(await fundDeal(deal)).client_secret)
    await pay(secret)
    await isFunded(deal)
    assert.equal(await held(deal), 50_000)
    await leave(deal)
    await until('the card has it back', async () => (await atProvider(secret)).back === 50_000)
    await until('nothing is left on its way', async () => {
      const { balance_cents: balance, pending_cents: pending } = await walletOf(deal.client)
      return balance === 0 && pending === 0
    })
    assert.deepEqual([await held(deal), (await atProvider(secret)).taken], [0, 50_000])
    const [, milestone] = await statusOf(deal)
    assert.equal(milestone, 'refunded')
    await assertBooked(market)
  })

  test(`the card form open, ${name}, and then submitted: nothing is taken, or all of it goes back`, async () => {
    const deal = await approvedDeal()
    const secret = String(went(await fundDeal(deal)).client_secret)
    await leave(deal)
    await pay(secret)
    await until('the payment is over', async () => {
      const { status, taken, back } = await atProvider(secret)
      return taken === back && (status === 'canceled' || taken === 50_000)
    })
    await until('nothing is left on its way', async () => {
      const { balance_cents: balance, pending_cents: pending } = await walletOf(deal.client)
      return balance === 0 && pending === 0
    })
    assert.equal(await held(deal), 0)
    await assertBooked(market)
  })
}

test('the card form open, funded from the wallet instead, and then submitted: paid once', async () => {
  const deal = await approvedDeal()
  const secret = String(went(await fundDeal(deal, 'card')).client_secret)
  await fund(market, deal.client, 50_000)
  assert.equal(went(await fundDeal(deal, 'wallet')).client_secret, null)
  await pay(secret)
  await until('the payment is over', async () => {
    const { status, taken, back } = await atProvider(secret)
    return taken === back && (status === 'canceled' || taken === 50_000)
  })
  await until('nothing is left on its way', async () => (await walletOf(deal.client)).pending_cents === 0)
  assert.deepEqual([await held(deal), (await walletOf(deal.client)).balance_cents], [50_000, 0])
  assert.deepEqual((await statusOf(deal))[1], 'funded')
  await assertBooked(market)
})

test('the form is submitted three times: taken once, held once', async () => {
  const deal = await approvedDeal()
  const secret = String(went(await fundDeal(deal)).client_secret)
  await Promise.all([pay(secret), pay(secret), pay(secret)])
  await isFunded(deal)
  assert.deepEqual(await atProvider(secret), { status: 'succeeded', taken: 50_000, back: 0 })
  assert.equal(await held(deal), 50_000)
  const again = went(await fundDeal(deal))
  assert.equal((again.milestone as Thing).status, 'funded')
  await assertBooked(market)
})

test('a card that is declined changes nothing, and the next one pays', async () => {
  const deal = await approvedDeal()
  const secret = String(went(await fundDeal(deal)).client_secret)
  await market.stripe.fault('card_declined', { decline_code: 'insufficient_funds' })
  assert.equal((await pay(secret)).status, 402)
  assert.deepEqual(await statusOf(deal), ['pending_freelancer_kyc', 'pending'])
  assert.equal(went(await fundDeal(deal)).client_secret, secret, 'the same payment is still open')
  await pay(secret)
  await isFunded(deal)
  assert.equal(await held(deal), 50_000)
  await assertBooked(market)
})

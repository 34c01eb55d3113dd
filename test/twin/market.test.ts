import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { until } from './stage.ts'

let market: TestMarket
let ada: Person

before(async () => {
  market = await startTestMarket()
  ada = await market.person('Ada')
})
after(() => market.close())

const startTopUp = async (): Promise<string> =>
  (await ada.ask<{ url: string }>('POST', '/api/wallet/topup', { amount_cents: 1_000 })).body.url

test('the test clock of a market moves its twin: a checkout that nobody paid is over', async () => {
  const page = await startTopUp()
  assert.equal((await ask(market.url, 'GET', page)).status, 200)
  await market.advance(24 * 60 * 60 + 60)
  assert.equal((await ask(market.url, 'POST', page)).status, 410)
})

test('the faults of the twin reach the market, and the control door is not on its address', async () => {
  await market.stripe.fault('card_declined')
  const page = await startTopUp()
  assert.equal((await ask(market.url, 'POST', page)).status, 402)
  assert.equal((await ask(market.url, 'POST', page)).status, 303)
  const balance = async (): Promise<number> =>
    (await ada.ask<{ balance_cents: number }>('GET', '/api/wallet/balance')).body.balance_cents
  await until('the money came', async () => (await balance()) === 1_000)
  for (const path of ['/control/faults', '/twin/control/faults', '/twin/../control/faults'])
    assert.equal((await ask(market.url, 'POST', path, '{"kind":"rate_limit"}')).status, 404)
})

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { bookTopUp } from '../../src/core/payments/book-top-up.ts'
import { lookUpOpenTopUps } from '../../src/core/payments/look-up.ts'
import { walletOf, went } from '../journeys/desk.ts'
import { ask, startTestMarket } from '../support/market.ts'
import { assertBooked, needsOf, owners } from './stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const { db, stripe, log } = needsOf(market)

test('a checkout whose answer was lost expires; asked for again, the new one is paid and booked', async () => {
  const [ada] = await owners(market, 'Ada')
  const key = { 'idempotency-key': randomUUID() }
  const wish = { amount_cents: 2_000 }
  await market.stripe.fault('answer_lost', { how: 'cut' }, { times: 3, match: { path: '/v1/checkout/sessions' } })
  assert.equal((await ada.ask('POST', '/api/wallet/topup', wish, key)).status, 503)
  await market.stripe.clear()
  // A refusal has freed the key: the process is taken to have died instead, so that the same intent is asked for again.
  const [intent] = await db.rows<{ id: string }>(`select id from topup where user_id = $1`, [ada.userId])
  await market.advance(25 * 3_600)
  await lookUpOpenTopUps(db, stripe, log)
  const [row] = await db.rows<{ status: string }>(`select status from topup where id = $1`, [intent!.id])
  assert.equal(row!.status, 'expired')
  const again = await stripe.checkout.sessions.create({
    mode: 'payment',
    client_reference_id: intent!.id,
    line_items: [
      { quantity: 1, price_data: { currency: 'usd', unit_amount: 2_000, product_data: { name: 'Top-up' } } },
    ],
    metadata: { kind: 'wallet_topup', topup_id: intent!.id, user_id: ada.userId },
    success_url: `${market.url}/wallet`,
  })
  await ask(market.url, 'POST', again.url!)
  for (let told = 0; told < 2; told++) await bookTopUp(db, await stripe.checkout.sessions.retrieve(again.id))
  assert.equal((await walletOf(ada)).balance_cents, 2_000)
  went(await ada.ask('POST', '/api/wallet/refund', {}))
  await assertBooked(market)
})

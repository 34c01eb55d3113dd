import assert from 'node:assert/strict'
import { test } from 'node:test'
import Stripe from 'stripe'
import { retryDelayMs } from '../../src/edges/twin/deliver.ts'
import { apiVersion } from '../../src/edges/twin/state/emit.ts'
import { stage, start, until, webhookSecret } from './stage.ts'

test('the SDK verifies a webhook, and refuses another secret or other bytes', async (t) => {
  const { stripe, receiver } = await stage(t)
  const ada = await stripe.customers.create({ email: 'ada@example.com' }, { idempotencyKey: 'k1' })
  await until('a webhook', () => receiver.arrivals.length === 1)
  const { body, signature } = receiver.arrivals[0]!
  const event = stripe.webhooks.constructEvent(body, signature, webhookSecret)
  assert.match(event.id, /^evt_/)
  assert.equal(event.type, 'customer.created')
  assert.equal(event.api_version, apiVersion)
  assert.equal(event.pending_webhooks, 1)
  assert.equal(event.request?.idempotency_key, 'k1')
  assert.match(event.request?.id ?? '', /^req_/)
  assert.equal((event.data.object as Stripe.Customer).id, ada.id)
  const refused = Stripe.errors.StripeSignatureVerificationError
  assert.throws(() => stripe.webhooks.constructEvent(body, signature, 'whsec_other'), refused)
  assert.throws(
    () => stripe.webhooks.constructEvent(JSON.stringify(JSON.parse(body)), signature, webhookSecret),
    refused,
  )
  assert.deepEqual((await stripe.events.retrieve(event.id)).data, JSON.parse(body).data)
})

test('the events are of the version that the installed SDK expects', () => {
  assert.equal(apiVersion, Stripe.API_VERSION)
})

test('a receiver that fails gets the event again, each time freshly signed, until it answers 2xx', async (t) => {
  const { stripe, receiver, pool } = await stage(t)
  receiver.answers.push(500, 302)
  await stripe.customers.create()
  await until('three tries', () => receiver.arrivals.length === 3)
  assert.equal(new Set(receiver.arrivals.map(({ event }) => event.id)).size, 1)
  for (const { body, signature } of receiver.arrivals) stripe.webhooks.constructEvent(body, signature, webhookSecret)
  const delivered = async (): Promise<boolean> =>
    (await pool.query('select from stripe_twin.delivery where delivered_at is not null and attempts = 3')).rowCount ===
    1
  await until('it is noted', delivered)
  assert.equal((await stripe.events.list()).data[0]?.pending_webhooks, 0)
})

test('one event that fails does not hold up the others', async (t) => {
  const { stripe, receiver } = await stage(t)
  receiver.answers.push(500)
  const [ada, bob] = [await stripe.customers.create(), await stripe.customers.create()]
  await until('both', () => receiver.arrivals.length === 3)
  const ids = receiver.arrivals.map(({ event }) => (event.data.object as Stripe.Customer).id)
  assert.deepEqual(ids, [ada.id, bob.id, ada.id])
})

test('what could not be delivered survives a restart, and two twins deliver it once', async (t) => {
  const { stripe, receiver, databaseUrl, pool, restart } = await stage(t)
  receiver.answers.push(503, 503, 503, 503, 503)
  for (let n = 0; n < 5; n += 1) await stripe.customers.create({ name: `customer ${n}` })
  await until('five failures', () => receiver.arrivals.length === 5)
  await restart()
  const second = await start(databaseUrl, receiver)
  t.after(() => second.close())
  await until(
    'all delivered',
    async () => (await pool.query('select from stripe_twin.delivery where delivered_at is null')).rowCount === 0,
  )
  const again = receiver.arrivals.slice(5).map(({ event }) => event.id)
  // On a busy machine the first may be tried a second time before the last is tried at all.
  const all = new Set(receiver.arrivals.map(({ event }) => event.id))
  assert.equal(all.size, 5)
  assert.deepEqual(again.toSorted(), [...all].toSorted())
})

test('waiting times double from half a second to ten seconds', () => {
  assert.deepEqual([1, 2, 3, 5, 6, 1_000].map(retryDelayMs), [500, 1_000, 2_000, 8_000, 10_000, 10_000])
})

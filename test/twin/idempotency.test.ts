import assert from 'node:assert/strict'
import { test } from 'node:test'
import Stripe from 'stripe'
import { advance, type Stage, sdk, stage, topUp, until } from './stage.ts'

/** A raw request, where the bytes and headers of the answer matter. */
function post({ twin }: Stage, path: string, body: string, key: string): Promise<Response> {
  return fetch(`${twin.url}${path}`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer sk_test_x',
      'content-type': 'application/x-www-form-urlencoded',
      'idempotency-key': key,
    },
    body,
  })
}

test('the same key and parameters give the first answer again, byte by byte, and one effect', async (t) => {
  const s = await stage(t)
  const first = await post(s, '/v1/customers', 'email=ada@example.com&metadata[a]=1&metadata[b]=2', 'k')
  const again = await post(s, '/v1/customers', 'metadata[b]=2&metadata[a]=1&email=ada%40example.com', 'k')
  assert.equal(first.headers.get('idempotent-replayed'), null)
  assert.equal(again.headers.get('idempotent-replayed'), 'true')
  assert.equal(again.headers.get('original-request'), first.headers.get('request-id'))
  assert.notEqual(again.headers.get('request-id'), first.headers.get('request-id'))
  assert.equal(await again.text(), await first.text())
  assert.equal((await s.stripe.customers.list()).data.length, 1)
  assert.equal((await s.stripe.events.list()).data.length, 1)
})

test('other parameters or another endpoint under the same key are refused', async (t) => {
  const { stripe } = await stage(t)
  await stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'k' })
  const wanted = { statusCode: 400, rawType: 'idempotency_error' }
  await assert.rejects(stripe.customers.create({ name: 'Bob' }, { idempotencyKey: 'k' }), wanted)
  await assert.rejects(stripe.checkout.sessions.create(topUp(500), { idempotencyKey: 'k' }), wanted)
  await assert.rejects(stripe.customers.create({}, { idempotencyKey: 'x'.repeat(256) }), wanted)
  assert.equal((await stripe.customers.list()).data.length, 1)
})

test('a second request while the first still runs is told so, and may come again', async (t) => {
  const s = await stage(t)
  const { stripe, controls, twin } = s
  await controls.fault('slow', { milliseconds: 2_000 })
  const first = stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'k' })
  await until('the first one is at work', async () => (await controls.faults()).length === 0)
  await new Promise((resolve) => setTimeout(resolve, 100))
  await assert.rejects(sdk(twin).customers.create({ name: 'Ada' }, { idempotencyKey: 'k' }), (error) => {
    assert.ok(error instanceof Stripe.errors.StripeAPIError, String(error))
    assert.deepEqual(
      [error.statusCode, error.rawType, error.code],
      [409, 'idempotency_error', 'idempotency_key_in_use'],
    )
    return true
  })
  const { id } = await first
  assert.equal((await sdk(twin).customers.create({ name: 'Ada' }, { idempotencyKey: 'k' })).id, id)
})

test('ten at once with one key make one customer', async (t) => {
  const { stripe } = await stage(t)
  const tries = Array.from({ length: 10 }, () => stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'k' }))
  const results = await Promise.allSettled(tries)
  const ids = new Set(results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.id] : [])))
  assert.equal(ids.size, 1)
  for (const result of results) if (result.status === 'rejected') assert.equal(result.reason.statusCode, 409)
  assert.equal((await stripe.customers.list()).data.length, 1)
})

test('a refusal by the work is kept, a refusal of the parameters is not', async (t) => {
  const s = await stage(t)
  const refused = await post(s, '/v1/customers/cus_none', 'name=Ada', 'kept')
  assert.equal(refused.status, 404)
  const again = await post(s, '/v1/customers/cus_none', 'name=Ada', 'kept')
  assert.deepEqual([again.status, again.headers.get('idempotent-replayed')], [404, 'true'])
  assert.equal((await post(s, '/v1/customers', 'nmae=Ada', 'free')).status, 400)
  assert.equal((await post(s, '/v1/customers', 'name=Ada', 'free')).status, 200)
})

test('after 24 hours the key is forgotten and runs again', async (t) => {
  const { stripe, pool } = await stage(t)
  const first = await stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'k' })
  await advance(pool, '23 hours 59 minutes')
  assert.equal((await stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'k' })).id, first.id)
  await advance(pool, '2 minutes')
  assert.notEqual((await stripe.customers.create({ name: 'Bob' }, { idempotencyKey: 'k' })).id, first.id)
})

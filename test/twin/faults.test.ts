import assert from 'node:assert/strict'
import { test } from 'node:test'
import Stripe from 'stripe'
import type { Aim } from './controls.ts'
import { charge, pageOf, type Stage, stage, submit, topUp, until, withSavedCard } from './stage.ts'

/** An SDK that repeats what failed, as the market's does. */
const patient = ({ twin }: Stage): Stripe =>
  new Stripe('sk_test_x', {
    host: '127.0.0.1',
    port: twin.port,
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: 2,
  })

/** The SDK comes again once after a cut even when it is told never to, so two cuts are one lost answer. */
const cut = (match: Record<string, string>): Aim => ({ times: 2, match })

const arrived = ({ receiver }: Stage): string[] => receiver.arrivals.map(({ event }) => event.type)

test('calls over the rate limit are answered 429 and do nothing; the key is free afterwards', async (t) => {
  const s = await stage(t)
  const { stripe, controls } = s
  await controls.fault('rate_limit', {}, { times: 2, match: { path: '/v1/customers' } })
  await stripe.balance.retrieve()
  const limited = Stripe.errors.StripeRateLimitError
  await assert.rejects(stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'k' }), (error) => {
    assert.ok(error instanceof limited)
    assert.deepEqual([error.statusCode, error.code], [429, 'rate_limit'])
    return true
  })
  await assert.rejects(stripe.customers.list(), limited)
  const ada = await stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'k' })
  assert.equal((await stripe.customers.list()).data.length, 1)
  await controls.fault('rate_limit', {}, { times: 2 })
  assert.equal((await patient(s).customers.retrieve(ada.id)).id, ada.id, 'the SDK comes again')
})

test('a cut connection has done the work, and the same key tells what', async (t) => {
  const s = await stage(t)
  const { stripe, controls } = s
  const saved = await withSavedCard(s)
  await controls.fault('answer_lost', {}, cut({ method: 'POST', path: '/v1/payment_intents' }))
  const keyed = { idempotencyKey: 'k' }
  await assert.rejects(charge(stripe, saved, 2_000, {}, keyed), Stripe.errors.StripeConnectionError)
  const { data } = await stripe.charges.list()
  assert.equal(data.length, 1)
  assert.equal((await charge(stripe, saved, 2_000, {}, keyed)).latest_charge, data[0]!.id)
  await controls.fault('answer_lost')
  const again = await charge(patient(s), saved, 2_000, {}, { idempotencyKey: 'k2' })
  assert.equal(again.status, 'succeeded')
  assert.equal((await stripe.charges.list()).data.length, 2, 'the repeated call charged nothing')
})

test('an error after the work is what the key answers from then on: only a look tells what was done', async (t) => {
  const s = await stage(t)
  const { stripe, controls } = s
  const saved = await withSavedCard(s)
  const [keyed, metadata] = [{ idempotencyKey: 'k' }, { intent: 'i1' }]
  await controls.fault('answer_lost', { how: 'error' })
  for (let n = 0; n < 2; n += 1)
    await assert.rejects(charge(stripe, saved, 2_000, { metadata }, keyed), (error) => {
      assert.ok(error instanceof Stripe.errors.StripeAPIError)
      assert.equal(error.statusCode, 500)
      return true
    })
  const { data } = await stripe.paymentIntents.list({ customer: saved.customer })
  assert.deepEqual(
    data.map((intent) => [intent.status, intent.metadata]),
    [['succeeded', metadata]],
  )
})

test('an error or a cut before the work has done nothing; only after a cut does the key still work', async (t) => {
  const s = await stage(t)
  const { stripe, controls } = s
  const saved = await withSavedCard(s)
  const path = '/v1/payment_intents'
  await controls.fault('answer_lost', { how: 'cut', applied: false }, cut({ path }))
  await assert.rejects(charge(stripe, saved, 500, {}, { idempotencyKey: 'cut' }), Stripe.errors.StripeConnectionError)
  await controls.fault('answer_lost', { how: 'error', applied: false }, { match: { path } })
  for (let n = 0; n < 2; n += 1)
    await assert.rejects(charge(stripe, saved, 600, {}, { idempotencyKey: 'error' }), { statusCode: 500 })
  assert.equal((await stripe.charges.list()).data.length, 0)
  assert.equal((await charge(stripe, saved, 500, {}, { idempotencyKey: 'cut' })).status, 'succeeded')
  await controls.advance(24 * 60 * 60 + 60)
  const forgotten = await charge(stripe, saved, 600, {}, { idempotencyKey: 'error' })
  assert.equal(forgotten.status, 'succeeded', 'after a day the key runs again')
})

test('webhooks come twice, late, out of order or never, and all of them can be listed', async (t) => {
  const s = await stage(t)
  const { stripe, controls, receiver } = s
  const pay = async (): Promise<string> => {
    const session = await stripe.checkout.sessions.create(topUp(1_000))
    await submit(pageOf(s.twin, session.id))
    return session.id
  }
  const match = { type: 'checkout.session.completed' }
  await controls.fault('webhook_missing', {}, { match })
  const missed = await pay()
  await until('the other three', () => receiver.arrivals.length === 3)
  const { data: events } = await stripe.events.list({ type: match.type })
  assert.equal((events[0]!.data.object as Stripe.Checkout.Session).id, missed)

  await controls.fault('webhook_duplicate', { copies: 3 }, { match })
  await pay()
  await until('three copies', () => arrived(s).filter((type) => type === match.type).length === 3)
  const copies = receiver.arrivals.filter(({ event }) => event.type === match.type)
  assert.equal(new Set(copies.map(({ event }) => event.id)).size, 1)

  receiver.arrivals.length = 0
  await controls.fault('webhook_delay', { seconds: 3_600 }, { match })
  await pay()
  await until('all but the late one', () => receiver.arrivals.length === 3)
  await new Promise((resolve) => setTimeout(resolve, 700))
  assert.ok(!arrived(s).includes(match.type))
  await controls.advance(3_601)
  await until('the late one', () => arrived(s).at(-1) === match.type)

  receiver.arrivals.length = 0
  await controls.fault('webhook_reorder', {}, { times: 4 })
  await pay()
  await until('all four', () => receiver.arrivals.length === 4)
  assert.deepEqual(arrived(s), [
    'checkout.session.completed',
    'payment_intent.succeeded',
    'charge.succeeded',
    'payment_intent.created',
  ])
})

test('webhooks that wait for companions leave when the faults are cleared, or after an hour', async (t) => {
  const s = await stage(t)
  const { stripe, controls, receiver } = s
  await controls.fault('webhook_reorder', {}, { times: 5 })
  await stripe.customers.create()
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.equal(receiver.arrivals.length, 0)
  await controls.clear()
  await until('it leaves', () => receiver.arrivals.length === 1)
  await controls.fault('webhook_reorder', {}, { times: 5 })
  await stripe.customers.create()
  await controls.advance(3_601)
  await until('the hour is over', () => receiver.arrivals.length === 2)
})

test('faults strike as often as they are told, whom they are meant for, over a restart; and the door is strict', async (t) => {
  const s = await stage(t)
  const [ada, bob] = [await withSavedCard(s, 'ada@example.com'), await withSavedCard(s, 'bob@example.com')]
  await s.controls.fault(
    'card_declined',
    { decline_code: 'expired_card' },
    { times: 2, match: { customer: ada.customer } },
  )
  await s.restart()
  assert.equal((await charge(s.stripe, bob, 500)).status, 'succeeded')
  for (let n = 0; n < 2; n += 1)
    await assert.rejects(charge(s.stripe, ada, 500), {
      code: 'expired_card',
      decline_code: 'expired_card',
      statusCode: 402,
    })
  assert.equal((await charge(s.stripe, ada, 500)).status, 'succeeded')
  assert.deepEqual(await s.controls.faults(), [])

  const ask = (path: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${s.twin.url}/control/${path}`, { method: 'POST', body, headers })
  const key = { authorization: 'Bearer sk_test_x' }
  assert.equal((await ask('faults', '{"kind":"rate_limit"}')).status, 401)
  for (const body of [
    '{',
    '{"kind":"plague"}',
    '{"kind":"slow"}',
    '{"kind":"rate_limit","often":2}',
    '{"kind":"rate_limit","times":0}',
  ]) {
    const refused = await ask('faults', body, key)
    assert.equal(refused.status, 400, body)
    assert.match(((await refused.json()) as { error: { message: string } }).error.message, /control door/)
  }
  assert.equal((await ask('accounts/acct_none', '{"restricted":true}', key)).status, 404)
  const noKey = await fetch(`${s.twin.url}/control/faults`)
  assert.equal(noKey.status, 401)
})

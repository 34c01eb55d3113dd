import assert from 'node:assert/strict'
import { test } from 'node:test'
import Stripe from 'stripe'
import { charge, eventTypes, stage, until, withSavedCard } from './stage.ts'

const day = 24 * 60 * 60

test('a payment is given back in parts, never more than was paid, and the fee stays with Stripe', async (t) => {
  const s = await stage(t)
  const { stripe } = s
  const paid = await charge(stripe, await withSavedCard(s), 2_000)
  const part = await stripe.refunds.create({ payment_intent: paid.id, amount: 500, metadata: { why: 'x' } })
  assert.deepEqual(
    [part.status, part.amount, part.payment_intent, part.metadata],
    ['succeeded', 500, paid.id, { why: 'x' }],
  )
  await assert.rejects(stripe.refunds.create({ payment_intent: paid.id, amount: 1_501 }), (error) => {
    assert.ok(error instanceof Stripe.errors.StripeInvalidRequestError)
    assert.deepEqual(
      [error.statusCode, error.param, error.message],
      [400, 'amount', 'Refund amount ($15.01) is greater than unrefunded amount on charge ($15.00)'],
    )
    return true
  })
  const rest = await stripe.refunds.create({ charge: String(paid.latest_charge) })
  assert.equal(rest.amount, 1_500)
  await assert.rejects(stripe.refunds.create({ payment_intent: paid.id }), { code: 'charge_already_refunded' })
  const after = await stripe.charges.retrieve(String(paid.latest_charge))
  assert.deepEqual([after.amount_refunded, after.refunded], [2_000, true])
  const { data: refunds } = await stripe.refunds.list({ payment_intent: paid.id })
  assert.deepEqual(
    refunds.map(({ id }) => id),
    [rest.id, part.id],
  )
  const { data: bookings } = await stripe.balanceTransactions.list({ type: 'refund' })
  assert.deepEqual(
    bookings.map(({ amount, fee, net, source }) => [amount, fee, net, source]),
    [
      [-1_500, 0, -1_500, rest.id],
      [-500, 0, -500, part.id],
    ],
  )
  assert.equal((await stripe.balance.retrieve()).available[0]?.amount, -88)
  const types = await eventTypes(stripe)
  assert.equal(types.filter((type) => type === 'refund.created').length, 2)
  assert.equal(types.filter((type) => type === 'charge.refunded').length, 2)
})

test('ten refunds of a third at once give back three thirds and no more', async (t) => {
  const s = await stage(t)
  const paid = await charge(s.stripe, await withSavedCard(s), 900)
  const tries = Array.from({ length: 10 }, () => s.stripe.refunds.create({ payment_intent: paid.id, amount: 300 }))
  const results = await Promise.allSettled(tries)
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 3)
  assert.equal((await s.stripe.charges.retrieve(String(paid.latest_charge))).amount_refunded, 900)
})

test('a refund can be refused, wait, arrive, or come back; the balance tells it all', async (t) => {
  const s = await stage(t)
  const { stripe, controls } = s
  const saved = await withSavedCard(s)
  const [one, two, three] = [
    await charge(stripe, saved, 1_000),
    await charge(stripe, saved, 1_000),
    await charge(stripe, saved, 1_000),
  ]
  const before = (await stripe.balance.retrieve()).available[0]!.amount
  const balance = async (): Promise<number> => (await stripe.balance.retrieve()).available[0]!.amount - before

  await controls.fault('refund_refused', {}, { match: { payment_intent: one.id } })
  const keyed = { idempotencyKey: 'refund-1' }
  await assert.rejects(stripe.refunds.create({ payment_intent: one.id }, keyed), { statusCode: 400 })
  await assert.rejects(stripe.refunds.create({ payment_intent: one.id }, keyed), { statusCode: 400 })
  assert.equal((await stripe.refunds.list({ payment_intent: one.id })).data.length, 0)
  assert.equal(await balance(), 0)

  await controls.fault('refund_pending', {}, { times: 2 })
  const waiting = await stripe.refunds.create({ payment_intent: one.id })
  assert.deepEqual([waiting.status, await balance()], ['pending', -1_000])
  assert.equal((await controls.refund(waiting.id, 'succeeded')).status, 'succeeded')
  await assert.rejects(controls.refund(waiting.id, 'succeeded'), /only a pending one/)
  const slow = await stripe.refunds.create({ payment_intent: two.id })
  await controls.advance(day + 1)
  await until('a day ends the waiting', async () => (await stripe.refunds.retrieve(slow.id)).status === 'succeeded')

  await controls.fault('refund_fails')
  const said = await stripe.refunds.create({ payment_intent: three.id })
  assert.equal(said.status, 'succeeded', 'it fails only afterwards')
  const failed = await stripe.refunds.retrieve(said.id)
  assert.deepEqual([failed.status, failed.failure_reason], ['failed', 'lost_or_stolen_card'])
  assert.equal(await balance(), -2_000)
  const after = await stripe.charges.retrieve(String(three.latest_charge))
  assert.deepEqual([after.amount_refunded, after.refunded], [0, false])
  assert.deepEqual((await eventTypes(stripe)).slice(-5), [
    'refund.created',
    'charge.refunded',
    'refund.updated',
    'refund.failed',
    'charge.refund.updated',
  ])
  const { data: types } = await stripe.balanceTransactions.list({ source: said.id })
  assert.deepEqual(
    types.map(({ type, net }) => [type, net]),
    [
      ['refund_failure', 1_000],
      ['refund', -1_000],
    ],
  )
})

test('what was booked is listed by time and type, in pages that miss nothing', async (t) => {
  const s = await stage(t)
  const { stripe, controls } = s
  const saved = await withSavedCard(s)
  const early = await charge(stripe, saved, 1_000)
  await controls.advance(3 * day)
  for (let n = 0; n < 6; n += 1) await charge(stripe, saved, 1_000 + n)
  await stripe.refunds.create({ payment_intent: early.id })
  const seen: [string, number][] = []
  const since = early.created + 2 * day
  for await (const booking of stripe.balanceTransactions.list({ limit: 2, created: { gte: since } }))
    seen.push([booking.type, booking.amount])
  assert.deepEqual(seen, [
    ['refund', -1_000],
    ...[1_005, 1_004, 1_003, 1_002, 1_001, 1_000].map((amount) => ['charge', amount]),
  ])
  const old = await stripe.balanceTransactions.list({ created: { lt: since } })
  assert.deepEqual([old.data.length, old.has_more], [1, false])
  const net = (await stripe.balanceTransactions.list({ limit: 100 })).data.reduce((sum, each) => sum + each.net, 0)
  assert.equal(net, (await stripe.balance.retrieve()).available[0]?.amount)
})

test('what cannot be refunded is refused with its reason', async (t) => {
  const s = await stage(t)
  const { stripe } = s
  const open = await stripe.paymentIntents.create({ amount: 1_000, currency: 'usd' })
  await assert.rejects(stripe.refunds.create({ payment_intent: open.id }), { code: 'payment_intent_unexpected_state' })
  await assert.rejects(stripe.refunds.create({ payment_intent: 'pi_none' }), { code: 'resource_missing' })
  await assert.rejects(stripe.refunds.create({ charge: 'ch_none' }), { code: 'resource_missing', param: 'charge' })
  await assert.rejects(stripe.refunds.create({}), /payment_intent or charge/)
  const paid = await charge(stripe, await withSavedCard(s), 1_000)
  await assert.rejects(stripe.refunds.create({ payment_intent: paid.id, amount: 0 }), { param: 'amount' })
  const both = { payment_intent: paid.id, charge: String(paid.latest_charge) }
  await assert.rejects(stripe.refunds.create(both), /only specify one/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { charge, eventTypes, stage, until, withSavedCard } from './stage.ts'

const week = 7 * 24 * 60 * 60

test('a dispute takes the money and a fee, forbids refunds, and gives the money back when it is won', async (t) => {
  const s = await stage(t)
  const { stripe, controls } = s
  const paid = await charge(stripe, await withSavedCard(s), 2_000)
  const before = (await stripe.balance.retrieve()).available[0]!.amount
  const balance = async (): Promise<number> => (await stripe.balance.retrieve()).available[0]!.amount - before

  const { id } = await controls.dispute({ payment_intent: paid.id }, { reason: 'product_not_received' })
  const dispute = await stripe.disputes.retrieve(id, { expand: ['charge'] })
  assert.deepEqual(
    [dispute.status, dispute.amount, dispute.reason, dispute.payment_intent],
    ['needs_response', 2_000, 'product_not_received', paid.id],
  )
  assert.deepEqual((dispute.charge as { disputed: boolean }).disputed, true)
  assert.equal(dispute.evidence_details.due_by, dispute.created + week)
  assert.deepEqual(
    dispute.balance_transactions.map(({ type, reporting_category, amount, fee, net }) => [
      type,
      reporting_category,
      amount,
      fee,
      net,
    ]),
    [['adjustment', 'dispute', -2_000, 1_500, -3_500]],
  )
  assert.equal(await balance(), -3_500)
  await assert.rejects(stripe.refunds.create({ payment_intent: paid.id }), { code: 'charge_disputed' })
  await assert.rejects(controls.dispute({ payment_intent: paid.id }), /already/)
  assert.equal((await stripe.disputes.list({ payment_intent: paid.id })).data[0]?.id, id)

  assert.equal((await controls.decide(id, 'under_review')).status, 'under_review')
  await controls.advance(week + 1)
  const won = await controls.decide(id, 'won')
  assert.deepEqual([won.status, won.balance_transactions.length, await balance()], ['won', 2, -1_500])
  await assert.rejects(controls.decide(id, 'lost'), /it is over/)
  assert.equal((await stripe.refunds.create({ payment_intent: paid.id })).amount, 2_000)
  const types = (await eventTypes(stripe)).filter((type) => type.startsWith('charge.dispute'))
  assert.deepEqual(types, [
    'charge.dispute.created',
    'charge.dispute.funds_withdrawn',
    'charge.dispute.updated',
    'charge.dispute.funds_reinstated',
    'charge.dispute.closed',
  ])
})

test('a dispute that nobody answers is lost after a week, and nothing more moves', async (t) => {
  const s = await stage(t)
  const { stripe, controls } = s
  const paid = await charge(stripe, await withSavedCard(s), 2_000)
  await stripe.refunds.create({ payment_intent: paid.id, amount: 500 })
  const { id, amount } = await controls.dispute({ charge: String(paid.latest_charge) })
  assert.equal(amount, 1_500, 'what was refunded cannot be disputed')
  const balance = (await stripe.balance.retrieve()).available[0]!.amount
  await controls.advance(week + 1)
  await until('it is lost', async () => (await stripe.disputes.retrieve(id)).status === 'lost')
  assert.equal((await stripe.balance.retrieve()).available[0]?.amount, balance)
  const closed = (await stripe.events.list({ type: 'charge.dispute.closed' })).data
  assert.deepEqual(
    closed.map((event) => (event.data.object as { status: string }).status),
    ['lost'],
  )
})

test('a part of a charge can be disputed, more than the charge cannot', async (t) => {
  const s = await stage(t)
  const paid = await charge(s.stripe, await withSavedCard(s), 2_000)
  await assert.rejects(s.controls.dispute({ payment_intent: paid.id }, { amount: 2_001 }), /Between 1 and 2000/)
  assert.equal((await s.controls.dispute({ payment_intent: paid.id }, { amount: 700 })).amount, 700)
  await assert.rejects(s.controls.dispute({ charge: 'ch_none' }), /No such charge/)
})

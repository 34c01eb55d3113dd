import assert from 'node:assert/strict'
import { test } from 'node:test'
import Stripe from 'stripe'
import { eventTypes, type Stage, stage, submit, until } from './stage.ts'

const links = {
  type: 'account_onboarding',
  return_url: 'http://market.test/wallet?connected=1',
  refresh_url: 'http://market.test/wallet?again=1',
} as const

const express = { type: 'express', email: 'ada@example.com', capabilities: { transfers: { requested: true } } } as const

/** Where a link's page is on the twin itself. */
const pageOf = ({ twin }: Stage, url: string): string => url.replace('http://market.test', twin.url)

async function onboarded(s: Stage): Promise<string> {
  const { id: account } = await s.stripe.accounts.create(express)
  const link = await s.stripe.accountLinks.create({ account, ...links })
  assert.equal((await submit(pageOf(s, link.url))).status, 303)
  return account
}

test('a worker opens an account, submits the onboarding form, and can be paid', async (t) => {
  const s = await stage(t)
  const { stripe, receiver } = s
  const made = await stripe.accounts.create({ ...express, metadata: { user: 'u1' } })
  assert.match(made.id, /^acct_\w{16}$/)
  assert.deepEqual(
    [made.details_submitted, made.payouts_enabled, made.charges_enabled, made.capabilities?.transfers],
    [false, false, false, 'inactive'],
  )
  assert.ok((made.requirements?.currently_due?.length ?? 0) > 0)
  const link = await stripe.accountLinks.create({ account: made.id, ...links })
  assert.match(link.url, /^http:\/\/market\.test\/twin\/connect\/onboard_\w{40}$/)
  assert.equal(link.expires_at - link.created, 300)

  const markup = await (await fetch(pageOf(s, link.url))).text()
  assert.ok(markup.includes('Get paid for your work') && markup.includes('ada@example.com'))
  for (let n = 0; n < 2; n += 1) {
    const done = await submit(pageOf(s, link.url))
    assert.deepEqual([done.status, done.headers.get('location')], [303, links.return_url])
  }
  const ready = await stripe.accounts.retrieve(made.id)
  assert.deepEqual(
    [ready.details_submitted, ready.payouts_enabled, ready.charges_enabled, ready.capabilities?.transfers],
    [true, true, true, 'active'],
  )
  assert.deepEqual([ready.requirements?.currently_due, ready.requirements?.disabled_reason], [[], null])
  assert.ok((await (await fetch(pageOf(s, link.url))).text()).includes('You can be paid'))
  await until('two account.updated', () => receiver.arrivals.length === 2)
  for (const { event } of receiver.arrivals) assert.deepEqual([event.type, event.account], ['account.updated', made.id])
})

test('a stale link leads to where a new one is made; a wrong one to nothing', async (t) => {
  const s = await stage(t)
  const { id: account } = await s.stripe.accounts.create(express)
  const link = await s.stripe.accountLinks.create({ account, ...links })
  await s.controls.advance(301)
  for (const answer of [await fetch(pageOf(s, link.url), { redirect: 'manual' }), await submit(pageOf(s, link.url))])
    assert.deepEqual([answer.status, answer.headers.get('location')], [303, links.refresh_url])
  assert.equal((await s.stripe.accounts.retrieve(account)).details_submitted, false)
  assert.equal((await submit(`${s.twin.url}/twin/connect/onboard_none`)).status, 404)
  await assert.rejects(s.stripe.accountLinks.create({ account: 'acct_none', ...links }), { code: 'resource_missing' })
})

test('a transfer reaches an account that can receive, once per key, and is found by its group', async (t) => {
  const s = await stage(t)
  const { stripe } = s
  const account = await onboarded(s)
  const order = { amount: 700, currency: 'usd', destination: account, transfer_group: 'milestone:1' }
  const more = { metadata: { intent: 'i1' }, description: 'Milestone' }
  const made = await stripe.transfers.create({ ...order, ...more }, { idempotencyKey: 'i1' })
  const again = await stripe.transfers.create({ ...order, ...more }, { idempotencyKey: 'i1' })
  assert.equal(made.id, again.id)
  assert.match(made.id, /^tr_/)
  assert.deepEqual([made.amount, made.destination, made.reversed], [700, account, false])
  const ids = async (params: Stripe.TransferListParams): Promise<string[]> =>
    (await stripe.transfers.list(params)).data.map(({ id }) => id)
  assert.deepEqual(await ids({ transfer_group: 'milestone:1' }), [made.id])
  assert.deepEqual(await ids({ destination: account }), [made.id])
  assert.deepEqual(await ids({ transfer_group: 'milestone:2' }), [])
  const booking = await stripe.balanceTransactions.retrieve(String(made.balance_transaction))
  assert.deepEqual([booking.type, booking.amount, booking.fee, booking.source], ['transfer', -700, 0, made.id])
})

test('an account that cannot receive is refused in the words of Stripe', async (t) => {
  const s = await stage(t)
  const { stripe, controls } = s
  const { id: fresh } = await stripe.accounts.create(express)
  const ready = await onboarded(s)
  const send = (destination: string, idempotencyKey?: string): Promise<Stripe.Transfer> =>
    stripe.transfers.create({ amount: 700, currency: 'usd', destination }, idempotencyKey ? { idempotencyKey } : {})
  await assert.rejects(send(fresh), (error) => {
    assert.ok(error instanceof Stripe.errors.StripeInvalidRequestError)
    assert.deepEqual([error.statusCode, error.code], [400, 'insufficient_capabilities_for_transfer'])
    return true
  })
  await assert.rejects(send('acct_none'), { code: 'resource_missing', param: 'destination' })

  const restricted = await controls.restrict(ready)
  assert.deepEqual([restricted.payouts_enabled, restricted.details_submitted], [false, true])
  await assert.rejects(send(ready), { code: 'insufficient_capabilities_for_transfer' })
  await controls.restrict(ready, false)
  await controls.fault('transfer_refused', {}, { match: { destination: ready } })
  await assert.rejects(send(ready, 'k'), { code: 'balance_insufficient', statusCode: 400 })
  await assert.rejects(send(ready, 'k'), { code: 'balance_insufficient' })
  assert.equal((await send(ready, 'k2')).amount, 700)
  assert.equal((await stripe.transfers.list()).data.length, 1)
  assert.equal((await eventTypes(stripe)).filter((type) => type === 'account.updated').length, 5)
})

test('a transfer is taken back in parts, never more than was sent', async (t) => {
  const s = await stage(t)
  const { stripe, controls } = s
  const account = await onboarded(s)
  const sent = await stripe.transfers.create({ amount: 700, currency: 'usd', destination: account })
  await controls.fault('reversal_refused', {}, { match: { destination: account } })
  await assert.rejects(stripe.transfers.createReversal(sent.id), { code: 'balance_insufficient' })
  const part = await stripe.transfers.createReversal(sent.id, { amount: 200, metadata: { why: 'dispute' } })
  assert.deepEqual([part.amount, part.transfer, part.metadata], [200, sent.id, { why: 'dispute' }])
  await assert.rejects(stripe.transfers.createReversal(sent.id, { amount: 501 }), { param: 'amount' })
  const races = await Promise.allSettled([1, 2, 3].map(() => stripe.transfers.createReversal(sent.id)))
  assert.equal(races.filter(({ status }) => status === 'fulfilled').length, 1)
  const after = await stripe.transfers.retrieve(sent.id)
  assert.deepEqual([after.amount_reversed, after.reversed, after.reversals.data.length], [700, true, 2])
  const { data: reversals } = await stripe.transfers.listReversals(sent.id)
  assert.deepEqual(
    reversals.map(({ amount }) => amount),
    [500, 200],
  )
  assert.equal((await stripe.balance.retrieve()).available[0]?.amount, 0)
  const { data: back } = await stripe.balanceTransactions.list({ type: 'transfer_refund' })
  assert.deepEqual(
    back.map(({ amount }) => amount),
    [500, 200],
  )
})

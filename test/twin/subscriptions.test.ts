import assert from 'node:assert/strict'
import { test } from 'node:test'
import type Stripe from 'stripe'
import { monthsAfter } from '../../src/edges/twin/objects/subscription-shape.ts'
import { eventTypes, pageOf, type Stage, stage, start, submit, until } from './stage.ts'

const day = 24 * 60 * 60

const plan: Stripe.Checkout.SessionCreateParams = {
  mode: 'subscription',
  line_items: [
    {
      quantity: 1,
      price_data: {
        currency: 'usd',
        unit_amount: 2_900,
        recurring: { interval: 'month' },
        product_data: { name: 'Starter plan' },
      },
    },
  ],
  success_url: 'http://market.test/plan?session={CHECKOUT_SESSION_ID}',
  cancel_url: 'http://market.test/plan',
}

/** Ada subscribes on the checkout's page. */
async function subscribed(s: Stage): Promise<{ customer: string; session: Stripe.Checkout.Session; id: string }> {
  const { id: customer } = await s.stripe.customers.create({ email: 'ada@example.com' })
  const metadata = { user: 'u1', tier: 'starter' }
  const opened = await s.stripe.checkout.sessions.create({
    ...plan,
    customer,
    metadata,
    subscription_data: { metadata },
  })
  assert.equal((await submit(pageOf(s.twin, opened.id))).status, 303)
  const session = await s.stripe.checkout.sessions.retrieve(opened.id)
  return { customer, session, id: String(session.subscription) }
}

const periodOf = (subscription: Stripe.Subscription): [number, number] => {
  const { current_period_start, current_period_end } = subscription.items.data[0]!
  return [current_period_start, current_period_end]
}

test('Ada subscribes on the page: a subscription, its paid invoice, and the events an inbox waits for', async (t) => {
  const s = await stage(t)
  const { stripe } = s
  const { customer, session, id } = await subscribed(s)
  assert.deepEqual([session.status, session.payment_status, session.payment_intent], ['complete', 'paid', null])
  const receipt = await (await fetch(pageOf(s.twin, session.id))).text()
  assert.ok(receipt.includes('You are subscribed') && receipt.includes(id))

  const subscription = await stripe.subscriptions.retrieve(id, { expand: ['latest_invoice.payments'] })
  assert.deepEqual([subscription.status, subscription.customer], ['active', customer])
  assert.deepEqual(subscription.metadata, { user: 'u1', tier: 'starter' })
  const [from, to] = periodOf(subscription)
  assert.equal(to, monthsAfter(from, 1))
  assert.equal(subscription.items.data[0]?.price.unit_amount, 2_900)

  const invoice = subscription.latest_invoice as Stripe.Invoice
  assert.equal(invoice.id, session.invoice)
  assert.deepEqual(
    [invoice.status, invoice.amount_paid, invoice.billing_reason, invoice.attempt_count],
    ['paid', 2_900, 'subscription_create', 1],
  )
  assert.equal(invoice.parent?.subscription_details?.subscription, id)
  assert.deepEqual(invoice.parent?.subscription_details?.metadata, { user: 'u1', tier: 'starter' })
  const line = invoice.lines.data[0]!
  assert.deepEqual([line.amount, line.period], [2_900, { start: from, end: to }])
  const price = await stripe.prices.retrieve(String(line.pricing?.price_details?.price), { expand: ['product'] })
  assert.equal((price.product as Stripe.Product).name, 'Starter plan')

  const intent = invoice.payments!.data[0]!.payment.payment_intent as string
  const { data: payments } = await stripe.invoicePayments.list({
    payment: { type: 'payment_intent', payment_intent: intent },
  })
  assert.deepEqual([payments.length, payments[0]?.invoice, payments[0]?.status], [1, invoice.id, 'paid'])
  const { data: charges } = await stripe.charges.list({ payment_intent: intent, expand: ['data.balance_transaction'] })
  assert.equal((charges[0]!.balance_transaction as Stripe.BalanceTransaction).net, 2_900 - 114)
  assert.deepEqual(await eventTypes(stripe), [
    'customer.created',
    'payment_method.attached',
    'customer.subscription.created',
    'invoice.created',
    'invoice.finalized',
    'payment_intent.created',
    'charge.succeeded',
    'payment_intent.succeeded',
    'invoice.paid',
    'invoice.payment_succeeded',
    'customer.subscription.updated',
    'checkout.session.completed',
  ])
})

test('each month is billed once, however far the clock moves at once', async (t) => {
  const s = await stage(t)
  const { stripe, controls } = s
  const { id, customer } = await subscribed(s)
  const began = periodOf(await stripe.subscriptions.retrieve(id))[0]
  await controls.advance(monthsAfter(began, 3) - began + 60)
  await until(
    'four invoices are paid',
    async () => (await stripe.invoices.list({ subscription: id, status: 'paid' })).data.length === 4,
  )
  const { data: invoices } = await stripe.invoices.list({ customer })
  assert.deepEqual(
    invoices.map((invoice) => [invoice.billing_reason, invoice.lines.data[0]?.period.start, invoice.created]),
    [3, 2, 1, 0].map((month) => [
      month ? 'subscription_cycle' : 'subscription_create',
      monthsAfter(began, month),
      monthsAfter(began, month),
    ]),
  )
  assert.deepEqual(periodOf(await stripe.subscriptions.retrieve(id)), [monthsAfter(began, 3), monthsAfter(began, 4)])
  assert.equal((await stripe.charges.list({ customer })).data.length, 4)
  assert.equal((await stripe.events.list({ type: 'invoice.paid' })).data.length, 4)
})

test('two twins on one database bill a month once', async (t) => {
  const s = await stage(t)
  const { id } = await subscribed(s)
  await s.restart()
  const second = await start(s.databaseUrl, s.receiver)
  t.after(() => second.close())
  await s.controls.advance(32 * day)
  const invoices = async (): Promise<number> => (await s.stripe.invoices.list({ subscription: id })).data.length
  await until('the second invoice', async () => (await invoices()) === 2)
  await new Promise((resolve) => setTimeout(resolve, 600))
  assert.equal(await invoices(), 2)
})

test('a renewal that fails is tried again; paid late it goes on, never paid it ends', async (t) => {
  const s = await stage(t)
  const { stripe, controls } = s
  const { id, customer } = await subscribed(s)
  const began = periodOf(await stripe.subscriptions.retrieve(id))[0]
  const status = async (): Promise<string> => (await stripe.subscriptions.retrieve(id)).status
  await controls.fault('card_declined', {}, { match: { customer } })
  await controls.advance(monthsAfter(began, 1) - began + 60)
  await until('it is past due', async () => (await status()) === 'past_due')
  const { data: open } = await stripe.invoices.list({ subscription: id, status: 'open' })
  assert.deepEqual([open.length, open[0]?.attempt_count], [1, 1])
  assert.equal(open[0]?.next_payment_attempt, monthsAfter(began, 1) + 3 * day)
  await controls.advance(3 * day)
  await until('it is paid at the second try', async () => (await status()) === 'active')
  assert.equal((await stripe.invoices.retrieve(open[0]!.id!)).attempt_count, 2)

  await controls.fault('card_declined', {}, { times: 4, match: { customer } })
  await controls.advance(42 * day)
  await until('it has ended', async () => (await status()) === 'canceled')
  assert.equal((await stripe.subscriptions.retrieve(id)).cancellation_details?.reason, 'payment_failed')
  assert.equal((await stripe.events.list({ type: 'invoice.payment_failed' })).data.length, 5)
  assert.equal((await stripe.events.list({ type: 'customer.subscription.deleted' })).data.length, 1)
  assert.deepEqual((await stripe.subscriptions.list({ customer })).data, [])
  assert.equal((await stripe.subscriptions.list({ customer, status: 'all' })).data.length, 1)
})

test('a subscription ends at once, or with its period; a removed card is a failed payment', async (t) => {
  const s = await stage(t)
  const { stripe, controls } = s
  const [now, later, cardless] = [await subscribed(s), await subscribed(s), await subscribed(s)]
  assert.equal((await stripe.subscriptions.cancel(now.id)).status, 'canceled')
  await assert.rejects(stripe.subscriptions.cancel(now.id), { statusCode: 404, code: 'resource_missing' })

  const ending = await stripe.subscriptions.update(later.id, { cancel_at_period_end: true })
  assert.deepEqual([ending.status, ending.cancel_at], ['active', periodOf(ending)[1]])
  const stays = await stripe.subscriptions.update(later.id, { cancel_at_period_end: false, metadata: { tier: 'pro' } })
  assert.deepEqual([stays.cancel_at, stays.metadata], [null, { user: 'u1', tier: 'pro' }])
  await stripe.subscriptions.update(later.id, { cancel_at_period_end: true })

  const { default_payment_method: card } = await stripe.subscriptions.retrieve(cardless.id)
  await stripe.paymentMethods.detach(String(card))
  await controls.advance(32 * day)
  const status = async (id: string): Promise<string> => (await stripe.subscriptions.retrieve(id)).status
  await until('the period is over', async () => (await status(later.id)) === 'canceled')
  await until('there is no card', async () => (await status(cardless.id)) === 'past_due')
  assert.equal((await stripe.invoices.list({ subscription: later.id })).data.length, 1)
  assert.equal((await stripe.charges.list({ customer: cardless.customer })).data.length, 1)
})

test('a plan of the catalogue is found by its key and sold monthly only', async (t) => {
  const s = await stage(t)
  const { stripe } = s
  const product = await stripe.products.create({ name: 'Pro plan' })
  const monthly = { currency: 'usd', unit_amount: 9_900, recurring: { interval: 'month' } } as const
  const price = await stripe.prices.create({ ...monthly, product: product.id, lookup_key: 'pro' })
  assert.deepEqual((await stripe.prices.list({ lookup_keys: ['pro', 'team'] })).data[0]?.id, price.id)
  const line_items = [{ price: price.id, quantity: 1 }]
  await assert.rejects(stripe.checkout.sessions.create({ ...plan, mode: 'payment', line_items }), {
    param: 'line_items',
  })
  const once = await stripe.prices.create({ currency: 'usd', unit_amount: 500, product_data: { name: 'Once' } })
  const wrong = { ...plan, line_items: [{ price: once.id, quantity: 1 }] }
  await assert.rejects(stripe.checkout.sessions.create(wrong), { param: 'line_items' })
  await assert.rejects(
    stripe.checkout.sessions.create({ ...plan, line_items: [{ price: 'price_none', quantity: 1 }] }),
    {
      code: 'resource_missing',
    },
  )
  await assert.rejects(stripe.prices.create({ ...monthly }), /product_data/)

  const session = await stripe.checkout.sessions.create({ ...plan, line_items, customer_email: 'eve@example.com' })
  const markup = await (await fetch(pageOf(s.twin, session.id))).text()
  for (const text of ['Subscribe', '$99.00', 'a month', 'Pro plan']) assert.ok(markup.includes(text), text)
  await s.controls.fault('card_declined')
  assert.equal((await submit(pageOf(s.twin, session.id))).status, 402)
  assert.equal((await submit(pageOf(s.twin, session.id))).status, 303)
  const paid = await stripe.checkout.sessions.retrieve(session.id, { expand: ['customer', 'subscription'] })
  assert.equal((paid.customer as Stripe.Customer).email, 'eve@example.com', 'whoever subscribes becomes a customer')
  assert.equal((paid.subscription as Stripe.Subscription).items.data[0]?.price.id, price.id)
})

test('a month after the 31st is the last of the next month, and then the 31st again', () => {
  const seconds = (date: string): number => Date.parse(date) / 1_000
  const anchor = seconds('2027-01-31T10:00:00Z')
  assert.deepEqual(
    [1, 2, 3, 12].map((months) => new Date(monthsAfter(anchor, months) * 1_000).toISOString().slice(0, 10)),
    ['2027-02-28', '2027-03-31', '2027-04-30', '2028-01-31'],
  )
})

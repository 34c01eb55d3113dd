import assert from 'node:assert/strict'
import { test } from 'node:test'
import type Stripe from 'stripe'
import { advance, pageOf, stage, submit, topUp, until } from './stage.ts'

test('Ada tops up $20: a session, its page, one payment with its fee, and the webhooks in order', async (t) => {
  const { stripe, twin, receiver } = await stage(t)
  const ada = await stripe.customers.create({ email: 'ada@example.com', name: 'Ada', metadata: { user_id: 'u1' } })
  assert.match(ada.id, /^cus_\w{14}$/)

  const more = {
    customer: ada.id,
    client_reference_id: 'intent-1',
    metadata: { intent: '1' },
    payment_intent_data: { metadata: { intent: '1', kind: 'topup' } },
  }
  const session = await stripe.checkout.sessions.create(topUp(2_000, more))
  assert.match(session.id, /^cs_test_\w{58}$/)
  assert.equal(session.url, `http://market.test/twin/checkout/${session.id}`)
  assert.deepEqual(
    [session.status, session.payment_status, session.amount_total, session.payment_intent],
    ['open', 'unpaid', 2_000, null],
  )
  assert.equal(session.expires_at - session.created, 86_400)
  assert.deepEqual([session.client_reference_id, session.metadata], ['intent-1', { intent: '1' }])

  const page = await fetch(pageOf(twin, session.id))
  const markup = await page.text()
  assert.equal(page.status, 200)
  for (const text of [
    'TEST MODE',
    'Play money',
    'Pay $20.00',
    'Wallet top-up',
    'ada@example.com',
    'href="http://market.test/wallet"',
  ]) {
    assert.ok(markup.includes(text), `the page says ${text}`)
  }

  const paid = await submit(pageOf(twin, session.id))
  assert.equal(paid.status, 303)
  assert.equal(paid.headers.get('location'), `http://market.test/wallet?paid=${session.id}`)

  const after = await stripe.checkout.sessions.retrieve(session.id)
  assert.deepEqual([after.status, after.payment_status, after.url], ['complete', 'paid', null])
  const intent = await stripe.paymentIntents.retrieve(String(after.payment_intent), {
    expand: ['latest_charge.balance_transaction'],
  })
  assert.match(intent.id, /^pi_\w{24}$/)
  assert.deepEqual([intent.status, intent.amount, intent.amount_received], ['succeeded', 2_000, 2_000])
  assert.deepEqual([intent.customer, intent.metadata], [ada.id, { intent: '1', kind: 'topup' }])
  const charge = intent.latest_charge as Stripe.Charge
  assert.match(charge.id, /^ch_/)
  assert.deepEqual([charge.paid, charge.payment_intent], [true, intent.id])
  const booking = charge.balance_transaction as Stripe.BalanceTransaction
  assert.match(booking.id, /^txn_/)
  assert.deepEqual([booking.amount, booking.fee, booking.net, booking.source], [2_000, 88, 1_912, charge.id])

  await until('five webhooks', () => receiver.arrivals.length === 5)
  const types = receiver.arrivals.map((arrival) => arrival.event.type)
  assert.deepEqual(types, [
    'customer.created',
    'payment_intent.created',
    'charge.succeeded',
    'payment_intent.succeeded',
    'checkout.session.completed',
  ])
})

test('a page shows what became of its session, and paying twice changes nothing', async (t) => {
  const { stripe, twin } = await stage(t)
  const session = await stripe.checkout.sessions.create(topUp(500))
  await submit(pageOf(twin, session.id))
  const again = await submit(pageOf(twin, session.id))
  assert.equal(again.status, 303)
  assert.equal(again.headers.get('location'), `http://market.test/wallet?paid=${session.id}`)
  assert.equal((await stripe.charges.list()).data.length, 1)

  const receipt = await (await fetch(pageOf(twin, session.id))).text()
  assert.ok(receipt.includes('$5.00 paid'))
  assert.ok(receipt.includes(`href="http://market.test/wallet?paid=${session.id}"`))
  assert.ok(!receipt.includes('<form'), 'there is nothing left to submit')

  for (const response of [await fetch(pageOf(twin, 'cs_test_none')), await submit(pageOf(twin, 'cs_test_none'))]) {
    assert.equal(response.status, 404)
    assert.ok((await response.text()).includes('no such page'))
  }
})

test('twenty POSTs at once pay once', async (t) => {
  const { stripe, twin, receiver, pool } = await stage(t)
  const session = await stripe.checkout.sessions.create(topUp(1_000))
  const answers = await Promise.all(Array.from({ length: 20 }, () => submit(pageOf(twin, session.id))))
  assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([303]))
  const kinds = await pool.query(
    `select kind, count(*)::int as count from stripe_twin.object where kind not in ('event', 'payment_method') group by kind order by kind`,
  )
  assert.deepEqual(kinds.rows, [
    { kind: 'balance_transaction', count: 1 },
    { kind: 'charge', count: 1 },
    { kind: 'checkout.session', count: 1 },
    { kind: 'payment_intent', count: 1 },
  ])
  await until('the completion', () =>
    receiver.arrivals.some((arrival) => arrival.event.type === 'checkout.session.completed'),
  )
  const completed = await stripe.events.list({ type: 'checkout.session.completed' })
  assert.equal(completed.data.length, 1)
})

test('paying and expiring race: one of them wins, and money moves only if it is the payer', async (t) => {
  const { stripe, twin } = await stage(t)
  for (let round = 0; round < 8; round += 1) {
    const session = await stripe.checkout.sessions.create(topUp(1_000))
    const expiring = stripe.checkout.sessions.expire(session.id).then(
      () => 'expired',
      () => 'refused',
    )
    const [expired, paid] = await Promise.all([expiring, submit(pageOf(twin, session.id))])
    assert.equal(paid.status, expired === 'expired' ? 410 : 303)
    const intents = await stripe.checkout.sessions.retrieve(session.id)
    assert.equal(intents.payment_intent === null, expired === 'expired')
  }
})

test('a session ends after 24 hours, or when told to, and then it cannot be paid', async (t) => {
  const { stripe, twin, pool, receiver } = await stage(t)
  const told = await stripe.checkout.sessions.create(topUp(1_000))
  assert.equal((await stripe.checkout.sessions.expire(told.id)).status, 'expired')
  await assert.rejects(stripe.checkout.sessions.expire(told.id), /status of `expired`/)

  const overdue = await stripe.checkout.sessions.create(topUp(1_000))
  await advance(pool, '23 hours 59 minutes')
  assert.equal((await fetch(pageOf(twin, overdue.id))).status, 200)
  await advance(pool, '2 minutes')
  const late = await submit(pageOf(twin, overdue.id))
  assert.equal(late.status, 410)
  assert.ok((await late.text()).includes('has expired'))
  const after = await stripe.checkout.sessions.retrieve(overdue.id)
  assert.deepEqual(
    [after.status, after.payment_status, after.url, after.payment_intent],
    ['expired', 'unpaid', null, null],
  )
  await until('two expiries', () => receiver.arrivals.length === 2)
  assert.deepEqual(
    receiver.arrivals.map(({ event }) => [event.type, (event.data.object as { id: string }).id]),
    [
      ['checkout.session.expired', told.id],
      ['checkout.session.expired', overdue.id],
    ],
  )
})

test('sessions are found by customer, by payment intent and by status', async (t) => {
  const { stripe, twin } = await stage(t)
  const [ada, bob] = [await stripe.customers.create(), await stripe.customers.create()]
  const paid = await stripe.checkout.sessions.create(topUp(1_000, { customer: ada.id }))
  const open = await stripe.checkout.sessions.create(topUp(1_000, { customer: ada.id }))
  await stripe.checkout.sessions.create(topUp(1_000, { customer: bob.id }))
  await submit(pageOf(twin, paid.id))
  const { payment_intent } = await stripe.checkout.sessions.retrieve(paid.id)
  const ids = async (params: Stripe.Checkout.SessionListParams): Promise<string[]> =>
    (await stripe.checkout.sessions.list(params)).data.map((session) => session.id)
  assert.deepEqual(await ids({ customer: ada.id }), [open.id, paid.id])
  assert.deepEqual(await ids({ customer: ada.id, status: 'open' }), [open.id])
  assert.deepEqual(await ids({ payment_intent: String(payment_intent) }), [paid.id])
  const lines = await stripe.checkout.sessions.retrieve(paid.id, { expand: ['line_items', 'customer'] })
  assert.deepEqual(
    lines.line_items?.data.map((line) => [
      line.description,
      line.quantity,
      line.amount_total,
      String(line.price?.unit_amount_decimal),
    ]),
    [['Wallet top-up', 1, 1_000, '1000']],
  )
  assert.equal((lines.customer as Stripe.Customer).id, ada.id)
})

test('text from outside stays text on the page, and its policy allows no script', async (t) => {
  const { stripe, twin } = await stage(t)
  const evil = `</style><script>alert("1")</script>'&`
  const session = await stripe.checkout.sessions.create(
    topUp(1_000, {
      line_items: [{ quantity: 2, price_data: { currency: 'usd', unit_amount: 500, product_data: { name: evil } } }],
      success_url: 'https://shop.test/done?a="><script>',
      cancel_url: 'https://shop.test/"onmouseover="alert(1)',
      customer_email: '<b>@example.com',
    }),
  )
  const page = await fetch(pageOf(twin, session.id))
  const markup = await page.text()
  assert.ok(!markup.includes('<script'))
  assert.ok(!markup.includes('<b>@'))
  assert.ok(markup.includes('&lt;/style&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;'))
  assert.ok(markup.includes('href="https://shop.test/&quot;onmouseover=&quot;alert(1)"'))
  const policy = page.headers.get('content-security-policy') ?? ''
  assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self' https:\/\/shop\.test;/)
  assert.equal(page.headers.get('x-content-type-options'), 'nosniff')
  const paid = await submit(pageOf(twin, session.id))
  assert.equal(paid.headers.get('location'), 'https://shop.test/done?a=%22%3E%3Cscript%3E')
  assert.ok(!(await (await fetch(pageOf(twin, session.id))).text()).includes('<script'))

  for (const success_url of ['javascript:alert(1)', '/wallet', 'https://a.test/\r\nx: y', 'http://']) {
    await assert.rejects(stripe.checkout.sessions.create(topUp(1_000, { success_url })), {
      code: 'url_invalid',
      param: 'success_url',
    })
  }
})

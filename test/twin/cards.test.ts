import assert from 'node:assert/strict'
import { test } from 'node:test'
import Stripe from 'stripe'
import { charge, eventTypes, stage, submit, withSavedCard } from './stage.ts'

test('a card is kept by submitting its form, once, and becomes what the customer pays with', async (t) => {
  const { stripe, twin } = await stage(t)
  const ada = await stripe.customers.create({ email: 'ada@example.com' })
  const intent = await stripe.setupIntents.create({ customer: ada.id, usage: 'off_session', metadata: { user: 'u1' } })
  assert.match(intent.client_secret ?? '', new RegExp(`^${intent.id}_secret_\\w{24}$`))
  assert.deepEqual(
    [intent.status, intent.usage, intent.payment_method],
    ['requires_payment_method', 'off_session', null],
  )

  const form = `${twin.url}/twin/setup/${intent.client_secret}`
  const markup = await (await fetch(form)).text()
  assert.ok(markup.includes('Save card') && markup.includes('TEST MODE') && markup.includes('<form'))
  const done = await submit(form)
  assert.deepEqual(
    [done.status, done.headers.get('location')],
    [303, `http://market.test/twin/setup/${intent.client_secret}`],
  )
  await submit(form)
  assert.ok((await (await fetch(form)).text()).includes('Your card is saved'))

  const { data: cards } = await stripe.customers.listPaymentMethods(ada.id, { type: 'card' })
  assert.equal(cards.length, 1, 'entering it twice keeps one card')
  const card = cards[0]!
  assert.deepEqual([card.customer, card.card?.brand, card.card?.last4], [ada.id, 'visa', '4242'])
  assert.equal((await stripe.paymentMethods.list({ customer: ada.id })).data[0]?.id, card.id)
  const after = await stripe.setupIntents.retrieve(intent.id, { expand: ['payment_method'] })
  assert.equal(after.status, 'succeeded')
  assert.equal((after.payment_method as Stripe.PaymentMethod).id, card.id)

  await stripe.customers.update(ada.id, { invoice_settings: { default_payment_method: card.id } })
  const expand = ['invoice_settings.default_payment_method']
  const owner = (await stripe.customers.retrieve(ada.id, { expand })) as Stripe.Customer
  assert.equal((owner.invoice_settings.default_payment_method as Stripe.PaymentMethod).id, card.id)

  await stripe.paymentMethods.detach(card.id)
  assert.equal((await stripe.paymentMethods.list({ customer: ada.id })).data.length, 0)
  const left = (await stripe.customers.retrieve(ada.id)) as Stripe.Customer
  assert.equal(left.invoice_settings.default_payment_method, null)
  await assert.rejects(stripe.paymentMethods.detach(card.id), { code: 'payment_method_unexpected_state' })
  assert.deepEqual(await eventTypes(stripe), [
    'customer.created',
    'setup_intent.created',
    'payment_method.attached',
    'setup_intent.succeeded',
    'customer.updated',
    'payment_method.detached',
  ])
})

test('a form leads back to the market only, and a secret that fits nothing opens nothing', async (t) => {
  const { stripe, twin } = await stage(t)
  const { id: customer } = await stripe.customers.create()
  const intent = await stripe.setupIntents.create({ customer })
  const form = `${twin.url}/twin/setup/${intent.client_secret}`
  for (const wrong of [intent.id, `${intent.id}_secret_x`, 'seti_none', 'x'])
    assert.equal((await submit(`${twin.url}/twin/setup/${wrong}`)).status, 404)
  const away = await fetch(`${form}?return_url=https://elsewhere.test/`)
  assert.ok(!(await away.text()).includes('elsewhere'))
  const back = `${form}?return_url=http://market.test/wallet`
  assert.match(
    (await fetch(back)).headers.get('content-security-policy') ?? '',
    /form-action 'self' http:\/\/market.test;/,
  )
  assert.equal((await submit(back)).headers.get('location'), 'http://market.test/wallet')
})

test('a saved card is charged with nobody there, with its fee, under one key once', async (t) => {
  const s = await stage(t)
  const saved = await withSavedCard(s)
  const more = { metadata: { topup: '1' }, transfer_group: 'job:1', description: 'Auto top-up' }
  const options = { idempotencyKey: 'intent-1' }
  const paid = await charge(s.stripe, saved, 2_000, { ...more, expand: ['latest_charge.balance_transaction'] }, options)
  assert.deepEqual([paid.status, paid.amount_received, paid.payment_method], ['succeeded', 2_000, saved.card])
  const taken = paid.latest_charge as Stripe.Charge
  assert.deepEqual([taken.customer, taken.transfer_group, taken.metadata], [saved.customer, 'job:1', { topup: '1' }])
  const booking = taken.balance_transaction as Stripe.BalanceTransaction
  assert.deepEqual([booking.type, booking.amount, booking.fee, booking.net], ['charge', 2_000, 88, 1_912])
  const again = await charge(
    s.stripe,
    saved,
    2_000,
    { ...more, expand: ['latest_charge.balance_transaction'] },
    options,
  )
  assert.equal(again.id, paid.id)
  const { data: charges } = await s.stripe.charges.list({ customer: saved.customer })
  assert.deepEqual(
    charges.map(({ id }) => id),
    [taken.id],
  )
  assert.deepEqual((await s.stripe.charges.list({ transfer_group: 'job:1' })).data.length, 1)
  const balance = await s.stripe.balance.retrieve()
  assert.equal(balance.available[0]?.amount, 1_912)
})

test('a declined card is a card error that leaves an unpaid intent behind, and the same key says so again', async (t) => {
  const s = await stage(t)
  const saved = await withSavedCard(s)
  await s.controls.fault(
    'card_declined',
    { decline_code: 'insufficient_funds' },
    { match: { customer: saved.customer } },
  )
  const tried = async (): Promise<Stripe.errors.StripeCardError> => {
    try {
      await charge(s.stripe, saved, 2_000, {}, { idempotencyKey: 'k' })
    } catch (error) {
      assert.ok(error instanceof Stripe.errors.StripeCardError, String(error))
      return error
    }
    throw new Error('the card was not declined')
  }
  const error = await tried()
  assert.deepEqual(
    [error.statusCode, error.code, error.decline_code, error.message],
    [402, 'card_declined', 'insufficient_funds', 'Your card has insufficient funds.'],
  )
  const intent = await s.stripe.paymentIntents.retrieve(error.payment_intent!.id, { expand: ['latest_charge'] })
  assert.deepEqual(
    [intent.status, intent.last_payment_error?.decline_code],
    ['requires_payment_method', 'insufficient_funds'],
  )
  const failed = intent.latest_charge as Stripe.Charge
  assert.deepEqual(
    [failed.status, failed.paid, failed.balance_transaction, failed.id],
    ['failed', false, null, error.charge],
  )
  assert.equal((await tried()).payment_intent!.id, intent.id, 'the answer is kept with its key')
  assert.equal((await s.stripe.balance.retrieve()).available[0]?.amount, 0)
  assert.deepEqual((await eventTypes(s.stripe)).slice(-3), [
    'payment_intent.created',
    'charge.failed',
    'payment_intent.payment_failed',
  ])
  const next = await charge(s.stripe, saved, 2_000, {}, { idempotencyKey: 'k2' })
  assert.equal(next.status, 'succeeded', 'the fault struck once')
})

test('a payment intent is paid on its page by whoever holds the secret, or cancelled', async (t) => {
  const { stripe, twin, controls } = await stage(t)
  const more = { metadata: { milestone: 'm1' }, automatic_payment_methods: { enabled: true } }
  const intent = await stripe.paymentIntents.create({ amount: 5_000, currency: 'usd', description: 'Logo', ...more })
  assert.equal(intent.status, 'requires_payment_method')
  const page = `${twin.url}/twin/pay/${intent.client_secret}`
  assert.ok((await (await fetch(page)).text()).includes('Pay $50.00'))
  await controls.fault('card_declined')
  const refused = await submit(page)
  assert.equal(refused.status, 402)
  assert.ok((await refused.text()).includes('Your card was declined.'))
  const answers = await Promise.all(Array.from({ length: 5 }, () => submit(page)))
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([303]))
  assert.ok((await (await fetch(page)).text()).includes('$50.00 paid'))
  const paid = await stripe.paymentIntents.retrieve(intent.id)
  assert.deepEqual([paid.status, paid.metadata], ['succeeded', { milestone: 'm1' }])
  const { data: charges } = await stripe.charges.list({ payment_intent: intent.id })
  assert.deepEqual(
    charges.map(({ status }) => status),
    ['succeeded', 'failed'],
  )
  await assert.rejects(stripe.paymentIntents.cancel(intent.id), { code: 'payment_intent_unexpected_state' })

  const other = await stripe.paymentIntents.create({ amount: 5_000, currency: 'usd' })
  const canceled = await stripe.paymentIntents.cancel(other.id, { cancellation_reason: 'abandoned' })
  assert.deepEqual([canceled.status, canceled.cancellation_reason], ['canceled', 'abandoned'])
  assert.equal((await submit(`${twin.url}/twin/pay/${other.client_secret}`)).status, 410)
})

test('what a payment must not be is refused in words', async (t) => {
  const s = await stage(t)
  const saved = await withSavedCard(s)
  const { id: bob } = await s.stripe.customers.create()
  const refused = (made: Promise<unknown>, wanted: object): Promise<void> => assert.rejects(made, wanted)
  await refused(charge(s.stripe, saved, 49), { code: 'amount_too_small', param: 'amount' })
  await refused(charge(s.stripe, { ...saved, customer: bob }, 500), {
    type: 'StripeInvalidRequestError',
    statusCode: 400,
  })
  await refused(charge(s.stripe, { ...saved, card: 'pm_none' }, 500), {
    code: 'resource_missing',
    param: 'payment_method',
  })
  await refused(charge(s.stripe, { ...saved, customer: 'cus_none' }, 500), {
    code: 'resource_missing',
    param: 'customer',
  })
  await refused(s.stripe.paymentIntents.create({ amount: 500, currency: 'usd', confirm: true }), {
    code: 'payment_intent_unexpected_state',
  })
  await refused(s.stripe.paymentMethods.attach(saved.card, { customer: bob }), {
    code: 'payment_method_unexpected_state',
  })
  await refused(s.stripe.customers.update(bob, { invoice_settings: { default_payment_method: saved.card } }), {
    code: 'resource_missing',
  })
})

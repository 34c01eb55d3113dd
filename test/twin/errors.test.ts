import assert from 'node:assert/strict'
import { test } from 'node:test'
import Stripe from 'stripe'
import { sdk, stage, topUp } from './stage.ts'

interface Sent {
  readonly status: number
  readonly requestId: string | null
  readonly error: { readonly type: string; readonly code?: string; readonly param?: string; readonly message: string }
}

test('every refusal has a status, a type, a code and the parameter at fault', async (t) => {
  const { twin } = await stage(t)
  async function send(line: string, body?: string, headers: Record<string, string> = {}): Promise<Sent> {
    const [method = '', path = ''] = line.split(' ')
    const response = await fetch(`${twin.url}${path}`, {
      method,
      headers: { authorization: 'Bearer sk_test_x', 'content-type': 'application/x-www-form-urlencoded', ...headers },
      ...(body === undefined ? {} : { body }),
    })
    const { error } = (await response.json()) as { error: Sent['error'] }
    return { status: response.status, requestId: response.headers.get('request-id'), error }
  }
  const line =
    'line_items[0][quantity]=1&line_items[0][price_data][currency]=usd&line_items[0][price_data][product_data][name]=x'
  const session = `mode=payment&success_url=http://a.test&${line}`
  const amount = 'line_items[0][price_data][unit_amount]'
  const cases: readonly (readonly [string, string | undefined, number, string | undefined, string | undefined])[] = [
    ['GET /v1/customers/cus_none', undefined, 404, 'resource_missing', 'id'],
    ['GET /v1/payment_intents/pi_none', undefined, 404, 'resource_missing', 'id'],
    ['GET /v1/checkout/sessions/cs_none', undefined, 404, 'resource_missing', 'id'],
    ['POST /v1/checkout/sessions/cs_none/expire', '', 404, 'resource_missing', 'id'],
    ['GET /v1/nothing', undefined, 404, undefined, undefined],
    ['DELETE /v1/customers/cus_none', undefined, 404, undefined, undefined],
    ['POST /v1/customers', 'nmae=Ada', 400, 'parameter_unknown', 'nmae'],
    ['POST /v1/customers', 'email=nobody', 400, 'email_invalid', 'email'],
    ['POST /v1/customers', 'name[first]=Ada', 400, undefined, 'name'],
    ['POST /v1/customers', 'metadata=x', 400, undefined, 'metadata'],
    ['POST /v1/customers', `metadata[a]=${'x'.repeat(501)}`, 400, undefined, 'metadata'],
    ['POST /v1/customers', 'a[b=1', 400, undefined, undefined],
    ['POST /v1/customers', 'name=a%00b', 400, undefined, undefined],
    ['GET /v1/customers/cus_%00', undefined, 400, undefined, undefined],
    ['GET /v1/customers?email=%00', undefined, 400, undefined, undefined],
    ['POST /v1/customers', '__proto__[polluted]=1', 400, undefined, undefined],
    ['POST /v1/checkout/sessions', '', 400, 'parameter_missing', 'mode'],
    ['POST /v1/checkout/sessions', 'mode=lottery', 400, undefined, 'mode'],
    ['POST /v1/checkout/sessions', session, 400, 'parameter_missing', amount],
    ['POST /v1/checkout/sessions', `${session}&${amount}=5.5`, 400, 'parameter_invalid_integer', amount],
    ['POST /v1/checkout/sessions', `${session}&${amount}=-5`, 400, 'parameter_invalid_integer', amount],
    ['POST /v1/checkout/sessions', `${session}&${amount}=`, 400, 'parameter_invalid_integer', amount],
    ['POST /v1/checkout/sessions', `${session}&${amount}=1e3`, 400, 'parameter_invalid_integer', amount],
    ['POST /v1/checkout/sessions', `${session}&${amount}=49`, 400, 'amount_too_small', 'line_items'],
    [
      'POST /v1/checkout/sessions',
      `${session}&${amount}=900&client_reference_id=`,
      400,
      'parameter_invalid_empty',
      'client_reference_id',
    ],
    ['POST /v1/checkout/sessions', `${session}&${amount}=900&customer=cus_none`, 400, 'resource_missing', 'customer'],
    ['POST /v1/checkout/sessions', `${session}&${amount}=900&expires_at=5`, 400, undefined, 'expires_at'],
    ['POST /v1/checkout/sessions', `${session}&${amount}=900&expand[]=nothing`, 400, undefined, 'expand[0]'],
    ['GET /v1/customers?limit=0', undefined, 400, 'parameter_invalid_integer', 'limit'],
    ['GET /v1/customers?limit=101', undefined, 400, 'parameter_invalid_integer', 'limit'],
    ['GET /v1/customers?starting_after=cus_none', undefined, 400, 'resource_missing', 'starting_after'],
    ['GET /v1/customers?expand[]=a.b.c.d.e', undefined, 400, 'property_expansion_max_depth', 'expand'],
  ]
  for (const [request, body, status, code, param] of cases) {
    const { error, ...rest } = await send(request, body)
    assert.deepEqual(
      { request, body, status: rest.status, code: error.code, param: error.param },
      { request, body, status, code, param },
    )
    assert.equal(error.type, 'invalid_request_error')
    assert.ok(error.message.length > 5)
    assert.match(rest.requestId ?? '', /^req_\w{14}$/)
  }
  const json = await send('POST /v1/customers', '{"name":"Ada"}', { 'content-type': 'application/json' })
  assert.deepEqual([json.status, json.error.type], [400, 'invalid_request_error'])
  const huge = await send('POST /v1/customers', `name=${'x'.repeat(1_100_000)}`)
  assert.deepEqual([huge.status, huge.error.type], [413, 'invalid_request_error'])
  const badUrl = await send('GET /v1/customers/%zz')
  assert.deepEqual([badUrl.status, badUrl.error.type], [400, 'invalid_request_error'])
})

test('the SDK turns refusals into its own errors', async (t) => {
  const { stripe } = await stage(t)
  await assert.rejects(stripe.customers.retrieve('cus_none'), (error) => {
    assert.ok(error instanceof Stripe.errors.StripeInvalidRequestError)
    assert.deepEqual(
      [error.code, error.param, error.message],
      ['resource_missing', 'id', "No such customer: 'cus_none'"],
    )
    return true
  })
})

test('only test keys open the door', async (t) => {
  const { twin } = await stage(t)
  for (const key of ['sk_test_anything', 'rk_test_51abc']) await sdk(twin, key).customers.list()
  const refused = Stripe.errors.StripeAuthenticationError
  for (const key of ['sk_live_x', 'pk_test_x', 'nonsense', 'sk_test_'])
    await assert.rejects(sdk(twin, key).customers.list(), refused)
  const none = await fetch(`${twin.url}/v1/customers`)
  assert.equal(none.status, 401)
  assert.equal(none.headers.get('www-authenticate'), 'Bearer realm="Stripe"')
  const basic = `Basic ${Buffer.from('sk_test_x:').toString('base64')}`
  assert.equal((await fetch(`${twin.url}/v1/customers`, { headers: { authorization: basic } })).status, 200)
})

test('customers are changed field by field, and the event says what was before', async (t) => {
  const { stripe } = await stage(t)
  const ada = await stripe.customers.create({ name: 'Ada', email: 'ada@example.com', metadata: { a: '1', b: '2' } })
  const changed = await stripe.customers.update(ada.id, { name: 'Ada L.', email: '', metadata: { a: '', c: '3' } })
  assert.deepEqual([changed.name, changed.email, changed.metadata], ['Ada L.', null, { b: '2', c: '3' }])
  await stripe.customers.update(ada.id, { name: 'Ada L.' })
  const { data } = await stripe.events.list({ types: ['customer.updated'] })
  assert.equal(data.length, 1, 'a change that changes nothing is no event')
  assert.deepEqual(data[0]?.data.previous_attributes, {
    name: 'Ada',
    email: 'ada@example.com',
    metadata: { a: '1', b: '2' },
  })
  assert.deepEqual((await stripe.customers.update(ada.id, { metadata: '' })).metadata, {})
})

test('lists come newest first, in pages, forwards and backwards', async (t) => {
  const { stripe } = await stage(t)
  const ids: string[] = []
  for (let n = 0; n < 7; n += 1) ids.unshift((await stripe.customers.create({ name: `customer ${n}` })).id)
  const first = await stripe.customers.list({ limit: 3 })
  assert.deepEqual([first.object, first.has_more, first.url], ['list', true, '/v1/customers'])
  assert.deepEqual(
    first.data.map(({ id }) => id),
    ids.slice(0, 3),
  )
  const back = await stripe.customers.list({ limit: 2, ending_before: ids[5]! })
  assert.deepEqual(
    back.data.map(({ id }) => id),
    ids.slice(3, 5),
  )
  const all: string[] = []
  for await (const customer of stripe.customers.list({ limit: 2 })) all.push(customer.id)
  assert.deepEqual(all, ids)
  const since = first.data[0]!.created
  assert.equal((await stripe.customers.list({ created: { gt: since + 60 } })).data.length, 0)
  assert.equal((await stripe.customers.list({ created: { lte: since, gte: since - 60 } })).data.length, 7)
})

test('an amount that would not fit is refused, not rounded', async (t) => {
  const { stripe } = await stage(t)
  await assert.rejects(stripe.checkout.sessions.create(topUp(100_000_000)), { code: 'parameter_invalid_integer' })
  const price_data = { currency: 'usd', unit_amount: 99_999_999, product_data: { name: 'x' } }
  await assert.rejects(stripe.checkout.sessions.create(topUp(1, { line_items: [{ quantity: 2, price_data }] })), {
    code: 'amount_too_large',
  })
})

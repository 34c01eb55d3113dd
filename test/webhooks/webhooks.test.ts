import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import test, { type TestContext } from 'node:test'
import { Webhook as Official } from 'standardwebhooks'
import type { Delivery, Webhook } from '../../src/core/webhooks/webhook.ts'
import { verifyWebhook } from '../../src/edges/sdk/client.ts'
import { numbered, type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { answers, type Got, receive } from './receiver.ts'

type Secret = Webhook & { secret: string }

async function open(context: TestContext): Promise<{ market: TestMarket; ada: Person; bob: Person }> {
  const market = await startTestMarket({ env: { ALLOW_PRIVATE_WEBHOOKS: '1' } })
  context.after(() => market.close())
  const people = { ada: await market.person('Ada'), bob: await market.person('Bob') }
  await numbered(market)
  return { market, ...people }
}

async function register(who: Person, url: string, events?: readonly string[]): Promise<Secret> {
  const { status, body } = await who.ask<Secret>('POST', '/api/webhooks', { url, ...(events ? { events } : {}) })
  assert.equal(status, 201, JSON.stringify(body))
  return body
}

const happen = (market: TestMarket, who: Person, nth: number, name = 'job.verified'): Promise<unknown> =>
  market.db.rows(`select event_write($3, 'thing:' || $2, array[$1::uuid], json_build_object('nth', $2::int))`, [
    who.userId,
    nth,
    name,
  ])

const log = async (who: Person, { id }: Webhook, query = ''): Promise<Delivery[]> =>
  (await who.ask<Delivery[]>('GET', `/api/webhooks/${id}/deliveries${query}`)).body

const one = async (who: Person, webhook: Webhook, status: string): Promise<Delivery> =>
  until(`a delivery is ${status}`, async () => (await log(who, webhook, `?status=${status}`))[0])

async function assertSigned({ body, headers, event }: Got, secret: string): Promise<void> {
  new Official(secret).verify(body, headers as Record<string, string>)
  assert.deepEqual(await verifyWebhook({ body, headers, secret }), event)
  const documented = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
  assert.equal(headers['x-clawconnected-signature'], documented)
}

test('a webhook is told one’s own affairs as documented, signed twice over, and its log says how it went', async (context) => {
  const { market, ada, bob } = await open(context)
  const receiver = await receive(context)
  const made = await register(ada, receiver.url, ['job.verified'])
  assert.match(made.secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
  const theirs = await receive(context)
  await register(bob, theirs.url, ['job.verified'])
  await happen(market, ada, 1)
  await happen(market, ada, 2, 'job.failed')
  await happen(market, bob, 3)
  await until('both have got theirs', () => receiver.got.length >= 1 && theirs.got.length >= 1)
  const [got] = receiver.got
  assert.deepEqual(Object.keys(got!.event), ['id', 'seq', 'event', 'data', 'timestamp'])
  assert.deepEqual([got!.event.event, got!.event.data], ['job.verified', { nth: 1 }])
  assert.equal(got!.headers['content-type'], 'application/json')
  assert.equal(got!.headers['webhook-id'], got!.event.id)
  await assertSigned(got!, made.secret)
  const feed = (await ada.ask<unknown[]>('GET', '/api/events?limit=200')).body
  assert.ok(
    feed.some((event) => JSON.stringify(event) === got!.body),
    'the same as in the feed',
  )

  const listed = await ada.ask<Webhook[]>('GET', '/api/webhooks')
  assert.equal(listed.body.length, 1)
  assert.ok(!listed.text.includes(made.secret) && !listed.text.includes('secret'))
  assert.deepEqual(Object.keys(listed.body[0]!).slice(0, 3), ['id', 'url', 'events'])
  const delivery = await one(ada, made, 'delivered')
  assert.deepEqual(delivery.request, { method: 'POST', body: got!.event })
  assert.equal(delivery.next_attempt_at, null)
  const [attempt] = delivery.attempts
  assert.deepEqual(
    [delivery.attempts.length, attempt!.status, attempt!.error, attempt!.response, attempt!.url],
    [1, 200, null, 'thanks', receiver.url],
  )
  assert.equal((await log(ada, made)).length, 1, 'only what it asked for')
  assert.deepEqual(
    theirs.got.map(({ event }) => event.data),
    [{ nth: 3 }],
  )

  const [row] = await market.db.rows<{ secret: Buffer }>(`select secret from webhook where id = $1`, [made.id])
  assert.ok(!row!.secret.includes(Buffer.from(made.secret.slice(6))), 'the secret is sealed')
  assert.deepEqual((await ada.ask('DELETE', `/api/webhooks/${made.id}`)).body, { ok: true })
  assert.deepEqual((await ada.ask('GET', '/api/webhooks')).body, [])
})

test('what fails is tried again on schedule, as long as the receiver asks at least, and given up after the tenth time', async (context) => {
  const { market, ada } = await open(context)
  const receiver = await receive(context, (_got, answer, nth) =>
    answers(...((nth === 2 ? [429, { 'retry-after': '3600' }] : [500]) as [number, Record<string, string>]))(
      _got,
      answer,
      nth,
    ),
  )
  const webhook = await register(ada, receiver.url)
  await happen(market, ada, 1)
  const gaps = [0, 5, 3_600, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
  for (const [at, gap] of gaps.entries()) {
    // The first is due at once; of the others we see when they are due, and go there.
    if (at > 0) {
      const [waiting] = await log(ada, webhook, '?status=pending')
      const { now } = (await ada.ask<{ now: string }>('POST', '/api/test/clock', { advance_seconds: 1 })).body
      const left = (Date.parse(waiting!.next_attempt_at!) - Date.parse(now)) / 1000
      assert.ok(left > gap - 20 && left < gap * 1.11 + 1, `try ${at + 1} is due in ${left} s instead of ${gap} s`)
      await market.advance(Math.ceil(left) + 1)
    }
    await until(`try ${at + 1}`, async () =>
      (await log(ada, webhook)).find(({ name: _ = 0, ...d }: Delivery & { name?: 0 }) => d.attempts.length > at),
    )
  }
  assert.equal(receiver.got.length, 10)
  const failed = await one(ada, webhook, 'failed')
  assert.deepEqual(
    failed.attempts.map(({ status }) => status),
    [500, 429, 500, 500, 500, 500, 500, 500, 500, 500],
  )
  assert.deepEqual([failed.attempts[0]!.error, failed.attempts[0]!.response], ['It answered 500.', 'no'])
  assert.equal(new Set(receiver.got.map(({ headers }) => headers['webhook-id'])).size, 1, 'one id over all tries')
  for (const got of receiver.got) new Official((webhook as Secret).secret).verify(got.body, got.headers as never)

  // By now it has failed for three days; what fails after five disables it.
  await market.advance(2 * 86_400)
  await happen(market, ada, 2)
  await until('it is disabled', async () => {
    const [state] = (await ada.ask<Webhook[]>('GET', '/api/webhooks')).body
    return state!.enabled === false && state!.disabled_reason === 'failing'
  })
  const told = await until('the owner is told', async () =>
    (await ada.ask<{ event: string; data: unknown }[]>('GET', '/api/events')).body.find(
      ({ event }) => event === 'webhook.disabled',
    ),
  )
  assert.deepEqual(told.data, { webhook_id: webhook.id, url: receiver.url, reason: 'failing' })
})

test('a receiver that is gone is told nothing any more, its owner is, and can have the range again', async (context) => {
  const { market, ada } = await open(context)
  let isGone = true
  const receiver = await receive(context, (got, answer, nth) => answers(isGone ? 410 : 200)(got, answer, nth))
  const other = await receive(context)
  const webhook = await register(ada, receiver.url, ['job.verified'])
  await register(ada, other.url, ['webhook.disabled'])
  for (const nth of [1, 2, 3]) await happen(market, ada, nth)
  await until('the other one is told', () => other.got.length === 1)
  assert.equal(other.got[0]!.event.data.reason, 'gone')
  assert.equal(receiver.got.length, 1)
  await happen(market, ada, 4)
  const { body: feed } = await until('all have their numbers', async () => {
    const answer = await ada.ask<{ seq: number; event: string }[]>('GET', '/api/events')
    return answer.body.filter(({ event }) => event === 'job.verified').length === 4 && answer
  })
  const path = `/api/webhooks/${webhook.id}`
  const first = feed.find(({ event }) => event === 'job.verified')!.seq
  const early = await ada.ask('POST', `${path}/redeliver`, { after: 0 })
  assert.deepEqual([early.status, early.body.code], [400, 'webhook_disabled'])
  isGone = false
  assert.equal((await ada.ask<Webhook>('PATCH', path, { enabled: true })).body.disabled_reason, null)
  const range = await ada.ask('POST', `${path}/redeliver`, { after: first })
  assert.deepEqual([range.status, range.body.queued], [200, 3])
  await until('all but the first arrive', () => receiver.got.length === 4)
  assert.deepEqual(
    receiver.got.slice(1).map(({ event }) => event.data.nth),
    [2, 3, 4],
    'in their order',
  )
  const failed = (await log(ada, webhook, '?status=failed'))[0]!
  assert.equal((await ada.ask('POST', `${path}/deliveries/${failed.id}/redeliver`)).status, 200)
  await until('the first arrives too', () => receiver.got.length === 5)
  assert.deepEqual(receiver.got.at(-1)!.event, receiver.got[0]!.event)
  const twice = await until('it is booked', async () =>
    (await log(ada, webhook)).find(({ id, status }) => id === failed.id && status === 'delivered'),
  )
  assert.deepEqual(
    twice.attempts.map(({ number, status }) => [number, status]),
    [
      [1, 410],
      [2, 200],
    ],
  )
})

test('a trial goes to one webhook alone; after a change of secret both sign for a day', async (context) => {
  const { market, ada } = await open(context)
  const receiver = await receive(context)
  const other = await receive(context)
  const webhook = await register(ada, receiver.url, ['job.verified'])
  await register(ada, other.url)
  const tried = await ada.ask<Delivery>('POST', `/api/webhooks/${webhook.id}/test`)
  assert.deepEqual([tried.status, tried.body.event, tried.body.seq], [201, 'webhook.test', null])
  await until('it arrives', () => receiver.got.length === 1)
  await assertSigned(receiver.got[0]!, webhook.secret)
  assert.deepEqual(receiver.got[0]!.event, tried.body.request.body)

  const rotated = (await ada.ask<Secret>('POST', `/api/webhooks/${webhook.id}/rotate`)).body
  assert.notEqual(rotated.secret, webhook.secret)
  await happen(market, ada, 1)
  await until('the next arrives', () => receiver.got.length === 2)
  const next = receiver.got[1]!
  for (const secret of [rotated.secret, webhook.secret]) {
    new Official(secret).verify(next.body, next.headers as never)
    await verifyWebhook({ ...next, secret })
  }
  await assertSigned(next, rotated.secret)
  await market.advance(86_401)
  await happen(market, ada, 2)
  await until('the one after the day arrives', () => receiver.got.length === 3)
  await assertSigned(receiver.got[2]!, rotated.secret)
  assert.throws(() => new Official(webhook.secret).verify(receiver.got[2]!.body, receiver.got[2]!.headers as never))
  assert.ok(other.got.every(({ event }) => event.event !== 'webhook.test'))
})

test('20 are the most, names must be known, addresses may not lead inside', async (context) => {
  const market = await startTestMarket({ worker: false })
  context.after(() => market.close())
  const [ada, eve] = [await market.person('Ada'), await market.person('Eve')]
  const ask = (body: unknown) => ada.ask('POST', '/api/webhooks', body)
  const unknown = await ask({ url: 'https://example.com/', events: ['job.verified', 'job.done'] })
  assert.deepEqual([unknown.status, unknown.body.code], [400, 'unknown_event'])
  assert.match(String(unknown.body.error), /"job\.done".*job\.verified/)
  for (const url of [
    'http://127.0.0.1/',
    'http://localhost/',
    'https://10.0.0.1',
    'ftp://example.com',
    'https://example.com:22/',
    'nonsense',
    'https://u:p@example.com',
  ]) {
    const refused = await ask({ url })
    assert.deepEqual([refused.status, refused.body.code], [400, 'address_refused'], url)
  }
  const made = await Promise.all(Array.from({ length: 24 }, (_, nth) => ask({ url: `https://example.com/${nth}` })))
  assert.equal(made.filter(({ status }) => status === 201).length, 20)
  assert.ok(made.filter(({ status }) => status !== 201).every(({ body }) => body.code === 'too_many_webhooks'))
  const { id } = made.find(({ status }) => status === 201)!.body
  const changed = await ada.ask('PATCH', `/api/webhooks/${id}`, { url: 'https://[::1]/' })
  assert.equal(changed.body.code, 'address_refused')
  const narrowed = await ada.ask('PATCH', `/api/webhooks/${id}`, {
    events: ['gig.created', 'gig.created'],
    enabled: false,
  })
  assert.deepEqual([narrowed.body.events, narrowed.body.disabled_reason], [['gig.created'], 'owner'])
  assert.equal((await ada.ask('PATCH', `/api/webhooks/${id}`, { events: null })).body.events, null)
  assert.equal((await ada.ask('POST', `/api/webhooks/${id}/test`)).body.code, 'webhook_disabled')
  for (const [method, path] of [
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/test'],
    ['POST', '/rotate'],
    ['GET', '/deliveries'],
  ] as const)
    assert.equal((await eve.ask(method, `/api/webhooks/${id}${path}`)).status, 404, `${method} ${path}`)
})

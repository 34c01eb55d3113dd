import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import type { Agent } from '../../src/core/accounts/agent.ts'
import type { KeyRow } from '../../src/core/accounts/queries.ts'
import { type Answer, ask, type Person, startTestMarket } from '../support/market.ts'
import { fund, people, post, postUnpaid, refused, take, went } from './desk.ts'

const market = await startTestMarket({ worker: false, apis: 2 })
after(() => market.close())
const [ada, bob] = await people(market, 'Ada', 'Bob')

type Shown = KeyRow & { readonly key: string }

/** As a browser does it: by cookie, from a page of the market. */
const byPage = <B>(who: Person, method: string, path: string, body?: unknown): Promise<Answer<B>> =>
  ask<B>(market.url, method, path, body, { cookie: who.cookie, origin: market.url })
const newKey = async (who: Person, body: unknown = {}): Promise<Shown> =>
  went(await byPage<Shown>(who, 'POST', '/api/keys', body), 201)
const by = <B>(key: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  ask<B>(market.url, method, path, body, { authorization: `Bearer ${key}`, ...headers })
const whoami = (key: string, url = market.url): Promise<Answer> =>
  ask(url, 'POST', '/api/whoami', undefined, { 'x-api-key': key })

test('a key is shown once, in the field `key`, and works in both documented headers', async () => {
  const made = await newKey(ada, { name: 'laptop' })
  assert.match(made.key, /^clk_[0-9A-Za-z]+_[0-9A-Za-z]{49}$/)
  assert.deepEqual(
    { ...made, key: '', id: '', created_at: '', expires_at: '', last_four: '' },
    {
      id: '',
      key: '',
      name: 'laptop',
      prefix: 'clk',
      last_four: '',
      hosted_agent_id: null,
      scopes: ['jobs:read', 'jobs:post', 'jobs:work', 'gigs', 'wallet:read', 'wallet:spend', 'webhooks', 'account'],
      spend_limit_cents: null,
      created_at: '',
      expires_at: '',
      last_used_at: null,
      revoked_at: null,
    },
  )
  assert.equal(made.last_four, made.key.slice(-4))
  const days = (Date.parse(made.expires_at) - Date.parse(made.created_at)) / 86_400_000
  assert.equal(Math.round(days * 1000) / 1000, 90)
  went(await by(made.key, 'POST', '/api/whoami'))
  went(await whoami(made.key))
  assert.deepEqual(went(await by(made.key, 'GET', '/api/keys/verify')), {
    user_id: ada.userId,
    hosted_agent_id: null,
    api_key_id: made.id,
  })

  const listed = await byPage<KeyRow[]>(ada, 'GET', '/api/keys')
  const mine = went(listed).find(({ id }) => id === made.id)!
  assert.ok(mine.last_used_at)
  assert.ok(!listed.text.includes(made.key.slice(17)), 'the list holds no secret')
  const [stored] = await market.db.rows<{ row: string }>(
    `select row_to_json(k)::text as row from api_key k where id = $1`,
    [made.id],
  )
  assert.ok(!stored!.row.includes(made.key.slice(17)), 'the table holds no secret')
})

test('what a key may be made of, and what it may not', async () => {
  const agent = went(await ada.ask<Agent>('POST', '/api/agents', { name: 'hosted' }), 201)
  const made = await newKey(ada, {
    prefix: 'acme',
    hosted_agent_id: agent.id,
    scopes: ['jobs:read'],
    expires_in_days: 365,
    spend_limit_cents: 0,
  })
  assert.ok(made.key.startsWith('acme_'))
  assert.deepEqual([made.hosted_agent_id, made.scopes, made.spend_limit_cents], [agent.id, ['jobs:read'], 0])
  const wrong: readonly [body: object, status: number, code: string][] = [
    [{ prefix: 'A' }, 400, 'invalid_input'],
    [{ prefix: 'toolonger' }, 400, 'invalid_input'],
    [{ scopes: ['everything'] }, 400, 'invalid_input'],
    [{ scopes: [] }, 400, 'invalid_input'],
    [{ expires_in_days: 366 }, 400, 'invalid_input'],
    [{ expires_in_days: 0 }, 400, 'invalid_input'],
    [{ expires_in_days: '30' }, 400, 'invalid_input'],
    [{ spend_limit_cents: 1, scopes: ['wallet:manage'] }, 400, 'mandate_and_manage'],
    [{ hosted_agent_id: randomUUID() }, 404, 'agent_not_found'],
  ]
  for (const [body, status, code] of wrong) refused(await byPage(ada, 'POST', '/api/keys', body), status, code)
  const [bobs] = went(await bob.ask<Agent[]>('GET', '/api/agents'))
  refused(await byPage(ada, 'POST', '/api/keys', { hosted_agent_id: bobs!.id }), 404, 'agent_not_found')
  refused(await ada.ask('POST', '/api/keys', {}), 403, 'session_required')
  refused(await ada.ask('POST', `/api/keys/${made.id}/revoke`), 403, 'session_required')
  refused(await byPage(bob, 'POST', `/api/keys/${made.id}/revoke`), 404, 'key_not_found')
})

test('a key bound to an agent acts as that agent only, and dies with it', async () => {
  const [cleo] = await people(market, 'Cleo')
  await fund(market, ada, 1000)
  const agent = went(await cleo.ask<Agent>('POST', '/api/agents', { name: 'bound' }), 201)
  const [standard] = went(await cleo.ask<Agent[]>('GET', '/api/agents'))
  const { key } = await newKey(cleo, { hosted_agent_id: agent.id })
  assert.equal(went(await by<{ hosted_agent_id: string }>(key, 'GET', '/api/keys/verify')).hosted_agent_id, agent.id)
  await post(ada)
  refused(await by(key, 'POST', '/api/jobs/pull', { agent_id: standard!.id }), 403, 'agent_not_allowed')
  const held = went(await by<{ id: string; held_by_agent_id: string }>(key, 'POST', '/api/jobs/pull'))
  assert.equal(held.held_by_agent_id, agent.id)
  went(await by(key, 'POST', `/api/jobs/${held.id}/reject`))

  const theirs = await take(cleo, await post(ada))
  for (const [verb, body] of [
    ['submit', { output: 'not by this agent' }],
    ['fail', {}],
  ] as const)
    assert.equal(
      (await by(key, 'POST', `/api/jobs/${theirs.id}/${verb}`, body)).status,
      403,
      `${verb} for another agent`,
    )

  went(await cleo.ask('DELETE', `/api/agents/${agent.id}`))
  refused(await whoami(key), 401, 'credential_dead')
})

test('rotation: the old key is dead at once, the new one has its rights and its lineage', async () => {
  const old = await newKey(ada, { name: 'robot', scopes: ['jobs:read', 'account'], spend_limit_cents: 700 })
  went(await whoami(old.key))
  const fresh = went(await by<Shown>(old.key, 'POST', '/api/keys/rotate'))
  assert.notEqual(fresh.key, old.key)
  assert.notEqual(fresh.id, old.id)
  assert.deepEqual(
    [fresh.name, fresh.scopes, fresh.spend_limit_cents, fresh.prefix],
    ['robot', ['jobs:read', 'account'], 700, 'clk'],
  )
  refused(await whoami(old.key), 401, 'credential_dead')
  refused(await by(old.key, 'POST', '/api/keys/rotate'), 401, 'credential_dead')
  went(await whoami(fresh.key))
  refused(await byPage(ada, 'POST', '/api/keys/rotate'), 403, 'key_required')
})

test('a lost answer to a rotation locks nobody out: for a minute, with the same Idempotency-Key', async () => {
  const old = await newKey(ada)
  const again = { 'idempotency-key': 'rotate-1' }
  const first = await by<Shown>(old.key, 'POST', '/api/keys/rotate', undefined, again)
  const repeated = await by<Shown>(old.key, 'POST', '/api/keys/rotate', undefined, again)
  assert.equal(went(repeated).key, went(first).key)
  assert.equal(repeated.text, first.text)
  assert.equal(repeated.headers.get('idempotency-replayed'), 'true')
  went(await whoami(first.body.key))
  refused(
    await by(old.key, 'POST', '/api/keys/rotate', undefined, { 'idempotency-key': 'rotate-2' }),
    401,
    'credential_dead',
  )
  refused(await whoami(old.key), 401, 'credential_dead')

  const racing = await newKey(ada)
  const five = await Promise.all(
    Array.from({ length: 5 }, () =>
      by<Shown>(racing.key, 'POST', '/api/keys/rotate', undefined, { 'idempotency-key': 'five' }),
    ),
  )
  assert.equal(new Set(five.map((answer) => went(answer).key)).size, 1)
  assert.equal(five.filter(({ headers }) => headers.get('idempotency-replayed') === 'true').length, 4)

  const [row] = await market.db.rows<{ answer: object; sealed: Buffer }>(
    `select answer, sealed from idempotency where key = 'rotate-1'`,
  )
  assert.ok(!JSON.stringify(row!.answer).includes(first.body.key.slice(17)), 'the stored answer holds no secret')
  assert.ok(!row!.sealed.toString('latin1').includes(first.body.key.slice(17)), 'the secret is sealed')
  await market.db.rows(`update idempotency set sealed_until = clock_timestamp() where key = 'rotate-1'`)
  refused(await by(old.key, 'POST', '/api/keys/rotate', undefined, again), 409, 'secret_already_shown')
  await market.advance(61)
  refused(await by(old.key, 'POST', '/api/keys/rotate', undefined, again), 401, 'credential_dead')
})

test('a dead key is refused at once where it was ended, whoever was using it just then, and elsewhere within 5 s', async () => {
  for (let round = 0; round < 30; round++) {
    const key = await newKey(bob)
    let stop = false
    const users = Promise.all(
      Array.from({ length: 6 }, async () => {
        while (!stop) await whoami(key.key)
      }),
    )
    await new Promise((done) => setTimeout(done, round % 5))
    const ended =
      round % 2 === 0
        ? await by(key.key, 'POST', '/api/keys/rotate')
        : await byPage(bob, 'POST', `/api/keys/${key.id}/revoke`)
    went(ended as Answer)
    const after = await whoami(key.key)
    stop = true
    await users
    refused(after, 401, 'credential_dead')
  }

  const key = await newKey(bob)
  went(await whoami(key.key, market.urls[1]))
  went(await byPage(bob, 'POST', `/api/keys/${key.id}/revoke`))
  went(await byPage(bob, 'POST', `/api/keys/${key.id}/revoke`), 200)
  await new Promise((done) => setTimeout(done, 4_800))
  refused(await whoami(key.key, market.urls[1]), 401, 'credential_dead')
})

test('a key ends by itself, and a mistyped one is refused', async () => {
  const { key } = await newKey(bob, { expires_in_days: 1 })
  const mistyped = key.slice(0, -1) + (key.endsWith('a') ? 'b' : 'a')
  for (const wrong of [mistyped, key.toUpperCase(), `${key}x`, 'clk_x_y', '"', 'x'.repeat(4_000)])
    refused(await whoami(wrong), 401, 'credential_dead')
  await market.advance(86_401)
  refused(await whoami(key), 401, 'credential_dead')
})

test('fifty live keys are the most', async () => {
  const [cleo] = await people(market, 'Cleo')
  const answers = await Promise.all(Array.from({ length: 52 }, () => byPage<Shown>(cleo, 'POST', '/api/keys', {})))
  const refusals = answers.filter(({ status }) => status !== 201)
  assert.equal(refusals.length, 3, 'one was there before')
  for (const refusal of refusals) refused(refusal, 400, 'too_many_keys')
  const one = answers.find(({ status }) => status === 201)!.body
  went(await byPage(cleo, 'POST', `/api/keys/${one.id}/revoke`))
  await newKey(cleo)
})

test('a key spends no more a day than its limit, whatever it is rotated into; its owner is not held by it', async () => {
  const [cleo] = await people(market, 'Cleo')
  await fund(market, cleo, 5000)
  const job = { prompt: 'Write a haiku about rivers.', price_cents: 300, time_limit_seconds: 600, confirmed: true }
  const { key } = await newKey(cleo, { spend_limit_cents: 700 })
  for (let n = 0; n < 2; n++) went(await by(key, 'POST', '/api/jobs/run', job), 201)
  const fresh = went(await by<Shown>(key, 'POST', '/api/keys/rotate')).key
  const over = refused(await by(fresh, 'POST', '/api/jobs/run', job), 402, 'spend_limit_reached')
  refused(await by(fresh, 'POST', `/api/jobs/${String(over.job_id)}/pay`), 402, 'spend_limit_reached')
  went(await by(fresh, 'POST', '/api/jobs/run', { ...job, price_cents: 100 }), 201)
  went(await cleo.ask('POST', `/api/jobs/${String(over.job_id)}/pay`))
  const unpaid = await by<{ job_id: string }>(fresh, 'POST', '/api/jobs/run', job)
  refused(unpaid, 402, 'spend_limit_reached')
  await market.advance(86_400)
  went(await by(fresh, 'POST', `/api/jobs/${unpaid.body.job_id}/pay`))

  const poor = await newKey(cleo, { scopes: ['jobs:post', 'jobs:read'] })
  refused(await by(poor.key, 'POST', '/api/jobs/run', job), 403, 'scope_missing')
  went(await by(poor.key, 'POST', '/api/jobs/run', { ...job, confirmed: false }))
  const saved = await postUnpaid((await people(market, 'Dora'))[0])
  assert.equal(saved.status, 'pending_payment')
})

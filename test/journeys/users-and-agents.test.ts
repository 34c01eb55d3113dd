import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import type { Agent } from '../../src/core/accounts/agent.ts'
import type { Job } from '../../src/desks/jobs/job.ts'
import { type Answer, type Fields, startTestMarket } from '../support/market.ts'
import { act, claim, fund, junk, people, post, postUnpaid, refused, seeIn, submit, take, went } from './desk.ts'

const market = await startTestMarket()
after(() => market.close())
const [ada, bob] = await people(market, 'Ada', 'Bob')

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

test('GET /api/users/:id: one reads one’s own profile, and nobody else’s', async () => {
  const profile = went(await ada.ask<Fields>('GET', `/api/users/${ada.userId}`))
  const { created_at: createdAt, ...rest } = profile
  assert.match(String(createdAt), isoTime)
  assert.match(ada.userId, uuid7)
  assert.deepEqual(pick(rest, ['id', 'balance_cents', 'name', 'avatar_url', 'stripe_customer_id']), {
    id: ada.userId,
    balance_cents: 0,
    name: 'Ada',
    avatar_url: null,
    stripe_customer_id: null,
  })
  assert.deepEqual(pick(rest, ['stripe_account_id', 'stripe_account_status', 'user_type']), {
    stripe_account_id: null,
    stripe_account_status: 'not_connected',
    user_type: 'client',
  })
  refused(await ada.ask('GET', `/api/users/${bob.userId}`), 403, 'user_not_yours')
  refused(await ada.ask('GET', `/api/users/${randomUUID()}`), 403, 'user_not_yours')
  refused(await ada.ask('GET', '/api/users/me'), 404, 'not_found')
})

test('the first top-up makes the person a customer of the payment provider, once', async () => {
  for (let n = 0; n < 2; n++) went(await bob.ask('POST', '/api/wallet/topup', { amount_cents: 500 }))
  const { stripe_customer_id: customer } = went(await bob.ask<Fields>('GET', `/api/users/${bob.userId}`))
  assert.match(String(customer), /^cus_/)
  const made = await market.db.rows(`select 1 from stripe_twin.object where kind = 'customer'`)
  assert.equal(made.length, 1)
})

test('POST /api/whoami: the documented user with id and balance', async () => {
  const [cleo] = await people(market, 'Cleo')
  await fund(market, cleo, 5000)
  for (const body of [undefined, {}, '']) {
    const { user } = went(await cleo.ask<{ user: Fields }>('POST', '/api/whoami', body))
    assert.deepEqual(pick(user, ['id', 'balance_cents']), { id: cleo.userId, balance_cents: 5000 })
  }
})

test('everybody begins with the agent `default`; agents are listed default first, then the newest', async () => {
  const [cleo] = await people(market, 'Cleo')
  const first = went(await cleo.ask<Agent[]>('GET', '/api/agents'))
  assert.equal(first.length, 1)
  const { id, created_at, ...plain } = first[0]!
  assert.match(id, uuid7)
  assert.match(created_at, isoTime)
  assert.deepEqual(plain, {
    owner_id: cleo.userId,
    name: 'default',
    personality: null,
    avatar_url: null,
    is_default: true,
    listed: false,
    max_active_jobs: 10,
    hosted: null,
    stats: { jobs_done: 0, pass_rate: null, median_seconds: null, earned_cents: 0 },
  })
  for (const name of ['older', 'newer']) went(await cleo.ask('POST', '/api/agents', { name }), 201)
  const names = went(await cleo.ask<Agent[]>('GET', '/api/agents')).map((agent) => agent.name)
  assert.deepEqual(names, ['default', 'newer', 'older'])
})

test('POST /api/agents: the documented body, 201; a missing name 400; a name taken 409, but only by oneself', async () => {
  const documented = { name: 'code-monkey', personality: 'Expert in Python, TypeScript, and infrastructure' }
  const made = went(await ada.ask<Agent>('POST', '/api/agents', documented), 201)
  assert.deepEqual(pick(made, ['owner_id', 'name', 'personality', 'avatar_url', 'is_default']), {
    owner_id: ada.userId,
    ...documented,
    avatar_url: null,
    is_default: false,
  })
  for (const body of [undefined, {}, { personality: 'x' }, { name: '' }, { name: '   ' }]) {
    const { error, issues } = refused(await ada.ask('POST', '/api/agents', body), 400, 'invalid_input')
    assert.match(error, /name is missing/)
    assert.equal(issues![0]!.path, 'name')
  }
  refused(await ada.ask('POST', '/api/agents', documented), 409, 'agent_exists')
  refused(await ada.ask('POST', '/api/agents', { name: 'default' }), 409, 'agent_exists')
  went(await bob.ask('POST', '/api/agents', documented), 201)
  const painted = { name: 'painter', avatar_url: 'https://example.com/a.png', max_active_jobs: 3 }
  assert.deepEqual(
    pick(went(await ada.ask<Agent>('POST', '/api/agents', painted), 201), ['avatar_url', 'max_active_jobs']),
    { avatar_url: 'https://example.com/a.png', max_active_jobs: 3 },
  )
  for (const wrong of [
    { avatar_url: 'javascript:alert(1)' },
    { max_active_jobs: 0 },
    { max_active_jobs: 101 },
    { name: 'x'.repeat(101) },
    { personality: 'x'.repeat(10_001) },
  ])
    refused(await ada.ask('POST', '/api/agents', { name: 'another', ...wrong }), 400, 'invalid_input')
})

test('one hundred agents are the most', async () => {
  const [cleo] = await people(market, 'Cleo')
  const names = Array.from({ length: 105 }, (_, n) => `agent-${n}`)
  const answers = await Promise.all(names.map((name) => cleo.ask('POST', '/api/agents', { name })))
  const refusals = answers.filter(({ status }) => status !== 201)
  assert.equal(refusals.length, 6)
  for (const refusal of refusals) refused(refusal, 400, 'too_many_agents')
  assert.equal(went(await cleo.ask<Agent[]>('GET', '/api/agents')).length, 100)
})

test('GET, PATCH and DELETE /api/agents/:id: one’s own; anybody else’s, unknown and malformed ones are 404', async () => {
  const mine = went(await ada.ask<Agent>('POST', '/api/agents', { name: 'mine' }), 201)
  const path = `/api/agents/${mine.id}`
  assert.deepEqual(went(await ada.ask<Agent>('GET', path)), mine)

  const change = { name: 'new-name', personality: 'Updated personality...', avatar_url: 'https://example.com/b.png' }
  const updated = went(await ada.ask<Agent>('PATCH', path, change))
  assert.deepEqual(updated, { ...mine, ...change })
  assert.deepEqual(went(await ada.ask<Agent>('PATCH', path, {})), updated, 'what is left out stays')
  assert.deepEqual(went(await ada.ask<Agent>('PATCH', path, { personality: null, avatar_url: null })), {
    ...updated,
    personality: null,
    avatar_url: null,
  })
  refused(await ada.ask('PATCH', path, { name: 'default' }), 409, 'agent_exists')
  refused(await ada.ask('PATCH', path, { name: '' }), 400, 'invalid_input')
  refused(await ada.ask('PATCH', path, { is_default: true }), 400, 'invalid_input')
  refused(await ada.ask('PATCH', path, { owner_id: bob.userId }), 400, 'invalid_input')

  for (const [method, body] of [['GET'], ['PATCH', { name: 'stolen' }], ['DELETE']] as const) {
    refused(await bob.ask(method, path, body), 404, 'agent_not_found')
    refused(await ada.ask(method, `/api/agents/${randomUUID()}`, body), 404, 'agent_not_found')
    refused(await ada.ask(method, '/api/agents/agent-uuid', body), 404, 'not_found')
  }
  refused(await bob.ask('GET', `${path}/jobs`), 404, 'agent_not_found')

  assert.deepEqual(went(await ada.ask('DELETE', path)), { ok: true })
  for (const method of ['GET', 'DELETE']) refused(await ada.ask(method, path), 404, 'agent_not_found')
  went(await ada.ask('POST', '/api/agents', { name: 'new-name' }), 201)
})

test('DELETE /api/agents/:id: not the default agent, and none with work in hand', async () => {
  const [cleo, dora] = await people(market, 'Cleo', 'Dora')
  await fund(market, cleo, 2000)
  const [standard] = went(await dora.ask<Agent[]>('GET', '/api/agents'))
  refused(await dora.ask('DELETE', `/api/agents/${standard!.id}`), 400, 'agent_is_default')

  const agent = went(await dora.ask<Agent>('POST', '/api/agents', { name: 'busy' }), 201)
  const job = await post(cleo)
  const busy = async (when: string): Promise<void> => {
    const answer = await dora.ask('DELETE', `/api/agents/${agent.id}`)
    assert.equal(answer.status, 400, `${when}: ${answer.text}`)
    refused(answer, 400, 'agent_busy')
  }
  await claim(dora, job, { agent_name: 'busy' })
  await busy('held')
  went(await act(dora, 'accept', job))
  await busy('accepted')
  await market.db.rows(`update job set due_at = app_now() + interval '1 hour' where id = $1`, [job.id])
  await submit(dora, job)
  await seeIn(dora, job, 'verified')
  assert.deepEqual(went(await dora.ask('DELETE', `/api/agents/${agent.id}`)), { ok: true })
  assert.equal(went(await dora.ask<Job[]>('GET', '/api/users/status'))[0]!.id, job.id, 'its work stays in the history')
})

test('GET /api/agents/:id/jobs and /api/users/status: what the agents work on, most recently updated first', async () => {
  const [cleo, dora] = await people(market, 'Cleo', 'Dora')
  await fund(market, cleo, 5000)
  const other = went(await dora.ask<Agent>('POST', '/api/agents', { name: 'other' }), 201)
  const [standard] = went(await dora.ask<Agent[]>('GET', '/api/agents'))
  const [one, two, three] = [await post(cleo), await post(cleo), await post(cleo)]
  await take(dora, one)
  await take(dora, two)
  await take(dora, three, { agent_id: other.id })
  await submit(dora, one)
  await seeIn(dora, one, 'verified')

  const ids = async (path: string): Promise<string[]> => went(await dora.ask<Job[]>('GET', path)).map(({ id }) => id)
  assert.deepEqual(await ids('/api/users/status'), [one.id, three.id, two.id])
  assert.deepEqual(await ids(`/api/agents/${standard!.id}/jobs`), [one.id, two.id])
  assert.deepEqual(await ids(`/api/agents/${other.id}/jobs`), [three.id])
  assert.deepEqual(went(await cleo.ask('GET', '/api/users/status')), [], 'the sender’s agents do nothing')

  const held = await claim(dora, await post(cleo))
  assert.deepEqual((await ids('/api/users/status'))[0], held.id, 'held jobs are there too')
  went(await act(dora, 'fail', two))
  assert.ok(!(await ids('/api/users/status')).includes(two.id), 'a job given up is no longer theirs')

  const pages: string[] = []
  for (let path: string | undefined = '/api/users/status?limit=2'; path; ) {
    const answer: Answer<Job[]> = await dora.ask<Job[]>('GET', path)
    pages.push(...went(answer).map(({ id }) => id))
    path = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1]
  }
  assert.deepEqual(pages, [held.id, one.id, three.id])
})

test('an agent that delivered junk leaves no claim on the job, and unpaid jobs are nobody’s work', async () => {
  const [cleo, dora] = await people(market, 'Cleo', 'Dora')
  await fund(market, cleo, 500)
  const job = await post(cleo)
  await postUnpaid(cleo)
  await take(dora, job)
  await submit(dora, job, junk)
  await seeIn(cleo, job, 'queued')
  assert.deepEqual(went(await dora.ask('GET', '/api/users/status')), [])
})

function pick<T extends object>(from: T, names: readonly (keyof T | string)[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, from[name as keyof T]]))
}

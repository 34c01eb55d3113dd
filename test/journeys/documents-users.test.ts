import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { Agent } from '../../src/core/accounts/agent.ts'
import type { Job } from '../../src/desks/jobs/job.ts'
import { startTestMarket } from '../support/market.ts'
import { act, claim, fund, post, submit, take, verifyAll, went } from './desk.ts'
import { tell } from './documents.ts'
import { agent, agentOfWorker, anAgent, both, defaultAgent, job, money, self, unknown } from './given.ts'

// The Users & Agents API, line by line. Where market.md decides otherwise or more, the row says "market:".
const market = await startTestMarket({ worker: false })
after(() => market.close())

const documented = { name: 'code-monkey', personality: 'Expert in Python, TypeScript, and infrastructure' }
const change = {
  name: 'new-name',
  personality: 'Updated personality...',
  avatar_url: 'https://example.com/new.png',
}

tell({
  name: 'Users & Agents API',
  market,
  endpoints: [
    'GET /api/users/:id',
    'POST /api/whoami',
    'GET /api/agents',
    'POST /api/agents',
    'GET /api/agents/:id',
    'PATCH /api/agents/:id',
    'DELETE /api/agents/:id',
    'GET /api/agents/:id/jobs',
    'GET /api/users/status',
  ],
  rows: {
    'GET /api/users/:id': [
      {
        says: "Returns the authenticated user's profile.",
        given: both(money, self),
        answers: 200,
        with: {
          id: 'id',
          balance_cents: 2_000,
          name: '=Ada',
          avatar_url: 'address?',
          stripe_customer_id: 'text?',
          stripe_account_id: 'text?',
          stripe_account_status: 'text',
          created_at: 'time',
        },
        also: ({ sender }, { body }) => assert.equal(body.id, sender.userId),
      },
      {
        says: 'stripe_customer_id: "cus_..."',
        given: both(self, async ({ sender }) => {
          went(await sender.ask('POST', '/api/wallet/topup', { amount_cents: 500 }))
          return {}
        }),
        answers: 200,
        with: { stripe_customer_id: 'text' },
        also: (_scene, { body }) => assert.match(String(body.stripe_customer_id), /^cus_/),
      },
      {
        says: 'you can only view your own profile',
        given: self,
        by: 'stranger',
        answers: 403,
        code: 'user_not_yours',
        saying: /own user profile/,
      },
      { says: 'market: nor that of somebody who is not there', given: unknown, answers: 403, code: 'user_not_yours' },
      { says: 'requires authentication', given: self, by: 'nobody', answers: 401, code: 'authentication_required' },
    ],
    'POST /api/whoami': [
      {
        says: "Returns the current authenticated user's ID and wallet balance.",
        given: money,
        answers: 200,
        with: { user: { id: 'id', balance_cents: 2_000 } },
        also: ({ sender }, { body }) => assert.equal((body.user as { id: string }).id, sender.userId),
      },
      { says: 'a new user has nothing', send: {}, answers: 200, with: { user: { balance_cents: 0 } } },
    ],
    'GET /api/agents': [
      {
        says: 'A default agent is auto-created for each user.',
        answers: 200,
        with: [agent({ name: '=default', personality: null, avatar_url: null, is_default: true })],
        also: ({ sender }, { body }) => assert.equal((body as unknown as Agent[])[0]!.owner_id, sender.userId),
      },
      {
        says: 'all agents owned by the authenticated user, ordered with the default agent first',
        given: anAgent,
        answers: 200,
        with: [agent()],
        also: (_scene, { body }) =>
          assert.deepEqual(
            (body as unknown as Agent[]).map(({ name }) => name),
            ['default', 'code-monkey'],
          ),
      },
    ],
    'POST /api/agents': [
      {
        says: 'Response (201): the created agent object.',
        send: documented,
        answers: 201,
        with: agent({ name: '=code-monkey', personality: `=${documented.personality}`, is_default: false }),
      },
      {
        says: 'personality: no; avatar_url: no',
        send: { name: 'bare' },
        answers: 201,
        with: agent({ personality: null }),
      },
      {
        says: 'Agent avatar URL',
        send: { ...documented, avatar_url: change.avatar_url },
        answers: 201,
        with: agent({ avatar_url: `=${change.avatar_url}` }),
      },
      { says: 'name is missing', send: {}, answers: 400, code: 'invalid_input', saying: /name is missing/ },
      {
        says: 'name is missing',
        send: { personality: 'x' },
        answers: 400,
        code: 'invalid_input',
        saying: /name is missing/,
      },
      { says: 'name is missing', send: { name: ' ' }, answers: 400, code: 'invalid_input', saying: /name is missing/ },
      {
        says: 'agent with that name already exists',
        given: anAgent,
        send: documented,
        answers: 409,
        code: 'agent_exists',
        saying: /name already/,
      },
      {
        says: 'Agent name (unique per user)',
        given: anAgent,
        by: 'worker',
        send: documented,
        answers: 201,
        with: agent(),
      },
      {
        says: 'market: strict, naming the nearest field',
        send: { ...documented, personalty: 'x' },
        answers: 400,
        code: 'invalid_input',
        saying: /personality/,
      },
    ],
    'GET /api/agents/:id': [
      { says: 'Response (200): agent object.', given: anAgent, answers: 200, with: agent({ name: '=code-monkey' }) },
      { says: 'Resource not found', given: unknown, answers: 404, code: 'agent_not_found' },
      {
        says: "market: somebody else's is not yours to see",
        given: anAgent,
        by: 'stranger',
        answers: 404,
        code: 'agent_not_found',
      },
    ],
    'PATCH /api/agents/:id': [
      {
        says: 'Response (200): updated agent object.',
        given: anAgent,
        send: change,
        answers: 200,
        with: agent({ name: '=new-name', personality: `=${change.personality}`, avatar_url: `=${change.avatar_url}` }),
      },
      {
        says: 'all fields optional',
        given: anAgent,
        answers: 200,
        with: agent({ name: '=code-monkey', personality: '=Unix' }),
      },
      {
        says: 'all fields optional: one alone',
        given: anAgent,
        send: { personality: 'Rust' },
        answers: 200,
        with: agent({ name: '=code-monkey', personality: '=Rust' }),
      },
      { says: 'a name taken', given: anAgent, send: { name: 'default' }, answers: 409, code: 'agent_exists' },
      { says: 'an empty name', given: anAgent, send: { name: '' }, answers: 400, code: 'invalid_input' },
      { says: 'Resource not found', given: unknown, send: change, answers: 404, code: 'agent_not_found' },
      { says: "somebody else's", given: anAgent, by: 'stranger', send: change, answers: 404, code: 'agent_not_found' },
    ],
    'DELETE /api/agents/:id': [
      {
        says: 'Response (200): { "ok": true }',
        given: anAgent,
        answers: 200,
        with: { ok: true },
        also: async ({ sender, id }) => assert.equal((await sender.ask('GET', `/api/agents/${id}`)).status, 404),
      },
      {
        says: 'cannot delete default agent',
        given: defaultAgent,
        answers: 400,
        code: 'agent_is_default',
        saying: /default agent/,
      },
      {
        says: 'agent has active jobs: held',
        given: agentOfWorker(({ worker }, who, one) => claim(worker, one, who)),
        by: 'worker',
        answers: 400,
        code: 'agent_busy',
        saying: /active jobs/,
      },
      {
        says: 'agent has active jobs: accepted',
        given: agentOfWorker(({ worker }, who, one) => take(worker, one, who)),
        by: 'worker',
        answers: 400,
        code: 'agent_busy',
      },
      {
        says: 'agent has active jobs: submitted',
        given: agentOfWorker(async ({ worker }, who, one) => submit(worker, await take(worker, one, who))),
        by: 'worker',
        answers: 400,
        code: 'agent_busy',
      },
      {
        says: 'a job that is done is no active job',
        given: agentOfWorker(async ({ worker }, who, one) => {
          await submit(worker, await take(worker, one, who))
          await verifyAll(market)
        }),
        by: 'worker',
        answers: 200,
        with: { ok: true },
      },
      { says: 'Resource not found', given: unknown, answers: 404, code: 'agent_not_found' },
    ],
    'GET /api/agents/:id/jobs': [
      {
        says: 'all jobs where this agent is the receiver',
        given: agentOfWorker(({ worker }, who, one) => take(worker, one, who)),
        by: 'worker',
        answers: 200,
        with: [job({ status: '=accepted' })],
        also: ({ agent: { id } }, { body }) =>
          assert.deepEqual(
            (body as unknown as Job[]).map(({ receiver_agent_id }) => receiver_agent_id),
            [id],
          ),
      },
      {
        says: 'ordered by most recently updated',
        given: agentOfWorker(async ({ sender, worker }, who, one) => {
          await fund(market, sender, 500)
          const other = await post(sender, { time_limit_seconds: 60 })
          await take(worker, one, who)
          await take(worker, other, who)
          await submit(worker, one)
        }),
        by: 'worker',
        answers: 200,
        with: [job()],
        also: (_scene, { body }) => {
          const states = (body as unknown as Job[]).map(({ status }) => status)
          assert.deepEqual(states, ['submitted', 'accepted'])
        },
      },
      {
        says: 'none, when it does nothing',
        given: anAgent,
        answers: 200,
        with: 'list',
        also: (_scene, { body }) => assert.deepEqual(body, []),
      },
      { says: 'Resource not found', given: unknown, answers: 404, code: 'agent_not_found' },
      { says: "somebody else's", given: anAgent, by: 'stranger', answers: 404, code: 'agent_not_found' },
    ],
    'GET /api/users/status': [
      {
        says: "all jobs across all of the authenticated user's agents, ordered by most recently updated",
        given: agentOfWorker(async ({ sender, worker }, who, one) => {
          await fund(market, sender, 500)
          const other = await post(sender, { time_limit_seconds: 60 })
          await take(worker, one, who)
          await claim(worker, other)
          went(await act(worker, 'accept', other))
        }),
        by: 'worker',
        answers: 200,
        with: [job({ status: '=accepted' })],
        also: ({ job: { id } }, { body }) => {
          const ids = (body as unknown as Job[]).map((one) => one.id)
          assert.deepEqual([ids.length, ids[1]], [2, id])
        },
      },
      { says: 'requires authentication', by: 'nobody', answers: 401, code: 'authentication_required' },
    ],
  },
})

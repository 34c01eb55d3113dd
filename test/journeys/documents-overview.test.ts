import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after } from 'node:test'
import type { Agent } from '../../src/core/accounts/agent.ts'
import { startTestMarket } from '../support/market.ts'
import { went } from './desk.ts'
import { type Given, type Holds, type Row, type Scene, tell } from './documents.ts'
import {
  accepted,
  agent,
  anAgent,
  both,
  held,
  job,
  money,
  payable,
  queued,
  submitted,
  unknown,
  unpaid,
  verified,
} from './given.ts'

// The API overview, line by line: every endpoint at a glance (withdrawal and Connect excepted), how one is known, what errors are.
const market = await startTestMarket({ worker: false })
const broken = await startTestMarket({ worker: false })
after(() => Promise.all([market.close(), broken.close()]))

const run = {
  prompt: 'Research the history of the Unix operating system',
  price_cents: 500,
  time_limit_seconds: 60,
  confirmed: true,
}
const cookie = ({ sender }: Scene): Record<string, string> => ({ cookie: sender.cookie, origin: market.url })
const whoami: Holds = { user: { id: 'id', balance_cents: 'cents' } }

/** An agent of the sender's that its owner shows to everybody. */
const listed: Given = async ({ sender }) => ({
  agent: went(await sender.ask<Agent>('POST', '/api/agents', { name: 'listed', listed: true }), 201),
})

const event = JSON.stringify({
  id: 'evt_of_the_documents',
  object: 'event',
  type: 'unknown.to_us',
  data: { object: {} },
})
const signed = (secret: string): Record<string, string> => {
  const at = Math.floor(Date.now() / 1000)
  return { 'stripe-signature': `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${event}`).digest('hex')}` }
}

const rows: Record<string, readonly Row[]> = {
  'POST /api/jobs/run': [
    { says: 'Create a job', given: money, send: run, answers: 201, with: job({ status: '=queued' }) },
    {
      says: 'two-phase confirmation',
      send: { ...run, confirmed: false },
      answers: 200,
      with: { needs_confirmation: true },
    },
    { says: '400: missing fields', send: {}, answers: 400, code: 'invalid_input' },
    { says: '402: Insufficient balance', send: run, answers: 402, code: 'insufficient_balance' },
  ],
  'GET /api/jobs': [{ says: 'List your jobs', given: queued, answers: 200, with: [job()] }],
  'GET /api/jobs/:id': [
    { says: 'Get a job', given: queued, answers: 200, with: job() },
    { says: '404: Resource not found', given: unknown, answers: 404, code: 'job_not_found' },
  ],
  'POST /api/jobs/:id/pay': [
    { says: 'Pay for a pending job', given: payable, answers: 200, with: { status: '=queued' } },
    { says: '402: Insufficient balance', given: unpaid, answers: 402, code: 'insufficient_balance' },
  ],
  'POST /api/jobs/:id/cancel': [
    { says: 'Cancel a job', given: queued, answers: 200, with: job({ status: '=cancelled' }) },
    { says: '403: wrong role for this action', given: accepted, by: 'worker', answers: 403, code: 'job_not_yours' },
  ],
  'POST /api/jobs/pull': [
    { says: 'Pull a matched job', given: queued, by: 'worker', answers: 200, with: job({ status: '=held' }) },
  ],
  'POST /api/jobs/:id/claim': [
    { says: 'Claim a specific job by ID', given: queued, by: 'worker', answers: 200, with: job({ status: '=held' }) },
  ],
  'POST /api/jobs/:id/accept': [
    { says: 'Accept a held job', given: held, by: 'worker', answers: 200, with: job({ status: '=accepted' }) },
    { says: '400: invalid state transitions', given: accepted, by: 'worker', answers: 400, code: 'job_wrong_state' },
  ],
  'POST /api/jobs/:id/reject': [
    { says: 'Reject a held job', given: held, by: 'worker', answers: 200, with: job({ status: '=queued' }) },
  ],
  'POST /api/jobs/:id/submit': [
    {
      says: 'Submit output',
      given: accepted,
      by: 'worker',
      send: { output: 'Unix' },
      answers: 200,
      with: job({ status: '=submitted' }),
    },
    { says: '400: invalid state transitions', given: submitted, by: 'worker', answers: 400, code: 'job_wrong_state' },
  ],
  'POST /api/jobs/:id/fail': [
    { says: 'Give up on a job', given: accepted, by: 'worker', answers: 200, with: job({ status: '=queued' }) },
  ],
  'GET /api/jobs/:id/logs': [
    {
      says: 'Stream verification logs (SSE)',
      given: verified,
      answers: 200,
      also: (_scene, { headers }) => assert.match(headers.get('content-type')!, /^text\/event-stream/),
    },
  ],
  'GET /api/board': [
    {
      says: 'Public job board feed',
      given: queued,
      by: 'nobody',
      answers: 200,
      with: [
        {
          id: 'id',
          title: 'text',
          description: 'text',
          requirements: 'text',
          acceptance_criteria: 'list',
          checks: 'list',
          skill: 'text',
          price_cents: 500,
          time_limit_seconds: 60,
          age_seconds: 'count',
        },
      ],
      also: (_scene, { text }) => assert.doesNotMatch(text, /"(prompt|env_vars|attachments|sender)"/),
    },
    {
      says: 'market: ?q, skill, min_price_cents, sort',
      given: queued,
      by: 'nobody',
      query: 'q=unix&min_price_cents=500&sort=price&limit=1',
      answers: 200,
      with: [{ price_cents: 500 }],
    },
    { says: '400', by: 'nobody', query: 'sort=cheapest', answers: 400, code: 'invalid_input' },
  ],
  'GET /api/board/stats': [
    {
      says: 'Market stats',
      by: 'nobody',
      answers: 200,
      with: {
        open_jobs: 'count',
        open_value_cents: 'cents',
        verified_24h: 'count',
        verified_30d: 'count',
        paid_out_30d_cents: 'cents',
        median_accept_seconds: 'number?',
        median_verify_seconds: 'number?',
        active_agents: 'count',
      },
    },
  ],
  'GET /api/agents': [{ says: 'List your agents', answers: 200, with: [agent()] }],
  'POST /api/agents': [
    { says: 'Create an agent', send: { name: 'code-monkey' }, answers: 201, with: agent({ name: '=code-monkey' }) },
  ],
  'GET /api/agents/directory': [
    {
      says: 'Public agent directory',
      given: both(anAgent, listed),
      by: 'nobody',
      answers: 200,
      with: [{ id: 'id', name: '=listed', personality: 'text?', avatar_url: 'address?', stats: { jobs_done: 0 } }],
      also: ({ sender }, { text }) => assert.doesNotMatch(text, new RegExp(`${sender.email}|earned|cus_|acct_`)),
    },
  ],
  'GET /api/wallet/balance': [
    {
      says: 'Wallet balance and ledger',
      given: money,
      answers: 200,
      with: {
        balance_cents: 2_000,
        withdrawable_cents: 0,
        pending_cents: 0,
        debt_cents: 0,
        ledger: [{ id: 'id', delta: 2_000, reason: 'text', created_at: 'time' }],
      },
    },
  ],
  'POST /api/wallet/topup': [
    { says: 'Create top-up checkout session', send: { amount_cents: 2_000 }, answers: 200, with: { url: 'address' } },
    { says: 'market: from 500', send: { amount_cents: 499 }, answers: 400, code: 'invalid_input', saying: /500/ },
    { says: 'market: to 1,000,000', send: { amount_cents: 1_000_001 }, answers: 400, code: 'invalid_input' },
  ],
  'POST /api/verify': [
    {
      says: 'Standalone verification',
      send: { criteria: 'It names Bell Labs.', output: 'Unix began in 1969 at Bell Labs in Murray Hill.' },
      answers: 200,
      with: {
        pass: true,
        score: 'number',
        criteria: 'list',
        reasoning: 'text',
        verified_by: 'text',
        content_hash: 'text',
      },
    },
    { says: '400: missing fields', send: { output: 'Unix' }, answers: 400, code: 'criteria_missing' },
    { says: '400: missing fields', send: { criteria: 'It names Bell Labs.' }, answers: 400, code: 'invalid_input' },
  ],
  'POST /api/whoami': [
    { says: 'Get current user info, by Bearer token', answers: 200, with: whoami },
    {
      says: 'market: or by x-api-key',
      by: 'nobody',
      headers: ({ sender }) => ({ 'x-api-key': sender.key }),
      answers: 200,
      with: whoami,
    },
    { says: 'Cookie session', by: 'nobody', headers: cookie, answers: 200, with: whoami },
    {
      says: 'market: a cookie needs a matching Origin',
      by: 'nobody',
      headers: ({ sender }) => ({ cookie: sender.cookie }),
      answers: 403,
      code: 'origin_mismatch',
    },
    {
      says: 'a key that is none',
      by: 'nobody',
      headers: { authorization: 'Bearer x' },
      answers: 401,
      code: 'credential_dead',
    },
  ],
  'POST /api/stripe/webhook': [
    {
      says: 'Stripe webhook: no authentication but the signature',
      by: 'nobody',
      send: event,
      headers: () => signed('whsec_of_the_tests'),
      answers: 200,
      with: { received: true },
    },
    {
      says: 'a signature that does not fit',
      by: 'nobody',
      send: event,
      headers: () => signed('whsec_of_somebody'),
      answers: 400,
      code: 'signature_invalid',
    },
  ],
}

/** market: the board, its numbers and the directory are public. */
const open = ['GET /api/board', 'GET /api/board/stats', 'GET /api/agents/directory', 'POST /api/stripe/webhook']
const authenticated: Row = {
  says: 'requires authentication',
  given: unknown,
  by: 'nobody',
  answers: 401,
  code: 'authentication_required',
}

tell({
  name: 'API overview',
  market,
  endpoints: [
    'POST /api/jobs/run',
    'GET /api/jobs',
    'GET /api/jobs/:id',
    'POST /api/jobs/:id/pay',
    'POST /api/jobs/:id/cancel',
    'POST /api/jobs/pull',
    'POST /api/jobs/:id/claim',
    'POST /api/jobs/:id/accept',
    'POST /api/jobs/:id/reject',
    'POST /api/jobs/:id/submit',
    'POST /api/jobs/:id/fail',
    'GET /api/jobs/:id/logs',
    'GET /api/board',
    'GET /api/board/stats',
    'GET /api/agents',
    'POST /api/agents',
    'GET /api/agents/directory',
    'GET /api/wallet/balance',
    'POST /api/wallet/topup',
    'POST /api/verify',
    'POST /api/whoami',
    'POST /api/stripe/webhook',
  ],
  rows: Object.fromEntries(
    Object.entries(rows).map(([route, told]) => [route, open.includes(route) ? told : [...told, authenticated]]),
  ),
})

tell({
  name: 'API overview: a market that is broken',
  market: broken,
  endpoints: ['GET /api/agents'],
  rows: {
    'GET /api/agents': [
      {
        says: '500: Internal server error',
        given: async () => {
          await broken.db.rows(`alter table agent rename to agent_elsewhere`)
          return {}
        },
        answers: 500,
        code: 'internal_error',
        also: (_scene, { text }) => assert.doesNotMatch(text, /relation|select|agent/, 'nothing of our inside'),
      },
    ],
  },
})

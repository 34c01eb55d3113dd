import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { Job } from '../../src/desks/jobs/job.ts'
import { startTestMarket } from '../support/market.ts'
import { act, see, walletOf, went } from './desk.ts'
import { type Row, type Scene, tell } from './documents.ts'
import {
  accepted,
  both,
  cancelled,
  failed,
  held,
  job,
  money,
  payable,
  queued,
  submitted,
  unknown,
  unpaid,
  uploaded,
  verified,
} from './given.ts'

// What the Jobs API says to senders, line by line; documents-working.test.ts has the rest. Where market.md decides otherwise or more, the row says "market:".
const market = await startTestMarket({ worker: false })
after(() => market.close())

const documented = {
  prompt: 'Research the history of the Unix operating system',
  envVars: {},
  attachments: [],
  price_cents: 500,
  time_limit_seconds: 3600,
  confirmed: false,
}
const confirmed = { ...documented, confirmed: true }

/** What is in the sender's wallet afterwards. */
const wallet =
  (cents: number): NonNullable<Row['also']> =>
  async ({ sender }) =>
    assert.equal((await walletOf(sender)).balance_cents, cents)
const missing = { answers: 400, code: 'invalid_input', saying: /prompt is missing/ } as const
const hidden = { answers: 404, code: 'job_not_found' } as const

tell({
  name: 'Jobs API: a sender’s part',
  market,
  endpoints: [
    'POST /api/jobs/run',
    'POST /api/jobs/:id/pay',
    'POST /api/jobs/:id/cancel',
    'GET /api/jobs',
    'GET /api/jobs/:id',
  ],
  rows: {
    'POST /api/jobs/run': [
      {
        says: 'Phase 1 (without confirmed: true): Returns estimates.',
        given: money,
        send: documented,
        answers: 200,
        with: {
          needs_confirmation: true,
          title: 'text',
          description: 'text',
          requirements: 'text',
          estimated_price_cents: 500,
          estimated_time_limit_seconds: 3600,
        },
        also: async (scene, answer) => {
          await wallet(2_000)(scene, answer)
          assert.deepEqual(went(await scene.sender.ask('GET', '/api/jobs')), [])
        },
      },
      {
        says: 'price_cents, time_limit_seconds: estimated if not provided; nothing but prompt is required',
        send: { prompt: documented.prompt },
        answers: 200,
        with: { needs_confirmation: true, estimated_price_cents: 'cents', estimated_time_limit_seconds: 'count' },
        also: (_scene, { body }) => {
          assert.ok(Number(body.estimated_price_cents) >= 100 && Number(body.estimated_time_limit_seconds) >= 60)
        },
      },
      {
        says: 'the price is deducted and the job is created as queued',
        given: money,
        send: confirmed,
        answers: 201,
        with: job({ status: '=queued', time_limit_seconds: 3600 }),
        also: wallet(1_500),
      },
      {
        says: 'If insufficient, the job is created as pending_payment (HTTP 402)',
        send: confirmed,
        answers: 402,
        code: 'insufficient_balance',
        with: {
          job_id: 'id',
          required_cents: 500,
          balance_cents: 0,
          topup_url: 'address',
          job: job({ status: '=pending_payment', time_limit_seconds: 3600 }),
        },
        also: async ({ sender }, { body }) =>
          assert.equal((await see(sender, { id: String(body.job_id) })).status, 'pending_payment'),
      },
      {
        says: 'Environment variables for the job: the sender sees their names',
        given: money,
        send: { ...confirmed, envVars: { TOKEN: 's3cret' } },
        answers: 201,
        with: { env_vars: { TOKEN: null } },
        also: (_scene, { text }) => assert.ok(!text.includes('s3cret')),
      },
      {
        says: 'Pre-uploaded file attachments',
        given: both(money, uploaded),
        send: ({ id }: Scene) => ({ ...confirmed, attachments: [{ id }] }),
        answers: 201,
        with: { attachments: [{ id: 'id', name: '=notes.txt', size: 5, content_type: 'text' }] },
      },
      { says: 'prompt is missing', send: { ...documented, prompt: undefined }, ...missing },
      { says: 'prompt is missing: an empty one', send: { ...documented, prompt: ' ' }, ...missing },
      { says: 'prompt is missing: no body at all', ...missing },
      { says: 'market: $1.00 at least', send: { ...confirmed, price_cents: 99 }, answers: 400, code: 'invalid_input' },
      {
        says: 'market: a minute at least',
        send: { ...confirmed, time_limit_seconds: 59 },
        answers: 400,
        code: 'invalid_input',
      },
      {
        says: 'Pre-uploaded file attachments: one that is not there',
        given: money,
        send: { ...confirmed, attachments: ['01a20226-00b5-7bc1-9461-989abfd9ed53'] },
        answers: 400,
        code: 'attachment_unusable',
      },
      {
        says: 'requires authentication',
        by: 'nobody',
        send: documented,
        answers: 401,
        code: 'authentication_required',
      },
    ],
    'POST /api/jobs/:id/pay': [
      {
        says: "deducting from the sender's wallet balance. Transitions the job to queued.",
        given: payable,
        answers: 200,
        with: job({ status: '=queued', time_limit_seconds: 3600 }),
        also: wallet(200),
      },
      {
        says: 'job is not in pending_payment status',
        given: queued,
        answers: 400,
        code: 'job_wrong_state',
        saying: /is queued/,
      },
      {
        says: 'job is not in pending_payment status: it is over',
        given: cancelled,
        answers: 400,
        code: 'job_wrong_state',
      },
      {
        says: 'insufficient balance',
        given: unpaid,
        answers: 402,
        code: 'insufficient_balance',
        with: { job_id: 'id', required_cents: 500, balance_cents: 0, topup_url: 'address' },
        also: async ({ sender, job: { id } }) => assert.equal((await see(sender, { id })).status, 'pending_payment'),
      },
      {
        says: 'Forbidden (wrong role for this action)',
        given: held,
        by: 'worker',
        answers: 403,
        code: 'job_not_yours',
      },
      { says: 'Resource not found', given: unknown, ...hidden },
    ],
    'POST /api/jobs/:id/cancel': [
      {
        says: 'pending_payment: Immediate cancel, no refund needed',
        given: unpaid,
        answers: 200,
        with: job({ status: '=cancelled', time_limit_seconds: 3600 }),
        also: wallet(0),
      },
      {
        says: 'queued: Immediate cancel, refund to wallet',
        given: queued,
        answers: 200,
        with: job({ status: '=cancelled' }),
        also: wallet(500),
      },
      {
        says: 'held: Immediate cancel, refund to wallet',
        given: held,
        answers: 200,
        with: job({ status: '=cancelled' }),
        also: wallet(500),
      },
      {
        says: 'accepted: Sets cancellation_requested flag; cancels on next failure',
        given: accepted,
        answers: 200,
        with: job({ status: '=accepted', cancellation_requested: true }),
        also: async (scene, answer) => {
          await wallet(0)(scene, answer)
          assert.equal(went(await act(scene.worker, 'fail', scene)).status, 'cancelled')
          await wallet(500)(scene, answer)
        },
      },
      {
        says: 'submitted: Sets cancellation_requested flag',
        given: submitted,
        answers: 200,
        with: job({ status: '=submitted', cancellation_requested: true }),
        also: wallet(0),
      },
      { says: 'verified: No-op', given: verified, answers: 200, with: job({ status: '=verified' }), also: wallet(0) },
      {
        says: 'cancelled: No-op',
        given: cancelled,
        answers: 200,
        with: job({ status: '=cancelled' }),
        also: wallet(500),
      },
      { says: 'failed: No-op', given: failed, answers: 200, with: job({ status: '=failed' }), also: wallet(500) },
      { says: 'Only the sender can cancel.', given: accepted, by: 'worker', answers: 403, code: 'job_not_yours' },
      {
        says: 'Only the sender can cancel: a stranger',
        given: queued,
        by: 'stranger',
        answers: 403,
        code: 'job_not_yours',
      },
      { says: 'market: nor may it be seen', given: accepted, by: 'stranger', ...hidden },
      { says: 'Resource not found', given: unknown, ...hidden },
    ],
    'GET /api/jobs': [
      {
        says: 'jobs where the authenticated user is the sender, ordered by creation date (newest first)',
        given: both(queued, unpaid),
        answers: 200,
        with: [job({ time_limit_seconds: 'count' })],
        also: (_scene, { body }) =>
          assert.deepEqual(
            (body as unknown as Job[]).map(({ status }) => status),
            ['pending_payment', 'queued'],
          ),
      },
      {
        says: 'not those one works on',
        given: accepted,
        by: 'worker',
        answers: 200,
        with: 'list',
        also: (_scene, { body }) => assert.deepEqual(body, []),
      },
      ...['pending_payment', 'queued', 'held', 'accepted', 'submitted', 'verified', 'cancelled', 'failed'].map(
        (status): Row => ({
          says: `Filter by job status: ${status}`,
          given: both(queued, unpaid),
          query: `status=${status}`,
          answers: 200,
          with: 'list',
          also: (_scene, { body }) =>
            assert.deepEqual(
              (body as unknown as Job[]).map((one) => one.status),
              ['queued', 'pending_payment'].filter((one) => one === status),
            ),
        }),
      ),
      { says: 'Filter by job status: one that is none', query: 'status=open', answers: 400, code: 'invalid_input' },
    ],
    'GET /api/jobs/:id': [
      { says: 'Returns a single job by ID.', given: queued, answers: 200, with: job({ status: '=queued' }) },
      {
        says: 'its worker sees it whole',
        given: accepted,
        by: 'worker',
        answers: 200,
        with: job({ status: '=accepted', prompt: 'text', receiver: 'id', deadline_at: 'time' }),
      },
      {
        says: 'market: anyone else only while queued, with every key present',
        given: queued,
        by: 'stranger',
        answers: 200,
        with: job({ prompt: null, output: null, verification: null, attachments: null, env_vars: null }),
      },
      { says: 'market: anyone else, else 404', given: accepted, by: 'stranger', ...hidden },
      { says: 'Resource not found', given: unknown, ...hidden },
    ],
  },
})

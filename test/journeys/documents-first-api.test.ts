import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { Job } from '../../src/desks/jobs/job.ts'
import { type Answer, startTestMarket } from '../support/market.ts'
import { act, junk, moveClockTo, see, unixReport, walletOf, went } from './desk.ts'
import { type Given, type Holds, type Scene, tell } from './documents.ts'
import { acceptedForCredits, creditsOf, documented, postForCredits, submittedForCredits } from './first-api-desk.ts'
import { both, unknown, unpaid } from './given.ts'

// The first Jobs API, line by line. Where market.md decides otherwise or more, the row says "market:".
const market = await startTestMarket({ worker: false })
after(() => market.close())

const jobThat =
  (make: (scene: Scene) => Promise<Job>): Given =>
  async (scene) => ({ job: await make(scene) })

const queued = jobThat(({ sender }) => postForCredits(sender))
const accepted = jobThat(({ sender, worker }) => acceptedForCredits(sender, worker))
const submitted = jobThat(({ sender, worker }) => submittedForCredits(sender, worker))
const submittedJunk = jobThat(({ sender, worker }) => submittedForCredits(sender, worker, junk))
const verified = jobThat(async ({ sender, worker }) =>
  went(await act(sender, 'verify', await submittedForCredits(sender, worker))),
)
const rejected = jobThat(async ({ sender, worker }) =>
  went(await act(sender, 'verify', await submittedForCredits(sender, worker, junk))),
)
const cancelled = jobThat(async ({ sender }) => went(await act(sender, 'cancel', await postForCredits(sender))))
const running = jobThat(async ({ market: { db }, sender, worker }) => {
  const job = await acceptedForCredits(sender, worker)
  await db.rows(
    `update job set status = 'in_progress', skill_token = gen_random_uuid(), due_at = app_now() + interval '15 minutes' where id = $1`,
    [job.id],
  )
  return job
})
const late = jobThat(async ({ sender, worker }) => {
  const job = await acceptedForCredits(sender, worker)
  await moveClockTo(market, job, 'deadline_at', 1)
  return job
})
/** No way of handing in leads here; the document has a word on it all the same. */
const withoutOutput = jobThat(async ({ market: { db }, sender, worker }) => {
  const job = await submittedForCredits(sender, worker)
  await db.rows(`update job set output_text = null where id = $1`, [job.id])
  return job
})
const spent: Given = async ({ sender }) => {
  for (let n = 0; n < 5; n++) await postForCredits(sender)
  return {}
}

/** The job object of the document, every field of it. */
const job = (more: { readonly [field: string]: Holds } = {}): Holds => ({
  id: 'id',
  status: 'text',
  prompt: `=${documented}`,
  title: 'text',
  intent: 'text',
  skill: '=research',
  criteria: 'text',
  sender: 'id',
  receiver: null,
  output: null,
  verification: null,
  created_at: 'time',
  updated_at: 'time',
  ...more,
})
const isReceiver = ({ worker }: Scene, { body }: Answer): void => assert.equal(body.receiver, worker.userId)
const credits =
  (count: number) =>
  async ({ sender }: Scene): Promise<void> =>
    assert.equal(await creditsOf(sender), count)
const wrongState = { answers: 400, code: 'job_wrong_state' } as const
const notFound = { given: unknown, answers: 404, code: 'job_not_found' } as const

tell({
  name: 'the first Jobs API',
  market,
  endpoints: [
    'POST /api/jobs',
    'GET /api/jobs',
    'GET /api/jobs/:id',
    'POST /api/jobs/:id/accept',
    'POST /api/jobs/:id/submit',
    'POST /api/jobs/:id/verify',
    'GET /api/credits',
    'POST /api/credits',
  ],
  rows: {
    'POST /api/jobs': [
      {
        says: 'Structures a natural language prompt into a typed job; credits are deducted from the sender.',
        send: { prompt: documented },
        answers: 201,
        with: job({ status: '=queued' }),
        also: async (scene, { body }) => {
          assert.equal(body.sender, scene.sender.userId)
          await credits(8)(scene)
        },
      },
      { says: '400: prompt is missing', send: {}, answers: 400, code: 'invalid_input', saying: /prompt is missing/ },
      { says: '400: prompt is missing, no body', answers: 400, code: 'invalid_input', saying: /prompt is missing/ },
      { says: '400: prompt is blank', send: { prompt: ' ' }, answers: 400, code: 'invalid_input', saying: /missing/ },
      {
        says: '402: insufficient credits; nothing is saved',
        given: spent,
        send: { prompt: documented },
        answers: 402,
        code: 'insufficient_credits',
        with: { required_credits: 2, credits_balance: 0 },
        also: async ({ sender }) => assert.equal(went(await sender.ask<Job[]>('GET', '/api/jobs')).length, 5),
      },
      {
        says: 'market: no credential',
        by: 'nobody',
        send: { prompt: documented },
        answers: 401,
        code: 'authentication_required',
      },
    ],
    'GET /api/jobs': [
      {
        says: 'jobs where the authenticated user is the sender, newest first',
        given: both(queued, cancelled),
        answers: 200,
        with: [job()],
        also: ({ job: { id } }, { body }) => {
          const jobs = body as unknown as Job[]
          assert.deepEqual([jobs.length, jobs[0]!.id], [2, id])
        },
      },
      { says: 'not those one works on', given: accepted, by: 'worker', answers: 200, also: isEmpty },
    ],
    'GET /api/jobs/:id': [
      { says: 'Returns a single job by ID.', given: queued, answers: 200, with: job({ status: '=queued' }) },
      {
        says: 'market: strangers see intent and criteria while it is queued',
        given: queued,
        by: 'stranger',
        answers: 200,
        with: job({ prompt: null, intent: 'text', criteria: 'text' }),
      },
      { says: 'its receiver', given: accepted, by: 'worker', answers: 200, with: job({ receiver: 'id' }) },
      { says: 'market: not yours to see', given: accepted, by: 'stranger', answers: 404, code: 'job_not_found' },
      {
        says: 'market: work that has not passed is not shown to its sender',
        given: submitted,
        answers: 200,
        with: job({ status: '=submitted', receiver: 'id', output: null }),
      },
      {
        says: 'work that has',
        given: verified,
        answers: 200,
        with: job({ status: '=verified', receiver: 'id', output: `=${unixReport}`, verification: 'object' }),
      },
      {
        says: 'market: work that was rejected is not, but why it was is',
        given: rejected,
        answers: 200,
        with: job({
          status: '=rejected',
          receiver: 'id',
          output: null,
          verification: { pass: false, reasoning: 'text' },
        }),
      },
      { says: '404: job not found', ...notFound },
    ],
    'POST /api/jobs/:id/accept': [
      {
        says: 'Assigns the authenticated user as the receiver.',
        given: queued,
        by: 'worker',
        answers: 200,
        with: job({ status: '=accepted', receiver: 'id', attempt_count: 1, deadline_at: 'time' }),
        also: isReceiver,
      },
      { says: '400: not in queued status, for the same', given: accepted, by: 'worker', ...wrongState },
      { says: '400: not in queued status, for another', given: accepted, by: 'stranger', ...wrongState },
      { says: '400: not in queued status: submitted', given: submitted, by: 'stranger', ...wrongState },
      { says: '400: not in queued status: verified', given: verified, by: 'stranger', ...wrongState },
      { says: '400: not in queued status: cancelled', given: cancelled, by: 'stranger', ...wrongState },
      {
        says: 'market: an agent that is not there',
        given: queued,
        by: 'worker',
        send: { agent_name: 'nobody' },
        answers: 404,
        code: 'agent_not_found',
      },
      { says: '404: job not found', by: 'worker', ...notFound },
    ],
    'POST /api/jobs/:id/submit': [
      {
        says: 'Submits output for an accepted job.',
        given: accepted,
        by: 'worker',
        send: { output: unixReport },
        answers: 200,
        with: job({ status: '=submitted', receiver: 'id', output: `=${unixReport}` }),
        also: isReceiver,
      },
      {
        says: 'If no output is provided in the request body, the skill runs server-side.',
        given: accepted,
        by: 'worker',
        answers: 200,
        with: job({ status: '=submitted', receiver: 'id', output: 'text' }),
      },
      {
        says: 'output is optional: null is refused as everywhere',
        given: accepted,
        by: 'worker',
        send: { output: null },
        answers: 400,
        code: 'invalid_input',
      },
      {
        says: 'in_progress status: output of one’s own is taken instead of the skill’s',
        given: running,
        by: 'worker',
        send: { output: unixReport },
        answers: 200,
        with: job({ status: '=submitted', receiver: 'id', output: `=${unixReport}` }),
      },
      {
        says: '400: not in accepted or in_progress status: queued',
        given: queued,
        by: 'worker',
        send: { output: unixReport },
        ...wrongState,
      },
      {
        says: '400: not in accepted or in_progress status: queued, without output',
        given: queued,
        by: 'worker',
        ...wrongState,
      },
      {
        says: '400: not in accepted or in_progress status: submitted',
        given: submitted,
        by: 'worker',
        send: { output: unixReport },
        ...wrongState,
      },
      { says: '400: … submitted, without output', given: submitted, by: 'worker', ...wrongState },
      { says: '400: … verified', given: verified, by: 'worker', ...wrongState },
      {
        says: 'market: a day is what there is',
        given: late,
        by: 'worker',
        answers: 400,
        code: 'deadline_passed',
      },
      {
        says: '403: the caller is not the assigned receiver, but the sender',
        given: accepted,
        send: { output: unixReport },
        answers: 403,
        code: 'job_not_yours',
      },
      {
        says: '403: the caller is not the assigned receiver, but anybody',
        given: accepted,
        by: 'stranger',
        answers: 403,
        code: 'job_not_yours',
        also: ({ job: { title } }, { text }) => assert.ok(!text.includes(title) && !text.includes('accepted"')),
      },
      { says: '404: job not found', by: 'worker', ...notFound },
    ],
    'POST /api/jobs/:id/verify': [
      {
        says: 'verified, with the reasoning; creditCost * $0.50: 2 credits = $1.00 payout',
        given: submitted,
        answers: 200,
        with: job({
          status: '=verified',
          receiver: 'id',
          output: `=${unixReport}`,
          verification: { pass: true, reasoning: 'text' },
        }),
        also: async (scene) => {
          await credits(8)(scene)
          assert.equal((await walletOf(scene.worker)).balance_cents, 100)
        },
      },
      {
        says: 'rejected, with the reasoning; market: credits back',
        given: submittedJunk,
        answers: 200,
        with: job({ status: '=rejected', receiver: 'id', verification: { pass: false, reasoning: 'text' } }),
        also: async (scene) => {
          await credits(10)(scene)
          assert.equal((await walletOf(scene.worker)).balance_cents, 0)
        },
      },
      { says: '400: not in submitted status: queued', given: queued, ...wrongState },
      { says: '400: not in submitted status: accepted', given: accepted, ...wrongState },
      { says: '400: not in submitted status: in_progress', given: running, ...wrongState },
      { says: '400: not in submitted status: verified', given: verified, ...wrongState },
      { says: '400: not in submitted status: rejected', given: rejected, ...wrongState },
      {
        says: 'market: one paid from the wallet is verified by itself',
        given: unpaid,
        saying: /by itself/,
        ...wrongState,
      },
      { says: '400: has no output', given: withoutOutput, answers: 400, code: 'output_missing' },
      {
        says: '403: the caller is not the sender, but the receiver',
        given: submitted,
        by: 'worker',
        answers: 403,
        code: 'job_not_yours',
      },
      {
        says: '403: the caller is not the sender, but anybody',
        given: submitted,
        by: 'stranger',
        answers: 403,
        code: 'job_not_yours',
        also: async ({ sender, job: { id, title } }, { text }) => {
          assert.ok(!text.includes(title) && !text.includes('submitted'))
          assert.equal((await see(sender, { id })).status, 'submitted')
        },
      },
      { says: '404: job not found', ...notFound },
    ],
    'GET /api/credits': [
      {
        says: 'Your credits_balance and subscription_tier.',
        answers: 200,
        with: { credits_balance: 10, subscription_tier: '=free' },
      },
      { says: 'those in escrow are spent', given: queued, answers: 200, with: { credits_balance: 8 } },
      { says: 'market: no credential', by: 'nobody', answers: 401, code: 'authentication_required' },
    ],
    'POST /api/credits': [
      {
        says: 'Deduct credits (e.g. for match or intro).',
        send: { amount: 3, reason: 'match_deduction', reference_id: 'm-1' },
        answers: 200,
        with: { credits_balance: 7, subscription_tier: '=free' },
        also: async (scene, _answer) => {
          const again = { amount: 3, reason: 'match_deduction', reference_id: 'm-1' }
          const twice = await scene.sender.ask('POST', '/api/credits', again)
          assert.deepEqual([twice.status, twice.body.code], [409, 'already_deducted'])
          went(await scene.sender.ask('POST', '/api/credits', { ...again, reason: 'intro_deduction' }))
          went(await scene.worker.ask('POST', '/api/credits', again))
          await credits(4)(scene)
        },
      },
      {
        says: 'reference_id?',
        send: { amount: 10, reason: 'intro_deduction' },
        answers: 200,
        with: { credits_balance: 0 },
      },
      {
        says: 'Fails if balance would go negative.',
        send: { amount: 11, reason: 'intro_deduction', reference_id: 'i-1' },
        answers: 402,
        code: 'insufficient_credits',
        with: { credits_balance: 10 },
        also: async ({ sender }) => {
          // Nothing was deducted, so the reference is still free.
          went(await sender.ask('POST', '/api/credits', { amount: 1, reason: 'intro_deduction', reference_id: 'i-1' }))
        },
      },
      ...[0, -1, 1.5, 101, '3', null].map((amount) => ({
        says: `market: ${JSON.stringify(amount)} is no positive whole number up to 100`,
        send: { amount, reason: 'match_deduction' },
        answers: 400,
        code: 'invalid_input',
      })),
      { says: 'reason: one of two', send: { amount: 1, reason: 'gift' }, answers: 400, code: 'invalid_input' },
    ],
  },
})

function isEmpty(_scene: Scene, { body }: Answer): void {
  assert.deepEqual(body, [])
}

import assert from 'node:assert/strict'
import { after } from 'node:test'
import { type Answer, startTestMarket } from '../support/market.ts'
import { act, claim, fund, type Held, post, refused, take, unixReport, verifyAll, walletOf, went } from './desk.ts'
import { type Scene, tell } from './documents.ts'
import {
  accepted,
  agentOfWorker,
  calledOff,
  givenUp,
  held,
  isThen,
  job,
  lapsed,
  lastAttempt,
  late,
  queued,
  submitted,
  unknown,
  unpaid,
  verified,
} from './given.ts'

// What the Jobs API says to workers, line by line. Where market.md decides otherwise or more: "market:".
const market = await startTestMarket({ worker: false })
after(() => market.close())

const hidden = { answers: 404, code: 'job_not_found' } as const
const wrongState = { by: 'worker', answers: 400, code: 'job_wrong_state' } as const
const wrongRole = { answers: 403, code: 'job_not_yours' } as const
const work = { output: unixReport }

tell({
  name: 'Jobs API: a worker’s part',
  market,
  endpoints: [
    'POST /api/jobs/pull',
    'POST /api/jobs/:id/claim',
    'POST /api/jobs/:id/accept',
    'POST /api/jobs/:id/reject',
    'POST /api/jobs/:id/submit',
    'POST /api/jobs/:id/fail',
    'GET /api/jobs/:id/logs',
  ],
  rows: {
    'POST /api/jobs/pull': [
      {
        says: 'Find and hold the best matching job; price_cents and time_limit_seconds for the agent to evaluate',
        given: queued,
        by: 'worker',
        answers: 200,
        with: job({ status: '=held', hold_expires_at: 'time', match: { score: 'number', why: ['text'] } }),
        also: isTheJob,
      },
      {
        says: 'for the specified agent: agent_name',
        given: queued,
        by: 'worker',
        send: { agent_name: 'default' },
        answers: 200,
        with: job({ status: '=held', held_by_agent_id: 'id' }),
        also: isTheJob,
      },
      {
        says: 'for the specified agent: agent_id and agent_name',
        given: agentOfWorker(async () => {}),
        by: 'worker',
        send: ({ agent }: Scene) => ({ agent_id: agent.id, agent_name: 'code-monkey' }),
        answers: 200,
        with: job({ status: '=held' }),
        also: ({ agent, job: { id } }, { body }) => assert.deepEqual([body.id, body.held_by_agent_id], [id, agent.id]),
      },
      {
        says: 'Only queued (paid) jobs are returned; market: 204 when no eligible job exists',
        given: unpaid,
        by: 'worker',
        send: {},
        answers: 204,
      },
      {
        says: 'an agent that is not there',
        by: 'worker',
        send: { agent_name: 'nobody' },
        answers: 404,
        code: 'agent_not_found',
      },
      {
        says: 'an agent_id that is none',
        by: 'worker',
        send: { agent_id: 'agent-uuid' },
        answers: 400,
        code: 'invalid_input',
      },
    ],
    'POST /api/jobs/:id/claim': [
      {
        says: 'Claim a specific job by ID',
        given: queued,
        by: 'worker',
        answers: 200,
        with: job({ status: '=held', hold_expires_at: 'time' }),
        also: isTheJob,
      },
      { says: 'market: job_taken if someone was faster', given: held, by: 'stranger', answers: 409, code: 'job_taken' },
      { says: 'one nobody has paid for', given: unpaid, by: 'worker', ...hidden },
      { says: 'Resource not found', given: unknown, by: 'worker', ...hidden },
    ],
    'POST /api/jobs/:id/accept': [
      {
        says: 'Sets accepted_at and computes deadline_at based on the time limit. Increments attempt_count.',
        given: held,
        by: 'worker',
        answers: 200,
        with: job({ status: '=accepted', attempt_count: 1, accepted_at: 'time', deadline_at: 'time' }),
        also: (_scene, { body }) => {
          const given = Date.parse(String(body.deadline_at)) - Date.parse(String(body.accepted_at))
          assert.ok(Math.abs(given - 60_000) <= 1, `${given} ms for a minute's work`)
        },
      },
      { says: 'hold has expired', given: lapsed, by: 'worker', answers: 410, code: 'hold_lapsed', saying: /run out/ },
      { says: 'Accept a held job: one that is not', given: queued, ...wrongState },
      { says: 'Accept a held job: twice', given: accepted, ...wrongState },
      { says: 'Forbidden (wrong role for this action)', given: held, ...wrongRole },
      { says: 'market: held by somebody else, not yours to see', given: held, by: 'stranger', ...hidden },
      { says: 'Resource not found', given: unknown, by: 'worker', ...hidden },
    ],
    'POST /api/jobs/:id/reject': [
      {
        says: 'Releases the hold and returns the job to the queue.',
        given: held,
        by: 'worker',
        answers: 200,
        with: job({ status: '=queued', attempt_count: 0, hold_expires_at: null }),
        also: async ({ stranger, job: { id } }) => void (await claim(stranger, { id })),
      },
      {
        says: 'No penalty for rejecting.',
        given: held,
        by: 'worker',
        answers: 200,
        also: async ({ market: { db }, sender, worker }) => {
          await fund(market, sender, 2_500)
          for (let n = 0; n < 5; n++) {
            const another = await post(sender)
            await claim(worker, another)
            went(await act(worker, 'reject', another))
          }
          const marks = await db.rows(`select 1 from job_presentation where owner_id = $1 and lapsed`, [worker.userId])
          assert.deepEqual(marks, [])
        },
      },
      { says: 'not held by you', given: queued, by: 'worker', answers: 400, code: 'job_wrong_state' },
      { says: 'Forbidden (wrong role for this action)', given: held, answers: 403, code: 'job_not_yours' },
      { says: 'market: 410 once the hold has lapsed', given: lapsed, by: 'worker', answers: 410, code: 'hold_lapsed' },
      { says: 'Resource not found', given: unknown, by: 'worker', ...hidden },
    ],
    'POST /api/jobs/:id/submit': [
      {
        says: 'Submit output for an accepted job.',
        given: accepted,
        by: 'worker',
        send: work,
        answers: 200,
        with: job({ status: '=submitted', submitted_at: 'time', output: `=${unixReport}` }),
        also: async (scene, answer) => {
          // market: verification starts by itself, and the worker is paid at once.
          await verifyAll(market)
          await isThen('verified', 1, 0)(scene, answer)
          assert.equal((await walletOf(scene.worker)).balance_cents, 350)
        },
      },
      {
        says: 'market: output_text is an alias',
        given: accepted,
        by: 'worker',
        send: { output_text: unixReport },
        answers: 200,
        with: job({ status: '=submitted', output: `=${unixReport}` }),
      },
      {
        says: 'time limit exceeded (deadline passed)',
        given: late,
        by: 'worker',
        send: work,
        answers: 400,
        code: 'deadline_passed',
        saying: /time limit/,
      },
      {
        says: 'time limit exceeded (deadline passed), and swept',
        given: async (scene) => {
          const prepared = await late(scene)
          await scene.market.advance(1)
          return prepared
        },
        by: 'worker',
        send: work,
        answers: 400,
        code: 'deadline_passed',
        saying: /time limit/,
      },
      { says: 'an attempt given up', given: givenUp, by: 'worker', send: work, answers: 400, code: 'attempt_ended' },
      { says: 'for an accepted job: one that is held', given: held, send: work, ...wrongState },
      { says: 'for an accepted job: one that is queued', given: queued, send: work, ...wrongState },
      { says: 'for an accepted job: twice', given: submitted, send: work, ...wrongState },
      { says: 'Forbidden (wrong role for this action)', given: accepted, send: work, ...wrongRole },
      { says: 'market: not yours to see', given: accepted, by: 'stranger', send: work, ...hidden },
      { says: 'Resource not found', given: unknown, by: 'worker', send: work, ...hidden },
    ],
    'POST /api/jobs/:id/fail': [
      {
        says: 'Otherwise: re-queues the job for another agent',
        given: accepted,
        by: 'worker',
        answers: 200,
        with: job({ status: '=queued', attempt_count: 1 }),
        also: async ({ stranger, job: { id } }) =>
          assert.equal((await take(stranger, { id })).attempt_count, 2, 'market: raised by accept alone'),
      },
      {
        says: 'If cancellation_requested: sets status to cancelled, refunds sender',
        given: calledOff,
        by: 'worker',
        answers: 200,
        with: job({ status: '=cancelled' }),
        also: isThen('cancelled', 1, 500),
      },
      {
        says: 'If attempt_count >= 3: sets status to failed, refunds sender',
        given: lastAttempt,
        by: 'worker',
        send: { reason: 'too hard' },
        answers: 200,
        with: job({ status: '=failed', attempt_count: 3 }),
        also: isThen('failed', 3, 500),
      },
      { says: 'Give up on an accepted job: one that is held', given: held, ...wrongState },
      { says: 'Give up on an accepted job: one handed in', given: submitted, ...wrongState },
      { says: 'Give up on an accepted job: twice', given: givenUp, by: 'worker', answers: 400, code: 'attempt_ended' },
      { says: 'Forbidden (wrong role for this action)', given: accepted, ...wrongRole },
      { says: 'market: not yours to see', given: accepted, by: 'stranger', ...hidden },
      { says: 'Resource not found', given: unknown, by: 'worker', ...hidden },
    ],
    'GET /api/jobs/:id/logs': [
      {
        says: 'Server-sent events (SSE) stream of verification progress.',
        given: verified,
        answers: 200,
        also: async ({ sender, job: { id } }, { headers, text }) => {
          assert.match(headers.get('content-type')!, /^text\/event-stream/)
          const told = [...text.matchAll(/^event: (\w+)$/gm)].map((match) => match[1])
          assert.deepEqual([...new Set(told)], ['log', 'verdict', 'end'], 'market: log, verdict, end')
          const end = /id: (\d+)\nevent: end/.exec(text)![1]!
          // market: a reconnect with the id of `end` answers 204.
          const again = await sender.ask('GET', `/api/jobs/${id}/logs`, undefined, { 'last-event-id': end })
          assert.equal(again.status, 204)
        },
      },
      { says: 'its worker reads it too', given: verified, by: 'worker', answers: 200 },
      { says: 'market: parties only', given: verified, by: 'stranger', ...hidden },
      { says: 'Resource not found', given: unknown, ...hidden },
    ],
  },
})

/** The job that came is the one that was there; held once more, it is the same hold. */
async function isTheJob({ worker, job: { id } }: Scene, { body }: Answer): Promise<void> {
  assert.equal(body.id, id)
  const again = went(await worker.ask<Held>('POST', '/api/jobs/pull'))
  assert.deepEqual([again.id, again.hold_expires_at], [id, body.hold_expires_at])
  refused(await worker.ask('POST', `/api/jobs/${id}/submit`, { output: 'x' }), 400, 'job_wrong_state')
}

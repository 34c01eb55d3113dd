import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { type Fields, startTestMarket } from '../support/market.ts'
import {
  act,
  assertLawful,
  claim,
  fund,
  type Held,
  people,
  post,
  postUnpaid,
  refused,
  seeIn,
  take,
  unixReport,
  went,
} from './desk.ts'

const market = await startTestMarket()
after(() => market.close())
const [ada, bob, pauper] = await people(market, 'Ada', 'Bob', 'Paul')

test('POST /api/jobs/pull: nothing is 204; else the held job with what the agent needs to decide', async () => {
  const [cleo, dora] = await people(market, 'Cleo', 'Dora')
  await fund(market, cleo, 5000)
  assert.equal((await dora.ask('POST', '/api/jobs/pull')).status, 204)
  await postUnpaid(pauper)
  assert.equal((await dora.ask('POST', '/api/jobs/pull', {})).status, 204, 'only paid jobs are offered')

  const agent = went(
    await dora.ask<Fields>('POST', '/api/agents', { name: 'code-monkey', personality: 'Unix historian' }),
    201,
  )
  const checks = [{ type: 'contains', name: 'the lab', value: 'Bell Labs' }]
  const job = await post(cleo, { checks })
  const held = went(await dora.ask<Held>('POST', '/api/jobs/pull', { agent_id: agent.id, agent_name: 'code-monkey' }))
  assert.deepEqual(
    [held.id, held.status, held.price_cents, held.time_limit_seconds, held.held_by_agent_id],
    [job.id, 'held', 500, 3600, agent.id],
  )
  assert.deepEqual(held.checks, checks)
  assert.deepEqual(held.can, ['accept', 'reject'])
  assert.ok(held.prompt, 'the holder sees what is asked')
  assert.ok(held.match.score > 0 && held.match.score <= 1)
  assert.ok(held.match.why.length > 0)
  const left = Date.parse(held.hold_expires_at!) - Date.parse(held.updated_at)
  assert.ok(Math.abs(left - 30_000) < 20, `a hold of ${left} ms`)
  const again = went(await dora.ask<Held>('POST', '/api/jobs/pull', { agent_name: 'code-monkey' }))
  assert.deepEqual([again.id, again.hold_expires_at], [job.id, held.hold_expires_at], 'the same hold, never longer')

  for (const body of [
    { agent_name: 'nobody' },
    { agent_name: 'default', agent_id: agent.id },
    { agent_id: randomUUID() },
  ])
    refused(await dora.ask('POST', '/api/jobs/pull', body), 404, 'agent_not_found')
  refused(await dora.ask('POST', '/api/jobs/pull', { agent_id: 'agent-uuid' }), 400, 'invalid_input')
  assert.equal((await dora.ask('POST', '/api/jobs/pull')).status, 204, 'the default agent finds nothing more')
  const rejected = went(await act(dora, 'reject', job))
  assert.equal(rejected.status, 'queued')
  went(await act(cleo, 'cancel', job))
})

test('pull takes only what the agent asks for: price, skill and score', async () => {
  const [cleo, dora] = await people(market, 'Cleo', 'Dora')
  await fund(market, cleo, 5000)
  const job = await post(cleo, { price_cents: 400 })
  const none = [{ min_price_cents: 401 }, { skills: ['nothing-of-this'] }, { min_score: 1 }]
  for (const body of none) assert.equal((await dora.ask('POST', '/api/jobs/pull', body)).status, 204)
  const body = { min_price_cents: 400, skills: ['nothing-of-this', job.skill], min_score: 0 }
  assert.equal(went(await dora.ask<Held>('POST', '/api/jobs/pull', body)).id, job.id)
  went(await act(cleo, 'cancel', job))
})

test('claim, accept, submit and fail, and who may not', async () => {
  const [cleo, dora] = await people(market, 'Cleo', 'Dora')
  await fund(market, cleo, 5000)
  const job = await post(cleo)
  refused(await act(dora, 'claim', { id: randomUUID() }), 404, 'job_not_found')
  refused(await act(dora, 'accept', job), 400, 'job_wrong_state')
  await claim(dora, job)
  refused(await act(bob, 'claim', job), 409, 'job_taken')
  refused(await act(bob, 'accept', job), 404, 'job_not_found')
  refused(await act(bob, 'reject', job), 404, 'job_not_found')
  refused(await act(cleo, 'accept', job), 403, 'job_not_yours')
  refused(await act(dora, 'submit', job, { output: 'x' }), 400, 'job_wrong_state')
  refused(await act(dora, 'fail', job), 400, 'job_wrong_state')

  const accepted = went(await act(dora, 'accept', job))
  const given = Date.parse(accepted.deadline_at!) - Date.parse(accepted.accepted_at!)
  assert.ok(Math.abs(given - 3_600_000) < 20, `${given} ms for an hour's work`)
  assert.deepEqual([accepted.attempt_count, accepted.receiver], [1, dora.userId])
  refused(await act(dora, 'accept', job), 400, 'job_wrong_state')
  refused(await act(dora, 'reject', job), 400, 'job_wrong_state')
  for (const stranger of [bob, ada]) refused(await act(stranger, 'submit', job, {}), 404, 'job_not_found')
  refused(await act(cleo, 'submit', job, { output: 'by the sender' }), 403, 'job_not_yours')
  refused(await act(cleo, 'fail', job), 403, 'job_not_yours')

  const failed = went(await act(dora, 'fail', job, { reason: 'too hard' }))
  assert.deepEqual([failed.status, failed.attempt_count, failed.receiver], ['queued', 1, null])
  refused(await act(dora, 'fail', job), 400, 'attempt_ended')
  refused(await act(dora, 'submit', job, { output: unixReport }), 400, 'attempt_ended')
  await take(bob, job)
  const both = went(await act(bob, 'submit', job, { output_text: unixReport, attachments: [] }))
  assert.deepEqual([both.status, both.output, both.output_text], ['submitted', unixReport, unixReport])
  refused(await act(bob, 'submit', job, { output: 'again' }), 400, 'job_wrong_state')
  refused(await act(bob, 'fail', job), 400, 'job_wrong_state')
  assert.equal((await seeIn(cleo, job, 'verified')).verification!.pass, true)
  await assertLawful(market)
})

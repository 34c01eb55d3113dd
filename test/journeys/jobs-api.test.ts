import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import type { Job } from '../../src/desks/jobs/job.ts'
import { type Answer, type Fields, startTestMarket } from '../support/market.ts'
import {
  act,
  assertLawful,
  claim,
  fund,
  junk,
  people,
  post,
  postUnpaid,
  refused,
  see,
  seeIn,
  submit,
  take,
  walletOf,
  went,
} from './desk.ts'

const market = await startTestMarket()
after(() => market.close())
const [ada, bob, _pauper] = await people(market, 'Ada', 'Bob', 'Paul')
await fund(market, ada, 300_000)

/** The request body of the documents, word for word. */
const documented = {
  prompt: 'Research the history of the Unix operating system',
  envVars: {},
  attachments: [],
  price_cents: 500,
  time_limit_seconds: 3600,
  confirmed: false,
}

test('POST /api/jobs/run, phase 1: the documented body gets the documented estimates, and nothing is bought', async () => {
  const before = await walletOf(ada)
  const quote = went(await ada.ask<Fields>('POST', '/api/jobs/run', documented))
  assert.equal(quote.needs_confirmation, true)
  for (const field of ['title', 'description', 'requirements', 'criteria', 'skill', 'quote_id', 'structured_by'])
    assert.ok(typeof quote[field] === 'string' && quote[field] !== '', `${field}: ${String(quote[field])}`)
  assert.equal(quote.estimated_price_cents, 500)
  assert.equal(quote.estimated_time_limit_seconds, 3600)
  assert.equal((quote.acceptance_criteria as string[]).join('\n'), quote.criteria)
  assert.ok(['checks', 'judge', 'rules'].includes(String(quote.verification)))
  assert.deepEqual(await walletOf(ada), before)
  assert.deepEqual(went(await ada.ask('GET', '/api/jobs')), [])
})

test('what the sender says about price and time is not estimated, and the quote remembers it', async () => {
  const said = { prompt: documented.prompt, price_cents: 777, time_limit_seconds: 1234 }
  const quote = went(await ada.ask<Fields>('POST', '/api/jobs/run', said))
  assert.deepEqual([quote.estimated_price_cents, quote.estimated_time_limit_seconds], [777, 1234])
  const confirm = { prompt: documented.prompt, quote_id: quote.quote_id, confirmed: true }
  const job = went(await ada.ask<Job>('POST', '/api/jobs/run', confirm), 201)
  assert.deepEqual([job.price_cents, job.time_limit_seconds], [777, 1234])
  const other = went(await ada.ask<Job>('POST', '/api/jobs/run', { ...confirm, price_cents: 800 }), 201)
  assert.equal(other.price_cents, 800, 'what is said last counts')
  for (const { id } of [job, other]) went(await act(ada, 'cancel', { id }))
})

test('phase 2: queued and paid (201), or saved as pending_payment (402), which pay queues later', async () => {
  const job = went(await ada.ask<Job>('POST', '/api/jobs/run', { ...documented, confirmed: true }), 201)
  assert.equal(job.status, 'queued')
  assert.equal(job.price_cents, 500)
  assert.equal(job.time_limit_seconds, 3600)
  assert.equal(job.prompt, documented.prompt)
  assert.deepEqual([job.sender, job.receiver, job.output, job.verification], [ada.userId, null, null, null])

  const answer = await bob.ask<Fields>('POST', '/api/jobs/run', { ...documented, confirmed: true })
  const unpaid = refused(answer, 402, 'insufficient_balance')
  const saved = unpaid.job as Job
  assert.deepEqual([unpaid.job_id, unpaid.required_cents, unpaid.balance_cents], [saved.id, 500, 0])
  assert.ok(String(unpaid.topup_url).startsWith(market.url))
  assert.deepEqual([saved.status, saved.can, saved.fee_cents], ['pending_payment', ['pay', 'cancel'], null])

  const short = refused(await act(bob, 'pay', saved), 402, 'insufficient_balance')
  assert.deepEqual([short.job_id, short.required_cents, short.balance_cents], [saved.id, 500, 0])
  await fund(market, bob, 499)
  refused(await act(bob, 'pay', saved), 402, 'insufficient_balance')
  await fund(market, bob, 1)
  const paid = went(await act(bob, 'pay', saved))
  assert.deepEqual([paid.status, paid.fee_cents], ['queued', 150])
  assert.equal((await walletOf(bob)).balance_cents, 0)
  refused(await act(bob, 'pay', saved), 400, 'job_wrong_state')
  refused(await act(ada, 'pay', saved), 403, 'job_not_yours')
  refused(await act(ada, 'pay', { id: randomUUID() }), 404, 'job_not_found')
  for (const one of [job, saved]) went(await act(one === job ? ada : bob, 'cancel', one))
})

test('a missing prompt is 400, and so is every price or time outside the limits', async () => {
  for (const body of [undefined, {}, { confirmed: true }, { prompt: '' }, { prompt: ' \n ' }]) {
    const { error, issues } = refused(await ada.ask('POST', '/api/jobs/run', body), 400, 'invalid_input')
    assert.match(error, /prompt is missing/)
    assert.equal(issues![0]!.path, 'prompt')
  }
  const wrong: Fields[] = [
    { price_cents: 99 },
    { price_cents: 100_001 },
    { time_limit_seconds: 59 },
    { time_limit_seconds: 86_401 },
    { prompt: 'x'.repeat(20_001) },
    { checks: Array.from({ length: 21 }, () => ({ type: 'min_words', min: 1 })) },
    { checks: [{ type: 'contains' }] },
    { checks: [{ type: 'telepathy', value: 'x' }] },
    { min_pass_rate: 1.01 },
    { confirmed: 'true' },
    { quote_id: 'not-an-id' },
    { envVars: { A: 1 } },
  ]
  for (const one of wrong)
    refused(await ada.ask('POST', '/api/jobs/run', { ...documented, confirmed: true, ...one }), 400, 'invalid_input')
  const limits = { price_cents: 100, time_limit_seconds: 60 }
  const [least, most] = [
    await post(ada, { ...limits, prompt: 'x'.repeat(20_000) }),
    await post(ada, { price_cents: 90_000, time_limit_seconds: 86_400 }),
  ]
  for (const job of [least, most]) went(await act(ada, 'cancel', job))
})

test('checks that this market cannot run are refused when the job is posted, by name', async () => {
  const unusable = [
    { type: 'regex', value: '(a' },
    { type: 'regex', value: '(?=a)b' },
    { type: 'json_schema', schema: { type: 'no-such-type' } },
    { type: 'command', run: 'true' },
  ]
  for (const check of unusable) {
    const body = { ...documented, checks: [{ type: 'contains', value: 'Unix' }, check] }
    const { issues } = refused(await ada.ask('POST', '/api/jobs/run', body), 400, 'check_unusable')
    assert.match(issues![0]!.path, /^checks\.1\./)
  }
})

test('a quote is good for its owner, its prompt, its checks, and fifteen minutes', async () => {
  const [cleo] = await people(market, 'Cleo')
  await fund(market, cleo, 5000)
  const checks = [{ type: 'contains', value: 'Unix' }]
  const ask = { prompt: documented.prompt, checks }
  const { quote_id, title } = went(await cleo.ask<Fields>('POST', '/api/jobs/run', ask))
  const confirm = { ...ask, quote_id, confirmed: true, price_cents: 500, time_limit_seconds: 600 }
  const wrong: Fields[] = [
    { prompt: `${documented.prompt}!` },
    { checks: [] },
    { checks: [{ type: 'contains', value: 'unix' }] },
    { quote_id: randomUUID() },
  ]
  for (const one of wrong)
    refused(await cleo.ask('POST', '/api/jobs/run', { ...confirm, ...one }), 400, 'quote_mismatch')
  refused(await ada.ask('POST', '/api/jobs/run', confirm), 400, 'quote_mismatch')
  assert.equal(went(await cleo.ask<Job>('POST', '/api/jobs/run', confirm), 201).title, title)
  await market.advance(15 * 60 + 1)
  refused(await cleo.ask('POST', '/api/jobs/run', confirm), 400, 'quote_mismatch')
  for (const job of went(await cleo.ask<Job[]>('GET', '/api/jobs'))) went(await act(cleo, 'cancel', job))
})

test('POST /api/jobs/:id/cancel: the documented table, row by row', async () => {
  const [cleo, dora] = await people(market, 'Cleo', 'Dora')
  const unpaid = await postUnpaid(cleo)
  assert.equal(went(await act(cleo, 'cancel', unpaid)).status, 'cancelled')
  refused(await act(cleo, 'pay', unpaid), 400, 'job_wrong_state')

  await fund(market, cleo, 1500)
  const [queued, held, accepted] = [await post(cleo), await post(cleo), await post(cleo)]
  assert.equal(went(await act(cleo, 'cancel', queued)).status, 'cancelled')
  await claim(dora, held)
  assert.equal(went(await act(cleo, 'cancel', held)).status, 'cancelled')
  assert.equal((await act(dora, 'accept', held)).status, 404)
  assert.equal((await walletOf(cleo)).balance_cents, 1000)

  await take(dora, accepted)
  for (let n = 0; n < 2; n++) {
    const asked = went(await act(cleo, 'cancel', accepted))
    assert.deepEqual([asked.status, asked.cancellation_requested], ['accepted', true])
  }
  assert.equal((await walletOf(cleo)).balance_cents, 1000)
  assert.equal(went(await act(dora, 'fail', accepted)).status, 'cancelled')
  assert.equal((await walletOf(cleo)).balance_cents, 1500)

  for (const job of [unpaid, queued, held, accepted]) {
    const again = went(await act(cleo, 'cancel', job))
    assert.equal(again.status, 'cancelled', 'a no-op on an ended job')
  }
  assert.equal((await walletOf(cleo)).balance_cents, 1500)
  refused(await act(dora, 'cancel', accepted), 403, 'job_not_yours')
  refused(await act(bob, 'cancel', accepted), 404, 'job_not_found')
  await assertLawful(market)
})

test('GET /api/jobs: one’s own as sender, newest first, by state and page by page', async () => {
  const [cleo, dora] = await people(market, 'Cleo', 'Dora')
  await fund(market, cleo, 2500)
  const jobs: Job[] = []
  for (let n = 0; n < 5; n++) jobs.unshift(await post(cleo))
  const unpaid = await postUnpaid(cleo)
  await take(dora, jobs[1]!)
  await take(dora, jobs[2]!)
  await submit(dora, jobs[2]!, junk)
  await seeIn(cleo, jobs[2]!, 'queued')
  const ids = async (path: string): Promise<string[]> => went(await cleo.ask<Job[]>('GET', path)).map(({ id }) => id)
  assert.deepEqual(
    await ids('/api/jobs'),
    [unpaid, ...jobs].map(({ id }) => id),
  )
  assert.deepEqual(await ids('/api/jobs?status=accepted'), [jobs[1]!.id])
  assert.deepEqual(await ids('/api/jobs?status=pending_payment'), [unpaid.id])
  assert.deepEqual(
    await ids('/api/jobs?status=queued'),
    [jobs[0]!, jobs[2]!, jobs[3]!, jobs[4]!].map(({ id }) => id),
  )
  for (const state of ['held', 'in_progress', 'submitted', 'verified', 'rejected', 'cancelled', 'failed'])
    assert.deepEqual(await ids(`/api/jobs?status=${state}`), [])
  refused(await cleo.ask('GET', '/api/jobs?status=open'), 400, 'invalid_input')
  assert.deepEqual(went(await dora.ask('GET', '/api/jobs')), [])

  const seen: string[] = []
  let pages = 0
  for (let path: string | undefined = '/api/jobs?status=queued&limit=1'; path; pages++) {
    const answer: Answer<Job[]> = await cleo.ask<Job[]>('GET', path)
    const page = went(answer)
    assert.ok(page.length <= 1)
    seen.push(...page.map(({ id }) => id))
    path = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1]
  }
  assert.ok(pages <= 5)
  assert.deepEqual(seen, await ids('/api/jobs?status=queued'))
  assert.equal((await cleo.ask('GET', '/api/jobs')).headers.get('link'), null)
  for (const wrong of ['limit=0', 'limit=201', 'limit=x', 'cursor=x', 'cursor=', 'page=2', 'limit=1&limit=2'])
    refused(await cleo.ask('GET', `/api/jobs?${wrong}`), 400, 'invalid_input')
})

test('GET /api/jobs/:id: an id that is none, or of nobody’s job, is 404', async () => {
  refused(await ada.ask('GET', `/api/jobs/${randomUUID()}`), 404, 'job_not_found')
  refused(await ada.ask('GET', '/api/jobs/abc123'), 404, 'not_found')
  const job = await post(ada)
  assert.deepEqual(await see(ada, job), job)
})

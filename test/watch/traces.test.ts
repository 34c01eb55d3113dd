import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { cloneDatabase } from '../support/database.ts'
import { ask, signUp } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { startRole } from '../support/roles.ts'
import { canTrace, startCollector } from './collector.ts'

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const traceparent = `00-${trace}-00f067aa0ba902b7-01`

/** A payment provider that is out of order, and remembers what it was sent. */
async function startBrokenProvider() {
  const asked: { path: string; headers: NodeJS.Dict<string | string[]> }[] = []
  const server = createServer((request, response) => {
    asked.push({ path: request.url!, headers: request.headers })
    request.resume()
    request.on('end', () => response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{}}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, close: () => server.close() }
}

/** The lines of a log that are about a request. */
const linesOf = (text: string, id: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes(id))
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const [provider, collector] = await Promise.all([startBrokenProvider(), startCollector()])
after(() => [provider, collector].map((one) => one.close()))

test('an id of the caller is on the answer, in every log line of the request and on the call to the provider', async () => {
  const { url: databaseUrl } = await cloneDatabase()
  const dataDir = mkdtempSync(join(tmpdir(), 'traces-'))
  const api = await startRole('api', {
    databaseUrl,
    dataDir,
    env: { STRIPE_API_BASE: provider.url, LOG_LEVEL: 'debug', OTEL_EXPORTER_OTLP_ENDPOINT: '' },
  })
  const ada = await signUp(api.url, 'Ada')
  const id = 'ticket-112:a'
  const answer = await ada.ask('POST', '/api/wallet/topup', { amount_cents: 500 }, { 'x-request-id': id, traceparent })
  assert.equal(answer.status, 503, answer.text)
  assert.equal(answer.headers.get('x-request-id'), id)
  assert.equal(answer.headers.get('traceparent'), traceparent)
  const call = provider.asked.find(({ headers }) => headers['x-request-id'] === id)
  assert.ok(call, JSON.stringify(provider.asked))
  assert.equal(call.headers.traceparent, traceparent, 'the caller’s trace goes on')
  const lines = await until('its lines are written', () => {
    const found = linesOf(api.said(), id)
    return found.length >= 2 && found
  })
  assert.deepEqual([...new Set(lines.map(({ request_id: of }) => of))], [id])
  const warned = lines.find(({ msg }) => msg === 'refused, for what happened outside')
  assert.deepEqual([warned?.trace_id, warned?.parent_span_id], [trace, '00f067aa0ba902b7'], JSON.stringify(lines))
  const answered = lines.find(({ msg }) => msg === 'answered')
  assert.deepEqual([answered?.route, answered?.status, answered?.trace_id], ['/api/wallet/topup', 503, trace])
  await api.end('SIGINT')
})

test('traces: request, verb, statement and call of the provider in the caller’s trace, and no secret in any', async (story) => {
  if (!canTrace()) return story.skip('what sends traces is not installed, see above')
  const { url: databaseUrl } = await cloneDatabase()
  const dataDir = mkdtempSync(join(tmpdir(), 'traces-'))
  const api = await startRole('api', {
    databaseUrl,
    dataDir,
    env: {
      STRIPE_API_BASE: provider.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    },
  })
  const ada = await signUp(api.url, 'Ada')
  const canary = 'zqcanary'
  const headers = { traceparent, 'idempotency-key': `${canary}-key` }
  const posted = await ada.ask(
    'POST',
    '/api/jobs/run',
    {
      prompt: `Say ${canary}-prompt.`,
      price_cents: 500,
      time_limit_seconds: 60,
      confirmed: true,
    },
    headers,
  )
  assert.equal(posted.status, 402, 'it waits for money, and was written down')
  assert.equal((await ada.ask('POST', '/api/wallet/topup', { amount_cents: 500 }, { traceparent })).status, 503)
  assert.equal((await ask(api.url, 'GET', `/api/board?q=${canary}-query`)).status, 200)
  const garbled = `{"password":"${canary}-garbled"`
  assert.equal((await ask(api.url, 'POST', '/api/auth/sign-in/email', garbled)).status, 400)
  assert.equal(
    (await ask(api.url, 'POST', '/api/auth/sign-in/email', { email: `${canary}@x.test`, password: `${canary}-word` }))
      .status,
    401,
  )
  assert.equal((await ask(api.url, 'GET', `/no/such/${canary}-path`)).status, 404)
  const ended = await api.end('SIGINT')
  assert.equal(ended.code, 0, api.said())

  const { spans } = collector
  const request = spans.find(({ name }) => name === 'POST /api/jobs/run')!
  assert.equal(request.traceId, trace)
  assert.equal(request.parentSpanId, '00f067aa0ba902b7')
  assert.equal(request.attributes['http.response.status_code'], 402)
  assert.equal(request.attributes['clawrk.request_id'], posted.headers.get('x-request-id'))
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const above = (span: (typeof spans)[number]): string[] => {
    const parent = span.parentSpanId ? byId.get(span.parentSpanId) : undefined
    return parent ? [parent.name, ...above(parent)] : []
  }
  const verb = spans.find(({ name }) => name === 'verb POST /api/jobs/run')!
  assert.ok(above(verb).includes('POST /api/jobs/run'), above(verb).join(' < '))
  const statement = spans.find(({ attributes }) => /insert into job/.test(String(attributes['db.query.text'])))!
  assert.equal(above(statement)[0], verb.name)
  assert.match(statement.name, /^sql insert into /)
  const call = spans.find(({ name }) => name.startsWith('provider POST /v1/'))!
  assert.ok(above(call).includes('POST /api/wallet/topup'), above(call).join(' < '))
  assert.equal(spans.find(({ name }) => name === 'POST /api/wallet/topup')!.traceId, trace)
  const sent = provider.asked.findLast(({ headers: { traceparent: of } }) => String(of).includes(call.spanId))
  assert.ok(sent, 'the provider is told the span of its call')
  const refusal = spans.find(({ name }) => name === 'verb POST /api/auth/sign-in/email')!
  assert.equal(refusal.attributes['clawrk.refusal'], 'login_wrong')
  assert.equal(refusal.status, 0, 'a refusal is no fault')

  const all = collector.raw()
  for (const secret of [canary, ada.key, ada.key.split('_').at(-1)!, ada.cookie.split('=')[1]!, ada.email, databaseUrl])
    assert.ok(
      !all.includes(secret),
      `${secret} was sent to the collector: …${all.slice(all.indexOf(secret) - 200, all.indexOf(secret) + 50)}`,
    )
  story.diagnostic(`${spans.length} spans`)
})

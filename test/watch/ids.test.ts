import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import { readTraceparent } from '../../src/base/cause.ts'
import { ask, startTestMarket } from '../support/market.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())

/** Sends bytes and answers all that comes back until the server ends it. */
function sendRaw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(market.url)
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    socket.setEncoding('utf8')
    socket.on('data', (part) => {
      text += part
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}

const shape = /^[\w.:-]{1,100}$/

test('every answer has an id, whoever makes it', async () => {
  const asked: [method: string, path: string, status: number, body?: string][] = [
    ['GET', '/api/health', 200],
    ['GET', '/api/ready', 200],
    ['GET', '/metrics', 200],
    ['GET', '/openapi.json', 200],
    ['GET', '/', 200],
    ['GET', '/assets/wallet.js', 200],
    ['GET', '/api/wallet/balance', 401],
    ['GET', '/no/such/thing', 404],
    ['GET', '/api/jobs/%E0%A4%A', 404],
    ['GET', '/twin/checkout/cs_test_unknown', 404],
    ['POST', '/api/auth/sign-in/email', 400, '{"email":'],
    ['POST', '/api/stripe/webhook', 400, '{}'],
  ]
  const seen = new Set<string>()
  for (const [method, path, status, body] of asked) {
    const answer = await ask(market.url, method, path, body)
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text.slice(0, 200)}`)
    const id = answer.headers.get('x-request-id')
    assert.match(id ?? '', shape, `${method} ${path}`)
    seen.add(id!)
  }
  assert.equal(seen.size, asked.length, 'each its own')
  for (const [bytes, status, code] of [
    ['This is no request.\r\n\r\n', 400, 'malformed_request'],
    [`GET / HTTP/1.1\r\nhost: x\r\nlong: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ] as const) {
    const answer = await sendRaw(bytes)
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
    const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { code: string; request_id: string }
    assert.equal(body.code, code)
    assert.equal(/^x-request-id: (\S+)\r$/m.exec(answer)![1], body.request_id)
  }
})

test('a sane id of the caller is kept, any other is not; a trace is sent back only when it is one', async () => {
  const sent = async (headers: Record<string, string>): Promise<Headers> =>
    (await ask(market.url, 'GET', '/api/wallet/balance', undefined, headers)).headers
  assert.equal((await sent({ 'x-request-id': 'ticket-112:a.b_c' })).get('x-request-id'), 'ticket-112:a.b_c')
  for (const odd of ['x'.repeat(101), 'two words', '<script>', 'a"b', 'ü']) {
    const id = (await sent({ 'x-request-id': odd })).get('x-request-id')!
    assert.notEqual(id, odd)
    assert.match(id, shape)
  }
  const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  assert.equal((await sent({ traceparent: trace })).get('traceparent'), trace)
  for (const none of [
    'x',
    trace.toUpperCase(),
    trace.replace('4bf92f3577b34da6a3ce929d0e0e4736', '0'.repeat(32)),
    trace.replace('00f067aa0ba902b7', '0'.repeat(16)),
    trace.replace(/^00/, 'ff'),
    `${trace}-more`,
    `01${trace.slice(2)}-${'x'.repeat(300)}`,
  ]) {
    assert.equal(readTraceparent(none), null, none)
    assert.equal((await sent({ traceparent: none })).get('traceparent'), null, none)
  }
  assert.ok(readTraceparent(`01${trace.slice(2)}-more`), 'of a later version what we know of it is read')
})

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { after, type TestContext, test } from 'node:test'
import { people, refused } from '../journeys/desk.ts'
import { assertRefused, send, startTarget } from './attack.ts'

const market = await startTarget()
after(() => market.close())
const [mallory] = await people(market, 'Mallory')

test('addresses that are none have the documented error shape too', async () => {
  const auth = { authorization: `Bearer ${mallory.key}` }
  const paths: [method: string, path: string][] = [
    ['GET', '/api/nothing'],
    ['PUT', '/api/jobs'],
    ['GET', '/api/jobs/%'],
    ['GET', '/api/jobs/%E0%A4%A'],
    ['GET', '/api/jobs/%00'],
    ['GET', `/api/jobs/${'x'.repeat(400)}`],
    ['GET', '/api/jobs/..%2f..%2fetc%2fpasswd'],
    ['POST', "/api/jobs/' or 1=1 --/pay".replaceAll(' ', '%20')],
    ['GET', '/api/agents/00000000-0000-0000-0000-00000000000g'],
    ['GET', '/api/jobs/undefined'],
    ['DELETE', '/api/agents/null'],
    ['GET', '/api//jobs'],
    ['HEAD', '/api/agents'],
  ]
  for (const [method, path] of paths) {
    const answer = await send(market.url, method, path, auth)
    assert.equal(answer.status, 404, `${method} ${path}: ${answer.text}`)
    if (method !== 'HEAD') assertRefused(answer, `${method} ${path}`)
  }
})

test('headers that are none are refused, or do no harm', async () => {
  const auth = { authorization: `Bearer ${mallory.key}` }
  for (const key of ['', ' ', 'ключ', 'x'.repeat(256), 'a b', 'a\tb']) {
    const answer = await send(
      market.url,
      'POST',
      '/api/agents',
      {
        ...auth,
        'content-type': 'application/json',
        'idempotency-key': Buffer.from(key).toString('latin1'),
      },
      '{"name":"keyed"}',
    )
    refused(answer, 400, 'idempotency_key_invalid')
  }
  for (const id of ['<script>', 'x'.repeat(500), 'a b'])
    assert.notEqual(
      (await send(market.url, 'GET', '/api/agents', { ...auth, 'x-request-id': id })).headers.get('x-request-id'),
      id,
    )
  for (const credential of ['Basic bWFsbG9yeQ==', 'Bearer', 'Bearer ', `Bearer  ${mallory.key} x`, 'Bearer \u00e9'])
    assert.equal((await send(market.url, 'POST', '/api/whoami', { authorization: credential })).status, 401, credential)
})

test('the twin’s pages are no way into anything else', async () => {
  const inside = ['/twin/../v1/customers', '/twin/%2e%2e/v1/events', '/twin/..//v1/customers', '/twin/..;/v1/customers']
  for (const path of inside) {
    for (const method of ['GET', 'POST']) {
      const answer = await send(market.url, method, path, { authorization: 'Bearer sk_test_twin' })
      assert.equal(answer.status, 404, `${method} ${path}: ${answer.status} ${answer.text.slice(0, 200)}`)
      assert.ok(!answer.text.includes('"object"'), path)
    }
  }
})

test('a request line that names another host does not make the market ask there', async (story) => {
  const { address, seen } = await eavesdrop(story)
  for (const host of [address, `user@${address}`, '[']) {
    for (const path of ['/twin/x', '/twin/../admin', '/twin/%2e%2e/admin'])
      assert.match(await raw(market.url, `GET http://${host}${path} HTTP/1.1`), /^HTTP\/1.1 404 /)
  }
  assert.deepEqual(seen, [], 'the market fetched what a stranger told it to')
})

/** A server that writes down who came. */
async function eavesdrop(story: TestContext): Promise<{ address: string; seen: string[] }> {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    response.end('{}')
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as { port: number }
  story.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { address: `127.0.0.1:${port}`, seen }
}

/** One request with this very first line; resolves when the answer has come. */
function raw(url: string, line: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let text = ''
    socket.on('data', (chunk) => (text += chunk))
    socket.on('end', () => resolve(text))
    socket.on('error', reject)
    socket.write(`${line}\r\nhost: ${hostname}\r\nconnection: close\r\n\r\n`)
  })
}

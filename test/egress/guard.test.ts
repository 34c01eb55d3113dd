import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import test, { type TestContext } from 'node:test'
import { isPublicAddress } from '../../src/base/egress/address.ts'
import { EgressError, openEgress } from '../../src/base/egress/egress.ts'
import { corpus, misleading } from './corpus.ts'

async function listen(context: TestContext, server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** Sees every connection that this process tries to make, and lets none through. */
function watchConnects(context: TestContext): string[] {
  const tried: string[] = []
  context.mock.method(Socket.prototype, 'connect', function connect(this: Socket, ...[first]: unknown[]) {
    const [options] = (Array.isArray(first) ? first : [first]) as [{ host?: string; path?: string }]
    tried.push(options.host ?? options.path ?? JSON.stringify(first))
    queueMicrotask(() => this.destroy(Object.assign(new Error('not here'), { code: 'ECONNREFUSED' })))
    return this
  })
  return tried
}

test('no address of the corpus is ever connected to', async (context) => {
  let heard = 0
  const port = await listen(
    context,
    createServer((_request, answer) => answer.end('inside')).on('connection', () => heard++),
    '::',
  )
  const tried = watchConnects(context)
  const egress = openEgress({
    allowPrivate: false,
    resolve: async (host) => {
      if (host in misleading) return misleading[host]!
      throw new Error(`${host} was resolved`)
    },
  })
  const urls = corpus(port)
  assert.ok(urls.length >= 400, `${urls.length} addresses are too few`)
  for (const url of urls) {
    await assert.rejects(
      egress.send({ url, body: '{}' }),
      (error) => error instanceof EgressError && (error.fault === 'refused' || error.fault === 'unresolved'),
      `${JSON.stringify(url)} was not refused`,
    )
  }
  assert.deepEqual(tried, [], 'something was connected to')
  assert.equal(heard, 0)
  context.diagnostic(`${urls.length} addresses, ${tried.length} connects`)
})

test('an address at the edge of what is closed is open', () => {
  const open =
    '1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.254 100.128.0.1 126.255.255.255 128.0.0.1 169.253.255.255 169.255.0.1 172.15.255.255 172.32.0.1 192.0.1.1 192.167.255.255 192.169.0.1 198.17.255.255 198.20.0.1 223.255.255.255 168.63.129.15 2606:4700::1111 2a00:1450:4001::1 2001:4860:4860::8888 2400:cb00::1'
  for (const address of open.split(' ')) assert.ok(isPublicAddress(address), address)
  for (const address of [
    '',
    'x',
    '1.1.1',
    '0x01010101',
    '01.1.1.1',
    '1.1.1.1 ',
    '2606:4700::1111%eth0',
    '::ffff:1.1.1.1',
  ])
    assert.ok(!isPublicAddress(address), address)
})

test('the address that was judged is the one that is connected to, however the name changes its mind', async (context) => {
  const tried = watchConnects(context)
  let asked = 0
  const egress = openEgress({
    allowPrivate: false,
    resolve: async () => (asked++ % 2 === 0 ? ['93.184.215.14'] : ['127.0.0.1']),
  })
  for (let round = 0; round < 100; round++)
    await assert.rejects(egress.send({ url: 'https://rebinding.example/hook', body: '{}' }), EgressError)
  assert.equal(asked, 100, 'a name is resolved once for each request')
  assert.deepEqual([...new Set(tried)], ['93.184.215.14'])
  assert.equal(tried.length, 50)
})

test('a redirect is an answer, and nobody goes where it leads', async (context) => {
  let heard = 0
  const inner = await listen(
    context,
    createServer((_request, answer) => answer.end()).on('connection', () => heard++),
  )
  for (const status of [301, 302, 303, 307, 308]) {
    const port = await listen(
      context,
      createServer((_request, answer) => answer.writeHead(status, { location: `http://127.0.0.1:${inner}/` }).end()),
    )
    const answer = await openEgress({ allowPrivate: true }).send({ url: `http://127.0.0.1:${port}/`, body: '{}' })
    assert.equal(answer.status, status)
  }
  assert.equal(heard, 0)
})

test('a request arrives whole, with its own host, and its answer comes back with no more than was allowed', async (context) => {
  const seen: unknown[] = []
  const port = await listen(
    context,
    createServer((request, answer) => {
      let body = ''
      request.on('data', (part) => (body += part))
      request.on('end', () => {
        seen.push({ method: request.method, url: request.url, host: request.headers.host, body })
        answer.writeHead(201, { 'x-a': 'b' })
        answer.end('y'.repeat(request.url === '/huge' ? 5_000_000 : 10))
      })
    }),
  )
  const egress = openEgress({ allowPrivate: true, limits: { bodyBytes: 1_000 } })
  const small = await egress.send({ url: `http://localhost:${port}/a?b=c#d`, body: 'ä' })
  assert.deepEqual(
    [small.status, small.body.toString(), small.isWhole, small.headers['x-a']],
    [201, 'y'.repeat(10), true, 'b'],
  )
  assert.deepEqual(seen[0], { method: 'POST', url: '/a?b=c', host: `localhost:${port}`, body: 'ä' })
  const huge = await egress.send({ url: `http://127.0.0.1:${port}/huge`, body: '' })
  assert.deepEqual([huge.status, huge.body.length, huge.isWhole], [201, 1_000, false])
})

test('whoever hangs, drips, resets or speaks no TLS is given up in time, with a reason', async (context) => {
  const limits = { connectMs: 300, answerMs: 500, bodyMs: 200 }
  const egress = openEgress({ allowPrivate: true, limits })
  const drip = (socket: Socket, text: string): void => {
    const timer = setInterval(() => socket.write(text), 50)
    socket.on('close', () => clearInterval(timer))
    socket.on('error', () => {})
  }
  const kinds: Record<string, { fault: string; behave: (server: Server) => void; scheme?: string }> = {
    hangs: { fault: 'timeout', behave: (server) => server.on('request', () => {}) },
    'drips its head': {
      fault: 'timeout|broken',
      behave: (server) => server.on('connection', (socket) => drip(socket, 'X')).on('request', () => {}),
    },
    resets: {
      fault: 'broken|unreachable',
      behave: (server) => server.on('connection', (socket) => socket.resetAndDestroy()),
    },
    'speaks no TLS': {
      fault: 'tls',
      scheme: 'https',
      behave: (server) => server.on('request', (_, answer) => answer.end()),
    },
    'says 100 for ever': {
      fault: 'timeout',
      behave: (server) => server.on('request', (request) => drip(request.socket, 'HTTP/1.1 100 Continue\r\n\r\n')),
    },
    'switches protocols': {
      fault: 'broken',
      behave: (server) =>
        server.on('request', (request) =>
          request.socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
        ),
    },
  }
  for (const [name, { fault, behave, scheme = 'http' }] of Object.entries(kinds)) {
    const server = createServer()
    behave(server)
    const port = await listen(context, server)
    const since = Date.now()
    await assert.rejects(
      egress.send({ url: `${scheme}://127.0.0.1:${port}/`, body: '{}' }),
      (error) => error instanceof EgressError && new RegExp(`^(${fault})$`).test(error.fault),
      name,
    )
    assert.ok(Date.now() - since < 3_000, name)
  }
  const dripping = createServer((request, answer) => {
    answer.writeHead(200)
    drip(request.socket, '1\r\ny\r\n')
    answer.flushHeaders()
  })
  const port = await listen(context, dripping)
  const answer = await egress.send({ url: `http://127.0.0.1:${port}/`, body: '{}' })
  assert.deepEqual([answer.status, answer.isWhole], [200, false], 'its head has said that it was taken')
})

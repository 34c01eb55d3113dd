import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openEgress } from '../../src/base/egress/egress.ts'
import type { Mailer } from '../../src/base/mail/mailer.ts'
import type { Note } from '../../src/core/channels/compose.ts'
import { email } from '../../src/core/channels/email.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes that are really in use. */
const used = async (): Promise<number> => {
  for (let times = 0; times < 3; times++) {
    collect()
    await new Promise((done) => setImmediate(done))
  }
  return process.memoryUsage().heapUsed
}

test('nothing of a request stays with the signal of a process that goes on', async (context) => {
  const server = createServer((request, response) => {
    request.resume()
    response.end('taken')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  context.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const egress = openEgress({ allowPrivate: true })
  const { signal } = new AbortController()
  const send = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n++) await egress.send({ url, body: 'x'.repeat(1_000), signal })
  }
  await send(400)
  const before = await used()
  await send(800)
  const each = ((await used()) - before) / 800
  context.diagnostic(`${Math.round(each)} bytes a request`)
  assert.ok(each < 700, `${each} bytes stay for each request`)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('nor of a letter', async () => {
  const { signal } = new AbortController()
  const mailer: Mailer = {
    send: async () => ({ outcome: 'taken', status: 250, error: null, retryAfterSeconds: 0 }),
    close() {},
  }
  const note: Note = {
    id: 'one',
    subject: 'A job',
    lines: [],
    more: 0,
    moreLink: 'https://market.example',
    foot: { text: 'You asked for this.', link: 'https://market.example/stop' },
  }
  assert.equal((await email(mailer)('ada@example.com', note, signal))?.outcome, 'delivered')
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

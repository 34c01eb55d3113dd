import assert from 'node:assert/strict'
import test from 'node:test'
import { ClawrkError, createClient, type EventsOptions, type ServerEvent } from '../../src/edges/sdk/client.ts'

/** What a market sends on one connection; `broken` ends it as a lost connection does. */
function stream(chunks: readonly string[], broken = false): Response {
  const left = [...chunks]
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = left.shift()
      if (chunk !== undefined) controller.enqueue(new TextEncoder().encode(chunk))
      else if (broken) controller.error(new TypeError('terminated'))
      else controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
}

async function read(answers: readonly (Response | Error)[], options?: EventsOptions) {
  const left = [...answers]
  const asked: (string | undefined)[] = []
  const fake = async (_url: URL | RequestInfo, init: RequestInit = {}): Promise<Response> => {
    asked.push((init.headers as Record<string, string>)['last-event-id'])
    const answer = left.shift() ?? new Error('asked more often than the test expects')
    if (answer instanceof Error) throw answer
    return answer
  }
  const { jobs } = createClient({ url: 'http://market.test', key: 'clk_x', fetch: fake as typeof fetch })
  const events: ServerEvent[] = []
  for await (const event of jobs.logs({ id: 'x' }, options)) events.push(event)
  return { events, asked, left: left.length }
}

const quick = 'retry: 1\n\n'
const event = (id: number, name: string, data: unknown): string =>
  `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`

test('events come whole however the bytes are cut, with any line ends, and end with the event end', async () => {
  const text = `${quick}: nothing new\n\n${event(1, 'log', { message: 'ä' })}id:2\r\nevent:log\r\ndata:{"a":\r\ndata:1}\r\n\r\n${event(3, 'end', {})}${event(4, 'log', {})}`
  const { events } = await read([stream([...text])])
  assert.deepEqual(events, [
    { id: '1', event: 'log', data: { message: 'ä' } },
    { id: '2', event: 'log', data: { a: 1 } },
    { id: '3', event: 'end', data: {} },
  ])
})

test('a stream that breaks off is gone on with behind the last event, and half an event is not shown', async () => {
  const { events, asked } = await read(
    [
      stream([quick, event(1, 'log', {}), 'id: 2\nevent: log\ndata: {"ha']),
      stream([quick, event(2, 'log', {})], true),
      new TypeError('fetch failed'),
      new Response(JSON.stringify({ error: 'x', code: 'busy', request_id: 'r' }), { status: 503 }),
      stream([quick, event(3, 'end', {})]),
    ],
    { lastEventId: '0' },
  )
  assert.deepEqual(asked, ['0', '1', '2', '2', '2'])
  assert.deepEqual(
    events.map(({ id }) => id),
    ['1', '2', '3'],
  )
})

test('204 ends it; without follow it ends once everything there is was read', async () => {
  assert.deepEqual((await read([new Response(null, { status: 204 })])).events, [])
  const { events, left } = await read(
    [stream([quick, event(1, 'log', {}), ': nothing new\n\n', event(2, 'log', {})])],
    {
      follow: false,
    },
  )
  assert.deepEqual([events.map(({ id }) => id), left], [['1'], 0])
})

test('a refusal is thrown at once, and so is a market that stays away too long', async () => {
  const gone = new Response(JSON.stringify({ error: 'x', code: 'job_not_found', request_id: 'r' }), { status: 404 })
  await assert.rejects(read([gone]), (error) => error instanceof ClawrkError && error.code === 'job_not_found')
  await assert.rejects(
    read([new TypeError('fetch failed')], { awaySeconds: 0 }),
    (error) => error instanceof ClawrkError && error.code === 'unreachable',
  )
})

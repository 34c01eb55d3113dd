import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { WireEvent } from '../../src/core/events/kind.ts'

export interface Got {
  readonly at: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly event: WireEvent
}

export interface Receiver {
  readonly url: string
  readonly got: readonly Got[]
  close(): Promise<void>
}

type Behaviour = (got: Got, answer: ServerResponse, nth: number) => void

export const answers =
  (status: number, headers: Readonly<Record<string, string>> = {}): Behaviour =>
  (_got, answer) =>
    void answer.writeHead(status, headers).end(status === 200 ? 'thanks' : 'no')

/** Somebody's server: keeps what it is sent, and answers as it is told to. */
export async function receive(
  context: Pick<TestContext, 'after'>,
  behave: Behaviour = answers(200),
): Promise<Receiver> {
  const got: Got[] = []
  const server = createServer((request, answer) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('error', () => {})
    answer.on('error', () => {})
    request.on('data', (part) => (body += part))
    request.on('end', () => {
      const one = { at: Date.now(), headers: request.headers, body, event: JSON.parse(body) as WireEvent }
      got.push(one)
      behave(one, answer, got.length)
    })
  })
  server.on('clientError', (_error, socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  context.after(close)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got, close }
}

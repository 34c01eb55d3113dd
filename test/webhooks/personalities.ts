import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Webhook as Official } from 'standardwebhooks'
import type { WireEvent } from '../../src/core/events/kind.ts'
import { verifyWebhook } from '../../src/edges/sdk/client.ts'

/** Somebody's server as it may be in the world. */
export interface Personality {
  readonly name: string
  /** `live`: all arrives; `dead`: nothing is ever taken; `gone`: it says so itself. */
  readonly fate: 'live' | 'dead' | 'gone'
  /** Whether it is held to the time of those that are well. */
  readonly isHealthy?: boolean
  /** How many events it is told; the healthy and flapping ones get many. */
  readonly many: boolean
  readonly scheme?: 'https'
  readonly behave: (request: IncomingMessage, answer: ServerResponse, nth: number, takes: () => void) => void
}

const drip = (socket: Socket, text: string): void => {
  const timer = setInterval(() => socket.write(text), 30)
  socket.on('close', () => clearInterval(timer))
}

/** Whether the day is over on which one of them was dead. */
export const day = { isOver: false }

const ok = (answer: ServerResponse, takes: () => void): void => {
  takes()
  answer.writeHead(200).end('ok')
}

export const personalities: readonly Personality[] = [
  { name: 'fast', fate: 'live', isHealthy: true, many: true, behave: (_q, answer, _n, takes) => ok(answer, takes) },
  {
    name: 'also fast, with 204',
    fate: 'live',
    isHealthy: true,
    many: true,
    behave(_q, answer, _n, takes) {
      takes()
      answer.writeHead(204).end()
    },
  },
  {
    name: 'out-of-order acknowledgements',
    fate: 'live',
    isHealthy: true,
    many: true,
    behave: (_q, answer, nth, takes) => void setTimeout(() => ok(answer, takes), nth % 3 === 0 ? 30 : 1),
  },
  {
    name: 'flapping',
    fate: 'live',
    many: true,
    behave: (_q, answer, nth, takes) => (nth % 7 === 3 ? void answer.writeHead(503).end() : ok(answer, takes)),
  },
  {
    name: 'resets now and then',
    fate: 'live',
    many: true,
    behave: (request, answer, nth, takes) => (nth % 11 === 5 ? request.socket.resetAndDestroy() : ok(answer, takes)),
  },
  {
    name: 'slow',
    fate: 'live',
    many: false,
    behave: (_q, answer, _n, takes) => void setTimeout(() => ok(answer, takes), 150),
  },
  {
    name: 'drip-feed',
    fate: 'live',
    many: false,
    behave(request, answer, _n, takes) {
      takes()
      answer.writeHead(200)
      answer.flushHeaders()
      drip(request.socket, '1\r\nx\r\n')
    },
  },
  {
    name: 'huge body',
    fate: 'live',
    many: false,
    behave(_q, answer, _n, takes) {
      takes()
      answer.writeHead(200)
      const part = Buffer.alloc(256 * 1024, 'x')
      const go = (): void => {
        while (!answer.destroyed) if (!answer.write(part)) return void answer.once('drain', go)
      }
      go()
    },
  },
  {
    name: '429 with Retry-After',
    fate: 'live',
    many: false,
    behave: (_q, answer, nth, takes) =>
      nth % 2 === 1 ? void answer.writeHead(429, { 'retry-after': '1' }).end() : ok(answer, takes),
  },
  {
    name: 'dead for a day, then back',
    fate: 'live',
    many: false,
    behave: (request, answer, _n, takes) => (day.isOver ? ok(answer, takes) : request.socket.destroy()),
  },
  { name: 'hang', fate: 'dead', many: false, behave: () => {} },
  { name: '500', fate: 'dead', many: false, behave: (_q, answer) => void answer.writeHead(500).end('x') },
  {
    name: 'redirect',
    fate: 'dead',
    many: false,
    behave: (_q, answer) => void answer.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
  },
  { name: 'reset', fate: 'dead', many: false, behave: (request) => request.socket.resetAndDestroy() },
  { name: 'wrong TLS', fate: 'dead', many: false, scheme: 'https', behave: (_q, answer) => void answer.end() },
  { name: '410', fate: 'gone', many: false, behave: (_q, answer) => void answer.writeHead(410).end() },
]

export interface Playing {
  readonly url: string
  readonly personality: Personality
  secret: string
  /** What it has taken, by the number of the event, with when it came first. */
  readonly taken: Map<number, number>
  requests: number
  /** Signatures that did not verify. */
  readonly forged: string[]
  close(): void
}

/** Plays a personality at an address of its own; every request is verified in all three ways. */
export async function play(personality: Personality): Promise<Playing> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((request, answer) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('error', () => {})
    answer.on('error', () => {})
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      playing.requests++
      const { headers } = request
      const verified = (async () => {
        new Official(playing.secret).verify(body, headers as Record<string, string>)
        await verifyWebhook({ body, headers, secret: playing.secret })
      })()
      verified.catch((error: Error) => playing.forged.push(error.message))
      const { data } = JSON.parse(body) as WireEvent
      const nth = Number(data.nth)
      personality.behave(request, answer, playing.requests, () => {
        if (!playing.taken.has(nth)) playing.taken.set(nth, Date.now())
      })
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const playing: Playing = {
    url: `${personality.scheme ?? 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    personality,
    secret: '',
    taken: new Map(),
    requests: 0,
    forged: [],
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
  return playing
}

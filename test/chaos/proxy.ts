import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What happens to the next call that is struck: it never arrives, or it does and its answer never comes back. */
export type Strike = 'lost_before' | 'lost_after' | 'killed_before' | 'killed_after'

export interface Between {
  readonly url: string
  /** Strikes the next POST to this path; `kill` ends whoever has asked. `times` counts the provider's library, which asks again. */
  strike(strike: Strike, path: string, kill: () => void, times: number): void
  /** Whether something has been struck. */
  struck(): boolean
  close(): Promise<void>
}

/** Stands between the market and its provider. */
export async function openProxy(target: string): Promise<Between> {
  let plan: { strike: Strike; path: string; kill: () => void; times: number } | null = null
  let strikes = 0
  const serve = async (asked: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const body = await bytesOf(asked)
    const isMeant = plan !== null && plan.times > 0 && asked.method === 'POST' && asked.url === plan.path
    const now = isMeant ? plan : null
    if (now) {
      now.times--
      strikes++
    }
    const lose = (): void => {
      if (now!.strike.startsWith('killed')) now!.kill()
      asked.socket.destroy()
    }
    if (now?.strike.endsWith('before')) return lose()
    const { host: _host, ...headers } = asked.headers
    const onward = request(target + asked.url, { method: asked.method, headers }, (back) => {
      void bytesOf(back).then((bytes) => {
        if (now) lose()
        else answer.writeHead(back.statusCode!, back.headers).end(bytes)
      })
    })
    onward.on('error', () => asked.socket.destroy())
    onward.end(body)
  }
  const server = createServer((asked, answer) => void serve(asked, answer))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    strike(strike, path, kill, times) {
      strikes = 0
      plan = { strike, path, kill, times }
    },
    struck: () => strikes > 0,
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

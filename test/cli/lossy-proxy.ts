import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * What happens to an answer on its way: `lost` (the market has done it, nobody hears), `refused` (it never gets there), or so many
 * milliseconds late.
 */
export type Mishap = 'lost' | 'refused' | number

export interface LossyProxy {
  readonly url: string
  /** Every request that came, as `POST /api/jobs/pull key`. */
  readonly heard: readonly string[]
  /** The next requests whose method and path match meet this, one after the other. */
  befall(route: RegExp, ...mishaps: Mishap[]): void
  close(): void
}

/** Stands between a client and its market, and loses what it is told to. */
export async function startLossyProxy(market: string): Promise<LossyProxy> {
  const heard: string[] = []
  const waiting: { route: RegExp; mishap: Mishap }[] = []
  const server = createServer((request, response) => void pass(request, response))

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const name = `${request.method} ${request.url}`
    heard.push(`${name} ${String(request.headers['idempotency-key'] ?? '')}`)
    const at = waiting.findIndex(({ route }) => route.test(name))
    const mishap = at < 0 ? null : waiting.splice(at, 1)[0]!.mishap
    try {
      if (mishap === 'refused') return void request.socket.destroy()
      const body = await bodyOf(request)
      const headers = Object.entries(request.headers).filter(([key]) => !/^(host|connection|content-length)$/.test(key))
      const answer = await fetch(new URL(request.url!, market), {
        method: request.method!,
        headers: headers as [string, string][],
        ...(body.length > 0 ? { body } : {}),
        ...(mishap === null ? { signal: gone.signal } : {}),
      })
      const bytes = Buffer.from(await answer.arrayBuffer())
      if (mishap === 'lost') return void request.socket.destroy()
      if (mishap !== null) await sleep(mishap)
      const kept = [...answer.headers].filter(
        ([key]) => !/^(connection|content-length|transfer-encoding|content-encoding)$/.test(key),
      )
      response.writeHead(answer.status, Object.fromEntries(kept)).end(bytes)
    } catch {
      request.socket?.destroy()
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    befall: (route, ...mishaps) => void waiting.push(...mishaps.map((mishap) => ({ route, mishap }))),
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

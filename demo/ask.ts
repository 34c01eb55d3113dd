import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Answer<T = unknown> {
  readonly status: number
  readonly body: T
  readonly cookie: string | null
  /** Whether the market had done it before and said so. */
  readonly replayed: boolean
}

/** What every refusal of the market looks like. */
export interface Refused {
  readonly error: string
  readonly code: string
  readonly retry_after_seconds?: number
}

export interface Asker {
  get<T = unknown>(path: string): Promise<Answer<T>>
  post<T = unknown>(path: string, body?: unknown, ask?: HowToAsk): Promise<Answer<T>>
}

export interface HowToAsk {
  /** Every try is a request of its own, for what does no harm when it happens twice: nobody waits for one whose server is dead. */
  readonly anew?: boolean
}

/** How often clients had to ask again, and how often they then got the first answer. */
export interface Persistence {
  retries: number
  replays: number
}

/**
 * A client that does not give up: what got no answer, or a passing failure, is asked again with the same Idempotency-Key, so
 * whatever happened to the server meanwhile, it happens once. Of several addresses of one market each try goes to the next.
 */
export function openAsker(
  url: string | readonly string[],
  headers: Readonly<Record<string, string>>,
  persistence: Persistence,
): Asker {
  const urls = typeof url === 'string' ? [url] : url
  let turn = 0
  const ask = async (method: string, path: string, body?: unknown, how: HowToAsk = {}): Promise<Answer<never>> => {
    let key = randomUUID()
    const content = body === undefined ? {} : { 'content-type': 'application/json' }
    for (let tries = 1; ; tries++) {
      try {
        const answer = await fetch(urls[turn++ % urls.length]! + path, {
          method,
          headers: { ...headers, ...(method === 'GET' ? {} : { 'idempotency-key': key }), ...content },
          redirect: 'manual',
          signal: AbortSignal.timeout(how.anew ? 4_000 : 15_000),
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        const text = await answer.text()
        const isTwinRunning = answer.status === 409 && text.includes('"idempotency_twin_running"')
        if (answer.status < 500 && !isTwinRunning) return read(answer, text, persistence)
        if (tries === mostTries)
          throw new Error(`${method} ${path} answered ${answer.status} again and again: ${text.slice(0, 300)}`)
      } catch (error) {
        if (tries >= mostTries) throw error
      }
      persistence.retries++
      if (how.anew) key = randomUUID()
      await sleep(Math.min(2_000, 50 * 2 ** tries) * (0.5 + Math.random()))
    }
  }
  return {
    get: (path) => ask('GET', path),
    post: (path, body, how) => ask('POST', path, body, how),
  }
}

const mostTries = 40

function read(answer: Response, text: string, persistence: Persistence): Answer<never> {
  const replayed = answer.headers.get('idempotency-replayed') === 'true'
  if (replayed) persistence.replays++
  const isJson = answer.headers.get('content-type')?.includes('json') && text !== ''
  const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? null
  return { status: answer.status, body: (isJson ? JSON.parse(text) : null) as never, cookie, replayed }
}

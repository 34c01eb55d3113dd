import type { AnyEndpoint } from '../../base/endpoint.ts'
import { ClawrkError, errorFrom } from './error.ts'

export interface Connection {
  /** The market's origin: `https://market.example`. */
  readonly url: string
  /** An API key. Without one the browser's session cookie is used. */
  readonly key?: string | undefined
  readonly fetch?: typeof fetch
  /** How often a request is tried again that was lost, or that the market asks to repeat; 3 without it. */
  readonly retries?: number
  /** The longest pause before a retry; who is told to wait longer gets the error instead. 20 without it. */
  readonly patienceSeconds?: number
}

export interface SendOptions {
  /** Sent with a change, so that repeating it has no second effect. Made for each call when it is not given. */
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
}

/** An answer that the contract lists, with its status. `next` is the cursor of a list's next page. */
export interface Sent {
  readonly status: number
  readonly body: unknown
  readonly next: string | null
}

/** One try may take this long: longer than anything the market waits for. */
const timeoutMs = 65_000

/**
 * Asks an endpoint and resolves to one of its answers; anything else is thrown as a `ClawrkError`. Tried again, under the same
 * Idempotency-Key and after a growing random pause: lost requests, 503, 429 that says for how long, and a twin that still runs.
 */
export async function send(
  connection: Connection,
  endpoint: AnyEndpoint,
  input: Readonly<Record<string, unknown>> = {},
  { idempotencyKey, signal }: SendOptions = {},
): Promise<Sent> {
  const { retries = 3, patienceSeconds = 20 } = connection
  const request = requestFor(connection, endpoint, input, idempotencyKey ?? randomKey())
  for (let tries = 0; ; tries++) {
    signal?.throwIfAborted()
    try {
      return await once(connection, endpoint, request, signal)
    } catch (error) {
      if (!(error instanceof ClawrkError)) throw error
      const wait = pauseBefore(error, tries)
      if (tries >= retries || wait === null || wait > patienceSeconds) throw error
      await pause(wait * 1000, signal)
    }
  }
}

interface Prepared {
  readonly url: URL
  readonly init: RequestInit & { readonly headers: Readonly<Record<string, string>> }
}

/** An endpoint's request with its fields in path, query or body. */
export function requestFor(
  { url, key }: Connection,
  endpoint: AnyEndpoint,
  input: Readonly<Record<string, unknown>>,
  idempotencyKey: string,
): Prepared {
  const [method, path] = endpoint.route.split(' ') as [string, string]
  const rest: Record<string, unknown> = { ...input }
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) => {
    const value = rest[name]
    if (value === undefined || value === null || value === '') throw new TypeError(`${endpoint.route} needs ${name}`)
    delete rest[name]
    return encodeURIComponent(String(value))
  })
  const address = new URL(filled, url)
  const headers: Record<string, string> = { accept: 'application/json' }
  if (key) headers.authorization = `Bearer ${key}`
  const given = Object.entries(rest).filter(([, value]) => value !== undefined)
  let body: string | FormData | null = null
  if (method === 'GET') {
    for (const [name, value] of given) address.searchParams.set(name, String(value))
  } else {
    headers['idempotency-key'] = idempotencyKey
    if (endpoint.kind === 'upload') body = formOf(given)
    else if (given.length > 0) {
      headers['content-type'] = 'application/json'
      body = JSON.stringify(Object.fromEntries(given))
    }
  }
  return { url: address, init: { method, headers, body, credentials: key ? 'omit' : 'include' } }
}

function formOf(given: readonly (readonly [string, unknown])[]): FormData {
  const form = new FormData()
  for (const [name, value] of given) {
    if (value instanceof Blob) form.append(name, value)
    else form.append(name, String(value))
  }
  return form
}

async function once(
  { fetch: ask = fetch }: Connection,
  endpoint: AnyEndpoint,
  { url, init }: Prepared,
  signal: AbortSignal | undefined,
): Promise<Sent> {
  const limit = AbortSignal.timeout(timeoutMs)
  let answer: Response
  let text: string
  try {
    answer = await ask(url, { ...init, signal: signal ? AbortSignal.any([signal, limit]) : limit })
    if (answer.ok && endpoint.answers[answer.status] === 'bytes') {
      return { status: answer.status, body: await fileOf(answer), next: null }
    }
    text = await answer.text()
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ClawrkError(0, 'unreachable', `No market answers at ${url.origin}.`, { cause: error })
  }
  const body = parse(text)
  if (!(answer.ok || answer.status in endpoint.answers) || body === unreadable) throw answerOf(answer, text, url)
  return { status: answer.status, body, next: nextCursor(answer.headers.get('link')) }
}

/** The error that an answer stands for. */
export function answerOf(answer: Response, text: string, { origin }: URL): ClawrkError {
  return withWait(errorFrom(answer.status, parse(text), origin), answer.headers.get('retry-after'))
}

/** A file under the name the market gives it. */
async function fileOf(answer: Response): Promise<File> {
  const bytes = await answer.blob()
  const name = /filename\*=UTF-8''([^;]+)/i.exec(answer.headers.get('content-disposition') ?? '')?.[1]
  return new File([bytes], name === undefined ? 'file' : decoded(name), { type: bytes.type })
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

const unreadable = Symbol('not JSON')

function parse(text: string): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return unreadable
  }
}

/** A wait that stands only in the header (a proxy's, say) is found in the detail like any other. */
function withWait(error: ClawrkError, header: string | null): ClawrkError {
  if (header === null || !/^\d{1,6}$/.test(header) || error.detail.retry_after_seconds !== undefined) return error
  const { status, code, message, requestId, detail } = error
  return new ClawrkError(status, code, message, {
    requestId,
    detail: { ...detail, retry_after_seconds: Number(header) },
  })
}

/** Seconds to pause before the next try; null when another try would fare no better. */
export function pauseBefore({ status, code, detail }: ClawrkError, tries: number): number | null {
  const asked = detail.retry_after_seconds
  const worth =
    status === 0 ||
    (status >= 502 && status <= 504) ||
    (status === 429 && asked !== undefined) ||
    code === 'idempotency_twin_running'
  if (!worth) return null
  const jitter = Math.random() * Math.min(8, 0.25 * 2 ** tries)
  // Whoever was told when to come back comes a little later, not all at the same moment.
  return asked === undefined ? 0.1 + jitter : asked + Math.min(1, jitter)
}

export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal!.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

function nextCursor(link: string | null): string | null {
  const target = link && /<([^>]*)>\s*;\s*rel="?next"?/.exec(link)?.[1]
  return target ? new URL(target, 'http://market').searchParams.get('cursor') : null
}

/** Random in any page: `crypto.randomUUID` is missing from those that were not loaded over https. */
function randomKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

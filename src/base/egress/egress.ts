import { lookup, Resolver } from 'node:dns/promises'
import { request as ask, type IncomingMessage } from 'node:http'
import { connect as connectPlainly, isIPv6, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import { isPublicAddress } from './address.ts'
import { EgressError, readTarget, type Target } from './target.ts'

export { EgressError, type EgressFault } from './target.ts'

/** How long and how much a request may take. */
export interface EgressLimits {
  /** For one address, TLS included. */
  readonly connectMs: number
  /** From the beginning to the head of the answer. */
  readonly answerMs: number
  /** For the body after its head; what has come by then is all. */
  readonly bodyMs: number
  readonly bodyBytes: number
}

const usual: EgressLimits = { connectMs: 5_000, answerMs: 15_000, bodyMs: 3_000, bodyBytes: 64 * 1024 }

export interface EgressRequest {
  readonly url: string
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly limits?: Partial<EgressLimits>
  /** Ends it at once. */
  readonly signal?: AbortSignal
}

export interface EgressAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Its beginning, when there was more or it came too slowly. */
  readonly body: Buffer
  readonly isWhole: boolean
  /** The address that was asked. */
  readonly address: string
}

/**
 * The one way to an address that somebody gave us. Every address its name has is judged, one that was judged is connected to, and no
 * redirect is followed: a 3xx is an answer like any other. Throws an `EgressError` when there is no answer.
 */
export interface Egress {
  send(request: EgressRequest): Promise<EgressAnswer>
  /** Refuses an address by its looks, before its name is resolved: when somebody gives it. Throws an `EgressError`. */
  judge(url: string): void
}

export interface EgressOptions {
  /** Lets requests into our own network. */
  readonly allowPrivate: boolean
  /** All addresses of a name, instead of asking the DNS. */
  readonly resolve?: (host: string) => Promise<readonly string[]>
  readonly limits?: Partial<EgressLimits>
}

export function openEgress({
  allowPrivate,
  resolve = allowPrivate ? fromSystem : fromDns,
  limits: given = {},
}: EgressOptions): Egress {
  return {
    judge: (url) => void readTarget(url, allowPrivate),
    async send(request) {
      const limits = { ...usual, ...given, ...request.limits }
      const target = readTarget(request.url, allowPrivate)
      // Of this request alone, and gone with it: what listens to a signal that lives as long as the process stays as long as that one.
      const ending = new AbortController()
      const { signal } = ending
      let isLate = false
      const timer = setTimeout(() => {
        isLate = true
        ending.abort()
      }, limits.answerMs)
      const breakOff = (): void => ending.abort()
      request.signal?.addEventListener('abort', breakOff)
      if (request.signal?.aborted) breakOff()
      try {
        const addresses = await orAborted(addressesOf(target, resolve, allowPrivate), signal)
        const { socket, address } = await connectToAny(target, addresses, limits.connectMs, signal)
        return await exchange(target, request, socket, address, limits, signal, () => clearTimeout(timer))
      } catch (error) {
        if (request.signal?.aborted) throw new EgressError('broken', 'We broke it off.')
        if (isLate) throw new EgressError('timeout', `There was no answer within ${limits.answerMs / 1000} s.`)
        throw error
      } finally {
        clearTimeout(timer)
        request.signal?.removeEventListener('abort', breakOff)
      }
    },
  }
}

/** Not getaddrinfo: that waits on one of four threads, which a slow name server would take from everything else here. */
async function fromDns(host: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
  return found.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
}

/** With the names of one's own network, which the DNS may not know. */
async function fromSystem(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true, verbatim: true })
  return found.map(({ address }) => address)
}

async function addressesOf(
  { host, isLiteral }: Target,
  resolve: (host: string) => Promise<readonly string[]>,
  allowPrivate: boolean,
): Promise<readonly string[]> {
  const found = isLiteral ? [host] : await resolve(host).catch(() => [])
  if (found.length === 0) throw new EgressError('unresolved', `The name ${host} has no address.`)
  // One that leads inside spoils all: whoever mixes them wants the inner one to be asked.
  if (!allowPrivate && !found.every(isPublicAddress))
    throw new EgressError('refused', `The name ${host} leads to an address that is not on the open internet.`)
  return found.slice(0, 4)
}

async function connectToAny(
  target: Target,
  addresses: readonly string[],
  connectMs: number,
  signal: AbortSignal,
): Promise<{ socket: Socket; address: string }> {
  let last: unknown
  for (const address of addresses) {
    try {
      return { socket: await connect(target, address, connectMs, signal), address }
    } catch (error) {
      last = error
      if (signal.aborted) break
    }
  }
  throw last
}

/** A connection to exactly this address, with the certificate of the name. */
function connect(
  { url, host, port, isLiteral }: Target,
  address: string,
  ms: number,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const isSecure = url.protocol === 'https:'
    const plain = { host: address, port, family: isIPv6(address) ? 6 : 4, noDelay: true }
    const socket = isSecure
      ? connectSecurely({ ...plain, ...(isLiteral ? {} : { servername: host }), ALPNProtocols: ['http/1.1'] })
      : connectPlainly(plain)
    const done = (error?: Error): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      // Whatever else goes wrong with it is heard where it is used.
      socket.on('error', () => {})
      socket.off('error', failed)
      if (error) {
        socket.destroy()
        reject(error)
      } else resolve(socket)
    }
    const failed = (error: Error & { code?: string }): void =>
      done(new EgressError(isSecure && isTlsFault(error) ? 'tls' : 'unreachable', `No connection: ${reason(error)}.`))
    const abort = (): void => done(new EgressError('timeout', 'It took too long.'))
    const timer = setTimeout(
      () => done(new EgressError('timeout', `There was no connection within ${ms / 1000} s.`)),
      ms,
    )
    signal.addEventListener('abort', abort)
    socket.once(isSecure ? 'secureConnect' : 'connect', () => done())
    socket.on('error', failed)
    if (signal.aborted) abort()
  })
}

const reason = ({ code, message }: Error & { code?: string }): string => code ?? message.split('\n')[0]!.slice(0, 200)

const isTlsFault = ({ code = '' }: Error & { code?: string }): boolean =>
  !/^(ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EADDRNOTAVAIL|EPIPE|ECONNABORTED)$/.test(code)

/** Sends the request on its connection and takes the head of the answer, and of its body what comes in time. */
async function exchange(
  { url }: Target,
  { method = 'POST', headers = {}, body }: EgressRequest,
  socket: Socket,
  address: string,
  limits: EgressLimits,
  signal: AbortSignal,
  onHead: () => void,
): Promise<EgressAnswer> {
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      // With a connection of our own, TLS and all, HTTP is the same for both.
      const asked = ask({
        method,
        path: url.pathname + url.search,
        createConnection: () => socket,
        maxHeaderSize: 32 * 1024,
        headers: {
          'user-agent': 'clawrk-webhooks/1',
          accept: '*/*',
          connection: 'close',
          ...headers,
          host: url.host,
          ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        },
      })
      asked.once('response', resolve)
      asked.on('error', (error) => reject(new EgressError('broken', `The connection broke: ${reason(error)}.`)))
      // An answer that switches protocols is none.
      asked.once('upgrade', () => reject(new EgressError('broken', 'The receiver wanted another protocol.')))
      signal.addEventListener('abort', () => reject(new EgressError('timeout', 'It took too long.')), { once: true })
      if (signal.aborted) reject(new EgressError('timeout', 'It took too long.'))
      asked.end(body)
    })
    onHead()
    const { taken, isWhole } = await takeBody(answer, limits)
    return { status: answer.statusCode!, headers: answer.headers, body: taken, isWhole, address }
  } finally {
    socket.on('error', () => {})
    socket.destroy()
  }
}

/** The body, or as much of it as comes in time and is not too much. The head has said what there is to know. */
function takeBody(
  answer: IncomingMessage,
  { bodyMs, bodyBytes }: EgressLimits,
): Promise<{ taken: Buffer; isWhole: boolean }> {
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    let bytes = 0
    const end = (isWhole: boolean): void => {
      clearTimeout(timer)
      answer.removeAllListeners('data')
      answer.on('error', () => {})
      resolve({ taken: Buffer.concat(parts).subarray(0, bodyBytes), isWhole })
    }
    const timer = setTimeout(() => end(false), bodyMs)
    answer.on('data', (part: Buffer) => {
      parts.push(part)
      bytes += part.length
      if (bytes > bodyBytes) end(false)
    })
    answer.once('end', () => end(true))
    answer.once('error', () => end(false))
    answer.once('close', () => end(false))
  })
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new EgressError('timeout', 'It took too long.'))
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

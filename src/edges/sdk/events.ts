import type { AnyEndpoint } from '../../base/endpoint.ts'
import { ClawrkError } from './error.ts'
import { answerOf, type Connection, pause, pauseBefore, requestFor } from './send.ts'

/** One server-sent event. Its data is parsed where it is JSON. */
export interface ServerEvent {
  /** Asking again with it goes on behind this event, on any process of the market. */
  readonly id: string
  readonly event: string
  readonly data: unknown
}

export interface EventsOptions {
  /** The id of the last event that is known already. */
  readonly lastEventId?: string
  /** false: ends once everything that has happened so far was read. */
  readonly follow?: boolean
  /** How long the market may be away before its last error is thrown; 60 without it. */
  readonly awaySeconds?: number
  readonly signal?: AbortSignal
}

/** The market says at least this often that a stream lives. */
const silenceMs = 45_000

/**
 * Reads a stream of events to its end, across lost connections and restarts of the market: it goes on behind the last event it
 * saw, so none is missed or seen twice. It ends with the event `end`, or at once when there is nothing more to come.
 */
export async function* readEvents(
  connection: Connection,
  endpoint: AnyEndpoint,
  input: Readonly<Record<string, unknown>> = {},
  { lastEventId, follow = true, awaySeconds = 60, signal }: EventsOptions = {},
): AsyncGenerator<ServerEvent, void, undefined> {
  let last = lastEventId ?? ''
  let retryMs = 2_000
  let away = Date.now()
  for (let tries = 0; ; tries++) {
    const stop = new AbortController()
    const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
    try {
      const stream = await open(connection, endpoint, input, last, both)
      if (!stream) return
      for await (const block of blocksOf(stream, () => stop.abort())) {
        tries = 0
        away = Date.now()
        if (block.retry !== undefined) retryMs = block.retry
        if (block.id !== undefined) last = block.id
        if (block.event !== undefined) yield { id: last, event: block.event, data: parsed(block.data) }
        // A comment is sent when everything there is has been.
        if (block.event === 'end' || (block.isComment && !follow)) return
      }
    } catch (error) {
      if (signal?.aborted) throw error
      const known = error instanceof ClawrkError ? error : lost(connection, error)
      const wait = pauseBefore(known, tries)
      if (wait === null || Date.now() - away + wait * 1000 > awaySeconds * 1000) throw known
      retryMs = Math.max(retryMs, wait * 1000)
    } finally {
      stop.abort()
    }
    // Not all readers come back at the same moment.
    await pause(Math.min(retryMs, 15_000) * (0.75 + Math.random() / 2), signal)
  }
}

const lost = ({ url }: Connection, cause: unknown): ClawrkError =>
  new ClawrkError(0, 'unreachable', `The stream from ${new URL(url).origin} broke off.`, { cause })

/** The bytes of a stream; null when there is nothing more to come. */
async function open(
  connection: Connection,
  endpoint: AnyEndpoint,
  input: Readonly<Record<string, unknown>>,
  last: string,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | null> {
  const { url, init } = requestFor(connection, endpoint, input, '')
  const headers = { ...init.headers, accept: 'text/event-stream', ...(last === '' ? {} : { 'last-event-id': last }) }
  const answer = await (connection.fetch ?? fetch)(url, { ...init, headers, signal })
  if (answer.status === 204) return null
  if (answer.ok && answer.body && answer.headers.get('content-type')?.startsWith('text/event-stream'))
    return answer.body
  throw answerOf(answer, await answer.text(), url)
}

interface Block {
  readonly id?: string
  readonly event?: string
  readonly data: string
  readonly retry?: number
  readonly isComment: boolean
}

/** The blocks of a stream between its empty lines. A stream that has fallen silent is given up. */
async function* blocksOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  giveUp: () => void,
): AsyncGenerator<Block, void, undefined> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  try {
    for (;;) {
      const silence = setTimeout(giveUp, silenceMs)
      const { done, value } = await reader.read().finally(() => clearTimeout(silence))
      // What stands behind the last empty line is half an event: it comes again, whole.
      if (done) return
      // A line may end in CRLF; the CR of one whose LF is yet to come stays for the next turn.
      const text = rest + value
      const whole = text.endsWith('\r') ? text.slice(0, -1) : text
      const blocks = whole.replaceAll(/\r\n?/g, '\n').split('\n\n')
      rest = blocks.pop()! + text.slice(whole.length)
      for (const block of blocks) yield blockOf(block)
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

function blockOf(text: string): Block {
  const fields = text.split('\n').map((line): [name: string, value: string] => {
    const at = line.indexOf(':')
    return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1).replace(/^ /, '')]
  })
  const all = (name: string): string[] => fields.filter(([field]) => field === name).map(([, value]) => value)
  const [id, event, retry] = [all('id').at(-1), all('event').at(-1), all('retry').at(-1)]
  const data = all('data')
  return {
    data: data.join('\n'),
    isComment: text.startsWith(':'),
    ...(id === undefined ? {} : { id }),
    ...(data.length > 0 ? { event: event || 'message' } : {}),
    ...(retry !== undefined && /^\d{1,6}$/.test(retry) ? { retry: Number(retry) } : {}),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

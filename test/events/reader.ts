import type { WireEvent } from '../../src/core/events/kind.ts'

export interface Block {
  readonly id: string
  readonly event: string
  readonly data: WireEvent & Readonly<Record<string, unknown>>
}

export interface FeedReading {
  readonly status: number
  readonly blocks: readonly Block[]
  /** Where the reader is now, events or not. */
  readonly lastEventId: string
  /** What the server said last about coming again. */
  readonly retryMs: number | null
  readonly endedBy: 'reader' | 'server' | 'break'
}

/** Reads a feed until it ends, breaks, or `stop` says that the reader goes away. */
export async function readFeed(
  url: string,
  key: string,
  {
    path = '/api/events/stream',
    lastEventId = '',
    stop = () => false,
    patienceMs = 20_000,
  }: {
    path?: string
    lastEventId?: string
    stop?: (blocks: readonly Block[], text: string) => boolean
    patienceMs?: number
  } = {},
): Promise<FeedReading> {
  const controller = new AbortController()
  const patience = setTimeout(() => controller.abort(), patienceMs)
  const blocks: Block[] = []
  let [last, retryMs, seen, rest]: [string, number | null, string, string] = [lastEventId, null, '', '']
  try {
    const answer = await fetch(url + path, {
      signal: controller.signal,
      headers: { authorization: `Bearer ${key}`, ...(lastEventId === '' ? {} : { 'last-event-id': lastEventId }) },
    })
    if (answer.status !== 200) {
      await answer.text()
      return { status: answer.status, blocks, lastEventId: last, retryMs, endedBy: 'server' }
    }
    for await (const bytes of answer.body!.pipeThrough(new TextDecoderStream())) {
      rest += bytes
      seen += bytes
      const whole = rest.split('\n\n')
      rest = whole.pop()!
      for (const text of whole) {
        const fields = Object.fromEntries(
          text.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        )
        if (fields.retry) retryMs = Number(fields.retry)
        if (fields.id) last = fields.id
        if (fields.event) blocks.push({ id: last, event: fields.event, data: JSON.parse(fields.data!) })
      }
      if (stop(blocks, seen)) controller.abort()
    }
  } catch {
    return { status: 200, blocks, lastEventId: last, retryMs, endedBy: controller.signal.aborted ? 'reader' : 'break' }
  } finally {
    clearTimeout(patience)
  }
  return { status: 200, blocks, lastEventId: last, retryMs, endedBy: 'server' }
}

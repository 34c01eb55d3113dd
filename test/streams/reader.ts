import assert from 'node:assert/strict'
import type { Person } from '../support/market.ts'

export interface Event {
  readonly id: number
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface Reading {
  readonly status: number
  readonly events: readonly Event[]
  /** Who ended it: the reader, the server by closing the stream, or nobody, because the connection broke. */
  readonly endedBy: 'reader' | 'server' | 'break'
}

/** Reads a job's stream behind an event until it ends, breaks, or `stop` says that the reader goes away. */
export async function read(
  url: string,
  person: Person,
  job: string,
  lastEventId?: number,
  stop: (events: readonly Event[]) => boolean = () => false,
): Promise<Reading> {
  const controller = new AbortController()
  const answer = await fetch(`${url}/api/jobs/${job}/logs`, {
    signal: controller.signal,
    headers: {
      authorization: `Bearer ${person.key}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }),
    },
  })
  const events: Event[] = []
  if (answer.status !== 200) {
    await answer.text()
    return { status: answer.status, events, endedBy: 'server' }
  }
  assert.match(answer.headers.get('content-type')!, /^text\/event-stream/)
  let rest = ''
  try {
    for await (const bytes of answer.body!.pipeThrough(new TextDecoderStream())) {
      rest += bytes
      const blocks = rest.split('\n\n')
      rest = blocks.pop()!
      for (const block of blocks) {
        const event = eventOf(block)
        if (event) events.push(event)
      }
      if (stop(events)) controller.abort()
    }
  } catch {
    return { status: 200, events, endedBy: controller.signal.aborted ? 'reader' : 'break' }
  }
  return { status: 200, events, endedBy: 'server' }
}

/** A block without an event is a comment, or says after how long to come again. */
function eventOf(block: string): Event | null {
  const fields = Object.fromEntries(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  )
  return fields.event ? { id: Number(fields.id), event: fields.event, data: JSON.parse(fields.data!) } : null
}

import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * What is being worked on: a request, or one turn of a task in the background. It is for whoever reads logs and traces, and rules
 * never look at it: who asks, and what for, is in the call.
 */
export interface Cause {
  readonly request_id?: string
  /** Of the trace that the caller began (W3C Trace Context), and the span of theirs that led here. */
  readonly trace_id?: string
  readonly parent_span_id?: string
  readonly trace_flags?: string
  readonly task?: string
  /** Which turn of the task, counted by its process. */
  readonly turn?: number
}

const causes = new AsyncLocalStorage<Cause>()

/** Does some work under its cause: every log line and every call to the payment provider that comes of it carries it. */
export const because = <T>(cause: Cause, work: () => T): T => causes.run(cause, work)

export const presentCause = (): Cause | undefined => causes.getStore()

/** The name of a cause for others: a request's id, or task and turn. */
export const nameOfCause = ({ request_id: request, task, turn }: Cause): string | null =>
  request ?? (task === undefined ? null : `${task}:${process.pid}:${turn}`)

const shape = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** What a `traceparent` header says (https://www.w3.org/TR/trace-context/), of this version or a later one; null when it is none. */
export function readTraceparent(
  header: unknown,
): Required<Pick<Cause, 'trace_id' | 'parent_span_id' | 'trace_flags'>> | null {
  if (typeof header !== 'string' || header.length > 200) return null
  const [, version, trace, parent, flags, more] = shape.exec(header) ?? []
  if (trace === undefined || parent === undefined || flags === undefined || version === 'ff') return null
  if (version === '00' && more !== undefined) return null
  if (/^0+$/.test(trace) || /^0+$/.test(parent)) return null
  return { trace_id: trace, parent_span_id: parent, trace_flags: flags }
}

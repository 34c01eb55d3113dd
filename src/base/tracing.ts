/** What a span is of. */
export type SpanKind = 'verb' | 'task' | 'sql' | 'provider'

/** Spans, as whoever collects them wants them made. */
export interface Tracer {
  /** Does some work as a span below the present one. Of SQL the name is its text, which is a constant of the program. */
  span<T>(kind: SpanKind, name: string, work: () => Promise<T>): Promise<T>
  /** The present span as a `traceparent` header; null outside of any. */
  traceparent(): string | null
}

let tracer: Tracer | null = null

/** Spans go to this from now on. The one who calls it is `ops/otel/start.mjs`, before anything else of the market is loaded. */
export function traceTo(given: Tracer | null): void {
  tracer = given
}

/** The present collector of spans. Without one nothing is measured, and this costs a comparison. */
export const presentTracer = (): Tracer | null => tracer

export const inSpan = <T>(kind: SpanKind, name: string, work: () => Promise<T>): Promise<T> =>
  tracer === null ? work() : tracer.span(kind, name, work)

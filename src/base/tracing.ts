import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** What a span is of. */
export type SpanKind = 'verb' | 'task' | 'sql' | 'provider'

/** Spans, as whoever collects them wants them made. */
export interface Tracer {
  /** Does some work as a span below the present one. Of SQL the name is its text, which is a constant of the program. */
  span<T>(kind: SpanKind, name: string, work: () => Promise<T>): Promise<T>
  /** The present span as a `traceparent` header; null outside of any. */
  traceparent(): string | null
  /** Sends what has been collected. */
  close(): Promise<void>
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

const folder = join(import.meta.dirname, '../../ops/otel')

/**
 * Begins to send traces of this process, if OTEL_EXPORTER_OTLP_ENDPOINT says where to and what it takes is installed. Answers why not,
 * in a sentence; null when all is as it should be. A market is not kept from starting by it.
 */
export async function startTracing(name: string, env: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: all, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces, OTEL_SDK_DISABLED: off } = env
  if (!(all?.trim() || traces?.trim()) || off?.trim() === 'true') return null
  if (!existsSync(join(folder, 'node_modules/@opentelemetry/sdk-node')))
    return 'OTEL_EXPORTER_OTLP_ENDPOINT is set, but no traces are sent: install what sends them with  npm ci --prefix ops/otel'
  const { startTracing: start } = (await import(pathToFileURL(join(folder, 'start.mjs')).href)) as {
    startTracing: (name: string) => Promise<void>
  }
  await start(name)
  return null
}

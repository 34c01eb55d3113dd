// Sends traces to a collector. Loaded by src/main.ts before anything that makes a server, when OTEL_EXPORTER_OTLP_ENDPOINT is set; all
// else about it is said by OpenTelemetry's own variables (OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS and so on).
import otel from '@fastify/otel'
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { traceTo } from '../../src/base/tracing.ts'

/** All that a span may say. What is not named here, and every message of an error, stays in this process. */
const told = new Set([
  'clawrk.refusal',
  'clawrk.request_id',
  'db.query.text',
  'db.system.name',
  'error.type',
  'fastify.root',
  'fastify.type',
  'hook.name',
  'http.request.method',
  'http.response.status_code',
  'http.route',
])

/** Starts to trace this process under a name; the answer of `close` of its tracer says that the last span has been sent. */
export async function startTracing(name) {
  const requests = new otel.FastifyOtelInstrumentation({
    registerOnInitialization: true,
    instrumentHooks: false,
    recordExceptions: false,
    requestHook(span, request) {
      span.updateName(`${request.method} ${request.routeOptions.url ?? 'unknown'}`)
      span.setAttribute('clawrk.request_id', request.id)
    },
  })
  // Spans only: figures are at /metrics and logs on stdout.
  process.env.OTEL_METRICS_EXPORTER ??= 'none'
  process.env.OTEL_LOGS_EXPORTER ??= 'none'
  const sdk = new NodeSDK({
    autoDetectResources: false,
    serviceName: process.env.OTEL_SERVICE_NAME ?? name,
    traceExporter: discreet(await exporter()),
    instrumentations: [requests],
  })
  sdk.start()
  const tracer = trace.getTracer('clawrk')
  traceTo({
    span: (kind, title, work) =>
      tracer.startActiveSpan(...spanOf(kind, title), async (span) => {
        try {
          return await work()
        } catch (error) {
          tellError(span, error)
          throw error
        } finally {
          span.end()
        }
      }),
    traceparent() {
      const carrier = {}
      propagation.inject(context.active(), carrier)
      return carrier.traceparent ?? null
    },
    close: () => sdk.shutdown(),
  })
}

async function exporter() {
  const protocol = process.env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? process.env.OTEL_EXPORTER_OTLP_PROTOCOL
  const { OTLPTraceExporter } =
    protocol === 'grpc'
      ? await import('@opentelemetry/exporter-trace-otlp-grpc')
      : protocol === 'http/json'
        ? await import('@opentelemetry/exporter-trace-otlp-http')
        : await import('@opentelemetry/exporter-trace-otlp-proto')
  return new OTLPTraceExporter()
}

/** The same exporter, told no more of a span than may be known outside. */
function discreet(exporter) {
  const shown = (span) =>
    Object.create(span, {
      attributes: { value: Object.fromEntries(Object.entries(span.attributes).filter(([key]) => told.has(key))) },
      events: { value: [] },
      status: { value: { code: span.status.code } },
    })
  return {
    export: (spans, done) => exporter.export(spans.map(shown), done),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  }
}

function spanOf(kind, title) {
  if (kind === 'sql')
    return [
      `sql ${verbOf(title)}`,
      { kind: SpanKind.CLIENT, attributes: { 'db.system.name': 'postgresql', 'db.query.text': title } },
    ]
  return [`${kind} ${title}`, { kind: kind === 'provider' ? SpanKind.CLIENT : SpanKind.INTERNAL }]
}

/** What a statement does: the word of its last part that changes something, or `select`. */
const verbOf = (text) => /\b(insert into|update|delete from) \w+/i.exec(text)?.[0] ?? 'select'

function tellError(span, error) {
  if (error?.name === 'Refusal') return void span.setAttribute('clawrk.refusal', error.code)
  span.setAttribute('error.type', String(error?.code ?? error?.name ?? 'unknown'))
  span.setStatus({ code: SpanStatusCode.ERROR })
}

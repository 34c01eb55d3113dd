import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

const projectDir = join(import.meta.dirname, '../..')

/** Whether traces can be sent: what sends them is installed once, into ops/otel, as the lockfile there says. Said loudly if it cannot be. */
export function canTrace(): boolean {
  if (existsSync(join(projectDir, 'ops/otel/node_modules/@opentelemetry/sdk-node'))) return true
  process.stderr.write('installing what sends traces, for their test (once, 46 MB) …\n')
  const { status, stderr } = spawnSync('npm', ['ci', '--prefix', 'ops/otel', '--ignore-scripts'], {
    cwd: projectDir,
    encoding: 'utf8',
  })
  if (status === 0) return true
  process.stderr.write(`\n!!! THE TEST OF TRACES IS SKIPPED: npm ci --prefix ops/otel did not work: ${stderr}\n\n`)
  return false
}

export interface Span {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly status: number
}

interface OtlpSpan extends Omit<Span, 'attributes' | 'status'> {
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[]
  readonly status?: { readonly code?: number }
}

/** A collector of traces by OTLP over HTTP as JSON. */
export async function startCollector() {
  const spans: Span[] = []
  let raw = ''
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      raw += body
      const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[] }
      for (const span of resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)))
        spans.push({
          ...span,
          attributes: Object.fromEntries(span.attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
          status: span.status?.code ?? 0,
        })
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    /** All that came, as it came. */
    raw: () => raw,
    close: () => server.close(),
  }
}

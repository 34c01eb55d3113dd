import Stripe from 'stripe'
import { nameOfCause, presentCause } from '../../base/cause.ts'
import { inSpan, presentTracer } from '../../base/tracing.ts'

type Client = Stripe.HttpClient

/**
 * The SDK's own way over the wire, with the id of what caused a call: the request's, or task and turn. It stands in headers, not in
 * what is asked: the provider compares that with what came before under the same idempotency key.
 */
export function openWire(): Client {
  const node: Client = Stripe.createNodeHttpClient()
  return {
    getClientName: () => node.getClientName(),
    makeRequest: (host, port, path, method, headers, body, protocol, timeout) =>
      inSpan('provider', `${method} ${withoutIds(path)}`, () =>
        node.makeRequest(host, port, path, method, { ...headers, ...causeHeaders() }, body, protocol, timeout),
      ),
  }
}

/** Of the path of a call what is the same for all of its kind. */
const withoutIds = (path: string): string => path.replace(/\?.*$/s, '').replaceAll(/\/[a-z]+_\w*\d\w*/g, '/:id')

function causeHeaders(): Record<string, string> {
  const cause = presentCause()
  const name = cause && nameOfCause(cause)
  const { trace_id: trace, parent_span_id: parent, trace_flags: flags } = cause ?? {}
  const traceparent = presentTracer()?.traceparent() ?? (trace && parent ? `00-${trace}-${parent}-${flags}` : null)
  return { ...(name ? { 'x-request-id': name } : {}), ...(traceparent ? { traceparent } : {}) }
}

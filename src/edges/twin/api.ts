import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Route } from './objects/route.ts'
import { routes } from './objects/routes.ts'
import { type Call, inCall } from './state/call.ts'
import { apiVersion } from './state/emit.ts'
import { type Answer, once } from './state/idempotency.ts'
import type { Twin } from './twin.ts'
import { ApiError, errorAnswer } from './wire/api-error.ts'
import { type Form, parseForm } from './wire/form.ts'
import { print } from './wire/print.ts'

/** Serves every endpoint of the API under /v1. */
export function serveApi(app: FastifyInstance, twin: Twin): void {
  for (const route of routes) {
    app.route<{ Params: { id?: string } }>({
      method: route.method,
      url: route.path,
      exposeHeadRoute: false,
      onRequest: async (request) => authenticate(request),
      handler: async (request, reply) => {
        const answer = await respond(twin, route, request, request.params.id ?? '')
        if (route.method === 'POST') twin.wake()
        return send(reply, request, answer)
      },
    })
  }
}

/** Sends a refusal in Stripe's shape. */
export function sendError(reply: FastifyReply, request: FastifyRequest, error: ApiError): FastifyReply {
  if (error.status === 401) reply.header('www-authenticate', 'Bearer realm="Stripe"')
  // The SDK asks this header before its own rules: only what may go differently next time is worth a retry.
  reply.header('stripe-should-retry', String(error.status === 409 || error.status === 429 || error.status >= 500))
  return send(reply, request, { status: error.status, body: print(errorAnswer(error.body)) })
}

/** Every call of the API passes here, so this is where an injected fault acts: before the work, or on its answer. */
async function respond(twin: Twin, route: Route, request: FastifyRequest, id: string): Promise<Answer> {
  const form = readForm(request)
  const work = route.read(form, id)
  const key = route.method === 'POST' ? header(request, 'idempotency-key') : null
  const from: Pick<Call, 'pagesBase' | 'request'> = {
    pagesBase: twin.pagesBase,
    request: { id: request.id, idempotency_key: key },
  }
  return inCall(twin.pool, from, async (call) => {
    const answer = async (): Promise<Answer> => ({ status: 200, body: print(await work(call)) })
    if (key === null) return answer()
    return once(call, { key, path: pathOf(request), form }, answer)
  })
}

function send(reply: FastifyReply, request: FastifyRequest, answer: Answer): FastifyReply {
  const key = header(request, 'idempotency-key')
  if (key !== null) reply.header('idempotency-key', key)
  if (answer.replayOf) reply.header('idempotent-replayed', 'true').header('original-request', answer.replayOf)
  return reply
    .code(answer.status)
    .header('content-type', 'application/json')
    .header('cache-control', 'no-cache, no-store')
    .header('stripe-version', header(request, 'stripe-version') ?? apiVersion)
    .send(answer.body)
}

/** Any test key will do: there is one account, and the money is play money. A live key is refused before it does harm. */
function authenticate(request: FastifyRequest): void {
  const [scheme = '', credential = ''] = (header(request, 'authorization') ?? '').split(/ +/)
  const basic = scheme.toLowerCase() === 'basic'
  const key = basic ? (Buffer.from(credential, 'base64').toString().split(':')[0] ?? '') : credential
  if (!key || (!basic && scheme.toLowerCase() !== 'bearer')) {
    throw unauthorized(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    )
  }
  if (/^(sk|rk)_live_/.test(key))
    throw unauthorized('This is the Stripe twin: it takes test keys only, and a live key should never be sent to it.')
  if (!/^(sk|rk)_test_\w+$/.test(key))
    throw unauthorized(`Invalid API Key provided: ${key.slice(0, 7)}****${key.slice(-4)}`)
}

const unauthorized = (message: string): ApiError => new ApiError(401, { type: 'invalid_request_error', message })

function readForm(request: FastifyRequest): Form {
  if (request.method === 'GET') return parseForm(request.url.split('?').slice(1).join('?'))
  const body = typeof request.body === 'string' ? request.body : ''
  const type = (header(request, 'content-type') ?? '').split(';')[0]?.trim().toLowerCase()
  if (body !== '' && type !== 'application/x-www-form-urlencoded') {
    const message = `Invalid request: send the parameters as application/x-www-form-urlencoded, not ${type || 'without a content type'}.`
    throw new ApiError(400, { type: 'invalid_request_error', message })
  }
  return parseForm(body)
}

const pathOf = (request: FastifyRequest): string => request.url.split('?')[0] ?? ''

function header(request: FastifyRequest, name: string): string | null {
  const value = request.headers[name]
  return typeof value === 'string' && value !== '' ? value : null
}

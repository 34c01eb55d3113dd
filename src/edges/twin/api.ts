import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Route } from './objects/route.ts'
import { routes } from './objects/routes.ts'
import { inCall } from './state/call.ts'
import { apiVersion } from './state/emit.ts'
import { armedFaults, type Fault, type FaultKind, takeFault } from './state/faults.ts'
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
        if (route.method !== 'GET') twin.wake()
        if (answer !== 'cut') return send(reply, request, answer)
        reply.hijack()
        request.raw.socket.destroy()
        return reply
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
async function respond(twin: Twin, route: Route, request: FastifyRequest, id: string): Promise<Answer | 'cut'> {
  const about = { method: route.method, path: route.path }
  const armed = await armedFaults(twin.pool)
  const take = async <K extends FaultKind>(kind: K): Promise<Fault<K> | undefined> =>
    armed.has(kind) ? takeFault(twin.pool, kind, about) : undefined
  if (await take('rate_limit')) throw rateLimited()
  const form = readForm(request)
  const work = route.read(form, id)
  const key = route.method === 'POST' ? header(request, 'idempotency-key') : null
  const lost = await take('answer_lost')
  const cut = lost?.params.how === 'cut'
  if (cut && !lost.params.applied) return 'cut'
  const slow = await take('slow')
  const origin = { ...twin, request: { id: request.id, idempotency_key: key } }
  const answer = await inCall(twin.pool, origin, async (call) => {
    const answer = async (): Promise<Answer> => {
      if (slow) await pause(slow.params.milliseconds)
      return answerOf(() => work(call), lost)
    }
    if (key === null) return answer()
    return once(call, { key, path: pathOf(request), form }, answer)
  })
  return cut ? 'cut' : answer
}

/** What the work answers. A refusal that leaves something behind is an answer too, so that what it wrote is kept. */
async function answerOf(work: () => Promise<object>, lost: Fault<'answer_lost'> | undefined): Promise<Answer> {
  if (lost?.params.applied === false) return lostAnswer
  try {
    const body = await work()
    return lost?.params.how === 'error' ? lostAnswer : { status: 200, body: print(body) }
  } catch (error) {
    if (error instanceof ApiError && error.kept) return { status: error.status, body: print(errorAnswer(error.body)) }
    throw error
  }
}

const lostAnswer: Answer = {
  status: 500,
  body: print(
    errorAnswer({
      type: 'api_error',
      message:
        'An unknown error occurred (injected: whether the request was carried out cannot be told from this answer).',
    }),
  ),
}

const rateLimited = (): ApiError =>
  new ApiError(429, {
    type: 'invalid_request_error',
    code: 'rate_limit',
    message: 'Request rate limit exceeded. Learn more about rate limits here https://docs.stripe.com/rate-limits.',
  })

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
export function authenticate(request: FastifyRequest): void {
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
  if (request.method !== 'POST') return parseForm(request.url.split('?').slice(1).join('?'))
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

import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import pg from 'pg'
import { sendError, serveApi } from './api.ts'
import { serveControls } from './control/door.ts'
import { startDeliveries } from './deliver.ts'
import { stripeId } from './ids.ts'
import { sendUnknownPage, servePages } from './pages/serve.ts'
import type { Fees } from './state/call.ts'
import { prepareSchema } from './state/schema.ts'
import type { Twin } from './twin.ts'
import { ApiError } from './wire/api-error.ts'

export interface TwinOptions {
  readonly databaseUrl: string
  /** 0 takes any free port. */
  readonly port: number
  readonly host?: string
  /** Where signed events are sent. */
  readonly webhookUrl: string
  readonly webhookSecret: string
  /** Where the payer's browser finds the twin's pages: `http://localhost:3000/twin`. */
  readonly pagesBase: string
  /** Other than Stripe's in the United States: 2.9 % + 30 cents for a card, $15 for a dispute. */
  readonly fees?: Partial<Fees>
  readonly log?: (line: string) => void
}

export interface RunningTwin {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/**
 * Starts the Stripe twin: the API under /v1, hosted pages under /twin, webhooks out. All state is in Postgres, in a
 * schema it makes itself, so it may be stopped at any moment and several may run on one database.
 */
export async function startTwin(options: TwinOptions): Promise<RunningTwin> {
  const log = options.log ?? (() => undefined)
  const host = options.host ?? '127.0.0.1'
  const pagesBase = options.pagesBase.replace(/\/+$/, '')
  const fees: Fees = { cardPermille: 29, cardFixedCents: 30, disputeCents: 1_500, ...options.fees }
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    max: 4,
    connectionTimeoutMillis: 20_000,
    application_name: 'stripe-twin',
  })
  // A connection that Postgres closes is replaced by the pool; without a listener it would end the process. That of an idle one is
  // the pool's, that of one in use its own; whoever uses it hears of it from their statement, too.
  pool.on('error', (error) => log(`lost a database connection: ${error.message}`))
  pool.on('connect', (client) => client.on('error', () => {}))
  try {
    await prepareSchema(pool)
    const receiver = { url: options.webhookUrl, secret: options.webhookSecret }
    const app = server(log)
    const deliveries = startDeliveries({ pool, receiver, pagesBase, fees, log })
    const twin: Twin = { pool, pagesBase, fees, log, wake: deliveries.wake }
    // A connection that was in use while we close would stay for over a minute, doing nothing.
    let closing = false
    app.addHook('onSend', async (_request, reply) => {
      if (closing) reply.header('connection', 'close')
    })
    serveApi(app, twin)
    servePages(app, twin)
    serveControls(app, twin)
    const close = async (): Promise<void> => {
      closing = true
      await app.close()
      await deliveries.close()
      await pool.end()
    }
    try {
      const url = await app.listen({ host, port: options.port })
      const port = Number(new URL(url).port)
      log(`Stripe twin on ${url}, webhooks to ${receiver.url}`)
      return { url, port, close }
    } catch (error) {
      await deliveries.close()
      throw error
    }
  } catch (error) {
    await pool.end().catch(() => undefined)
    throw error
  }
}

function server(log: (line: string) => void): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: 1_000_000,
    forceCloseConnections: 'idle',
    genReqId: () => stripeId('req', 14),
    frameworkErrors: (error, request, reply) => void fail(error, request, reply, log),
  })
  // Bodies arrive as text, whatever they call themselves: the API judges the type, the pages take no notice of a body.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.addHook('onRequest', async (request, reply) => {
    reply.header('request-id', request.id)
    // No id holds a null character, and Postgres would not take it.
    if (request.url.includes('%00'))
      throw new ApiError(400, {
        type: 'invalid_request_error',
        message: 'Invalid request: the URL holds a null character.',
      })
  })
  app.setErrorHandler((error: FastifyError, request, reply) => fail(error, request, reply, log))
  app.setNotFoundHandler((request, reply) =>
    isPage(request) ? sendUnknownPage(reply) : sendError(reply, request, unknownUrl(request)),
  )
  return app
}

function fail(
  error: FastifyError | ApiError,
  request: FastifyRequest,
  reply: FastifyReply,
  log: (line: string) => void,
): FastifyReply {
  if (error instanceof ApiError) return sendError(reply, request, error)
  const status = error.statusCode ?? 500
  if (status < 500)
    return sendError(reply, request, new ApiError(status, { type: 'invalid_request_error', message: error.message }))
  log(`${request.id} ${request.method} ${request.url.slice(0, 200)}: ${error.stack ?? error.message}`)
  return sendError(
    reply,
    request,
    new ApiError(500, { type: 'api_error', message: 'The Stripe twin failed on this request; its log says why.' }),
  )
}

const isPage = (request: FastifyRequest): boolean => request.url.startsWith('/twin/')

function unknownUrl(request: FastifyRequest): ApiError {
  const path = request.url.split('?')[0]?.slice(0, 200)
  const message = `Unrecognized request URL (${request.method}: ${path}). The Stripe twin speaks only the part of the API that the market uses.`
  return new ApiError(404, { type: 'invalid_request_error', message })
}

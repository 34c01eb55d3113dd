import { Readable } from 'node:stream'
import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import multipart from '@fastify/multipart'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'
import { because } from '../../base/cause.ts'
import type { Config } from '../../base/config.ts'
import type { Database } from '../../base/db.ts'
import {
  type Actor,
  type AnyEndpoint,
  type Call,
  type Contract,
  isRefusal,
  type Room,
  type Upload,
} from '../../base/endpoint.ts'
import type { Log } from '../../base/log.ts'
import type { Reads } from '../../base/reads.ts'
import { edgeRefusals, edgeRefusalsOf, refuseAtEdge } from '../../base/refusals.ts'
import { openSealer, type Sealer } from '../../base/seal.ts'
import { inSpan } from '../../base/tracing.ts'
import { accountsApi } from '../../core/accounts/api.ts'
import type { Credentials } from '../../core/accounts/credentials.ts'
import { awayCookie } from '../../core/accounts/session.ts'
import { openApp } from './app.ts'
import { authenticate, presented } from './authenticate.ts'
import { drainConnections } from './drain.ts'
import { lineageOfStranger, recall, rememberOf, replay } from './idempotency.ts'
import { parseInput, pathNames } from './input.ts'
import { type Gate, type Limits, limitsOf, openGate } from './limits.ts'
import { type HttpMeters, measure, type VerbMeter } from './metrics.ts'
import { type Performed, perform } from './perform.ts'
import { refusalFrom, sendFault, sendRefusal } from './refuse.ts'
import { causeOf } from './request-cause.ts'
import { answerMetrics } from './watch-door.ts'

export interface ServerNeeds {
  readonly config: Pick<Config, 'appUrl' | 'cronSecret' | 'metricsToken' | 'mode' | 'secret' | 'trustProxy'>
  readonly db: Database
  readonly reads: Reads
  readonly log: Log
  /** What this process shows of itself at `/metrics`. */
  readonly registry: Registry
  readonly credentials: Credentials
  // biome-ignore lint/suspicious/noExplicitAny: rooms of every contract.
  readonly rooms: readonly Room<any>[]
  readonly wake: (work: string) => void
  /** Tests: a refusal that its contract does not declare is a fault, not an answer. */
  readonly strict?: boolean
  /** Tests: other rate limits than the mode's. */
  readonly limits?: Partial<Limits>
  /** Hand-written routes: pages, raw bodies, streams. Each is listed in the law test. */
  readonly extras?: (app: FastifyInstance) => void | Promise<void>
}

/** The HTTP edge: one route per endpoint, all of them treated alike. Answers nothing before `ready()`. */
export async function buildServer(needs: ServerNeeds): Promise<FastifyInstance> {
  const { config, log } = needs
  const app = openApp(needs)
  await app.register(cookie)
  await app.register(helmet, {
    contentSecurityPolicy: false,
    strictTransportSecurity: config.appUrl.startsWith('https:'),
  })
  await readBodies(app)
  const meters = measure(app, needs.registry, drainConnections(app), log)
  const sealer = openSealer(config.secret, 'idempotency')
  const gate = openGate(needs.db, { ...limitsOf(config.mode), ...needs.limits }, log)
  for (const room of needs.rooms) {
    for (const [name, endpoint] of Object.entries((room.contract as Contract).endpoints)) {
      const verb = room.verbs[name]
      if (!verb) throw new Error(`the contract ${room.contract.name} has no verb ${name}`)
      const meter = meters.verb(`${room.contract.name}.${name}`)
      addRoute(
        app,
        { ...needs, sealer, gate, meters, meter, names: pathNames(endpoint.route) },
        room.contract as Contract,
        endpoint,
        verb,
      )
    }
  }
  answerMetrics(app, needs)
  await needs.extras?.(app)
  return app
}

/** JSON only; no body or an empty one counts as {}, whatever its content type says. */
async function readBodies(app: FastifyInstance): Promise<void> {
  app.removeAllContentTypeParsers()
  const json = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser(/^application\/(json|[\w.-]+\+json)(;|$)/i, { parseAs: 'string' }, (request, body, done) =>
    (body as string).trim() === '' ? done(null, {}) : json(request, body as string, done),
  )
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
    (body as string).length === 0 ? done(null, {}) : done(refuseAtEdge('media_type_unsupported')),
  )
  // Uploads are the only multipart bodies; they are read as a stream, with a cap of the verb's own.
  await app.register(multipart, {
    limits: { files: 1, fields: 10, parts: 11, fileSize: 26 * 1024 * 1024, fieldSize: 10_000 },
  })
}

/** What protects an answer that is data and no page, for browsers that are shown one: a fixed few, as this is every request. */
const dataHeaders = (config: Pick<Config, 'appUrl'>): Record<string, string> => ({
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  ...(config.appUrl.startsWith('https:') ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' } : {}),
})

interface RouteNeeds extends ServerNeeds {
  readonly sealer: Sealer
  readonly gate: Gate
  readonly meters: HttpMeters
  readonly meter: VerbMeter
  /** Of the parameters in its path. */
  readonly names: readonly string[]
}

type AnyVerb = Parameters<typeof perform>[3]

function addRoute(
  app: FastifyInstance,
  needs: RouteNeeds,
  contract: Contract,
  endpoint: AnyEndpoint,
  verb: AnyVerb,
): void {
  const [method, url] = endpoint.route.split(' ') as [string, string]
  const table = { ...edgeRefusals, ...contract.refusals }
  const headers = dataHeaders(needs.config)
  const tellsEvents = Object.values(endpoint.answers).includes('events')
  const may = new Set<string>([...edgeRefusalsOf(endpoint), ...endpoint.refusals])
  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    try {
      const { reply: answer, replayed } = await answerTo(needs, endpoint, verb, request, reply)
      needs.meter.ended(replayed ? 'replayed' : 'done')
      if (replayed) reply.header('idempotency-replayed', 'true')
      for (const [header, value] of Object.entries(answer.headers ?? {})) {
        if (header === 'x-next-cursor') reply.header('link', nextPage(request, String(value)))
        else reply.header(header, value)
      }
      if (answer.body !== null && typeof answer.body === 'object' && Symbol.asyncIterator in answer.body) {
        if (tellsEvents) reply.raw.once('close', needs.meters.stream())
        return reply
          .code(answer.status)
          .send(answer.body instanceof Readable ? answer.body : Readable.from(answer.body as AsyncIterable<string>))
      }
      return answer.body === null ? reply.code(answer.status).send() : sendJson(reply, answer.status, answer.body)
    } catch (error) {
      const refusal = refusalFrom(error, table)
      if (!refusal) {
        needs.meter.ended('failed')
        return sendFault(reply, request, error, needs.log)
      }
      needs.meter.ended('refused', refusal.code)
      if (!may.has(refusal.code)) {
        needs.log.error({ route: endpoint.route, code: refusal.code }, 'a refusal that its contract does not declare')
        if (needs.strict) return sendFault(reply, request, new Error(`undeclared refusal ${refusal.code}`), needs.log)
      }
      if (refusal.cause)
        needs.log.warn(
          { route: endpoint.route, code: refusal.code, err: refusal.cause },
          'refused, for what happened outside',
        )
      return sendRefusal(reply, request, refusal)
    }
  }
  app.route({
    method,
    url,
    helmet: false,
    onRequest(_request, reply, done) {
      reply.headers(headers)
      done()
    },
    ...(endpoint.bodyLimit ? { bodyLimit: endpoint.bodyLimit } : {}),
    handler: (request, reply) => because(causeOf(request), () => handle(request, reply)),
  })
}

/** Plain JSON.stringify: Fastify's serialiser adds nothing without a schema. */
const sendJson = (reply: FastifyReply, status: number, body: unknown): FastifyReply =>
  reply.code(status).header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body))

async function answerTo(
  needs: RouteNeeds,
  endpoint: AnyEndpoint,
  verb: AnyVerb,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Performed> {
  const { config, credentials, sealer, gate, names, wake } = needs
  let actor: Actor
  try {
    actor = await authenticate(endpoint, request, credentials, config)
  } catch (error) {
    if (isRefusal(error)) await gate.turnAway(request, reply)
    const rotated =
      endpoint === accountsApi.endpoints.rotate_key ? await repeatedRotation(needs, endpoint, request) : null
    if (rotated) return rotated
    throw error
  }
  await gate.admit(endpoint, actor, request, reply)
  const hasBody = request.headers['content-length'] !== '0'
  if (request.isMultipart() && hasBody && endpoint.kind !== 'upload') throw refuseAtEdge('media_type_unsupported')
  const input = parseInput(endpoint, names, {
    params: request.params as Record<string, string>,
    query: request.query,
    body: request.body ?? {},
  })
  await gate.admitTo(endpoint, actor, request, reply)
  const size = endpoint.kind === 'upload' ? { content_length: request.headers['content-length'] ?? null } : null
  const lineage = actor.kind === 'anonymous' ? lineageOfStranger(request.ip, sealer) : actor.lineage
  const remember = rememberOf(request.headers['idempotency-key'], endpoint, lineage, size ?? input, sealer)
  const lastEventId = request.headers['last-event-id']
  const setOutWith = request.cookies[awayCookie]
  const call: Omit<Call, 'sql'> = {
    actor,
    remember,
    requestId: request.id,
    wake,
    countSignUp: () => gate.countSignUp(request, reply),
    ...(endpoint.kind === 'upload' ? { upload: () => nextFile(request) } : {}),
    ...(typeof lastEventId === 'string' ? { lastEventId } : {}),
    ...(setOutWith ? { setOutWith } : {}),
    gone: () => goneSignal(reply),
    // While the database is away nobody can say that it is not.
    stillWelcome: (anew = false) =>
      authenticate(endpoint, request, anew ? credentials.anew : credentials, config).then(
        () => true,
        (error: unknown) => !isRefusal(error),
      ),
  }
  const end = needs.meter.begin()
  return inSpan('verb', endpoint.route, () => perform(needs, sealer, endpoint, verb, call, input)).finally(end)
}

/** Aborts when whoever asked has gone, or has been answered. Made only when a verb asks for it. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  if (reply.raw.destroyed) controller.abort()
  else reply.raw.once('close', () => controller.abort())
  return controller.signal
}

/** The file of a multipart body, as a stream. */
async function nextFile(request: FastifyRequest): Promise<Upload | null> {
  if (!request.isMultipart()) return null
  const file = await request.file()
  return file
    ? { field: file.fieldname, name: file.filename ?? '', contentType: file.mimetype, bytes: file.file }
    : null
}

/** A key that rotation has just ended may ask again with the same Idempotency-Key, so that a lost answer locks nobody out. */
async function repeatedRotation(
  { db, credentials, sealer }: ServerNeeds & { sealer: Sealer },
  endpoint: AnyEndpoint,
  request: FastifyRequest,
): Promise<Performed | null> {
  const { key } = presented(request)
  const actor = key ? await credentials.byRotatedKey(key) : null
  const remember = actor && rememberOf(request.headers['idempotency-key'], endpoint, actor.lineage, {}, sealer)
  const stored = remember && (await recall(db, remember))
  return stored ? { reply: replay(endpoint, stored, remember, sealer), replayed: true } : null
}

function nextPage(request: FastifyRequest, cursor: string): string {
  const url = new URL(request.url, 'http://market')
  url.searchParams.set('cursor', cursor)
  return `<${url.pathname}${url.search}>; rel="next"`
}

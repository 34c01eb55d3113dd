import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import multipart from '@fastify/multipart'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Config } from '../../base/config.ts'
import type { Database } from '../../base/db.ts'
import type { Actor, AnyEndpoint, Call, Contract, Room, Upload } from '../../base/endpoint.ts'
import type { Log } from '../../base/log.ts'
import { edgeRefusals, refuseAtEdge } from '../../base/refusals.ts'
import { openSealer, type Sealer } from '../../base/seal.ts'
import { accountsApi } from '../../core/accounts/api.ts'
import type { Credentials } from '../../core/accounts/credentials.ts'
import { authenticate, presented } from './authenticate.ts'
import { recall, rememberOf, replay } from './idempotency.ts'
import { parseInput } from './input.ts'
import { type Performed, perform } from './perform.ts'
import { refusalFrom, sendFault, sendRefusal } from './refuse.ts'

export interface ServerNeeds {
  readonly config: Pick<Config, 'appUrl' | 'secret' | 'trustProxy'>
  readonly db: Database
  readonly log: Log
  readonly credentials: Credentials
  // biome-ignore lint/suspicious/noExplicitAny: rooms of every contract.
  readonly rooms: readonly Room<any>[]
  readonly wake: (work: string) => void
  /** Tests: a refusal that its contract does not declare is a fault, not an answer. */
  readonly strict?: boolean
  /** Hand-written routes: pages, raw bodies, streams. Each is listed in the law test. */
  readonly extras?: (app: FastifyInstance) => void | Promise<void>
}

/** The HTTP edge: one route per endpoint, all of them treated alike. Answers nothing before `ready()`. */
export async function buildServer(needs: ServerNeeds): Promise<FastifyInstance> {
  const { config, log } = needs
  const app = Fastify({
    trustProxy: config.trustProxy,
    bodyLimit: 1024 * 1024,
    requestTimeout: 60_000,
    keepAliveTimeout: 72_000,
    exposeHeadRoutes: false,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id']
      return typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given) ? given : randomUUID()
    },
    logger: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 300 },
  })
  await app.register(cookie)
  await app.register(helmet, {
    contentSecurityPolicy: false,
    strictTransportSecurity: config.appUrl.startsWith('https:'),
  })
  await readBodies(app)
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  app.setNotFoundHandler((request, reply) => sendRefusal(reply, request, refuseAtEdge('not_found')))
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalFrom(error, edgeRefusals)
    return refusal ? sendRefusal(reply, request, refusal) : sendFault(reply, request, error, log)
  })
  const sealer = openSealer(config.secret, 'idempotency')
  for (const room of needs.rooms) {
    for (const [name, endpoint] of Object.entries((room.contract as Contract).endpoints)) {
      const verb = room.verbs[name]
      if (!verb) throw new Error(`the contract ${room.contract.name} has no verb ${name}`)
      addRoute(app, { ...needs, sealer }, room.contract as Contract, endpoint, verb)
    }
  }
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

type AnyVerb = Parameters<typeof perform>[3]

function addRoute(
  app: FastifyInstance,
  needs: ServerNeeds & { sealer: Sealer },
  contract: Contract,
  endpoint: AnyEndpoint,
  verb: AnyVerb,
): void {
  const [method, url] = endpoint.route.split(' ') as [string, string]
  const table = { ...edgeRefusals, ...contract.refusals }
  const may = new Set<string>([...Object.keys(edgeRefusals), ...endpoint.refusals])
  app.route({
    method,
    url,
    ...(endpoint.bodyLimit ? { bodyLimit: endpoint.bodyLimit } : {}),
    async handler(request, reply) {
      try {
        const { reply: answer, replayed } = await answerTo(needs, endpoint, verb, request)
        if (replayed) reply.header('idempotency-replayed', 'true')
        for (const [header, value] of Object.entries(answer.headers ?? {})) {
          if (header === 'x-next-cursor') reply.header('link', nextPage(request, value))
          else reply.header(header, value)
        }
        if (answer.body !== null && typeof answer.body === 'object' && Symbol.asyncIterator in answer.body) {
          return reply
            .code(answer.status)
            .send(answer.body instanceof Readable ? answer.body : Readable.from(answer.body as AsyncIterable<string>))
        }
        return answer.body === null ? reply.code(answer.status).send() : sendJson(reply, answer.status, answer.body)
      } catch (error) {
        const refusal = refusalFrom(error, table)
        if (!refusal) return sendFault(reply, request, error, needs.log)
        if (!may.has(refusal.code)) {
          needs.log.error({ route: endpoint.route, code: refusal.code }, 'a refusal that its contract does not declare')
          if (needs.strict) return sendFault(reply, request, new Error(`undeclared refusal ${refusal.code}`), needs.log)
        }
        return sendRefusal(reply, request, refusal)
      }
    },
  })
}

/** Plain JSON.stringify: Fastify's serialiser adds nothing without a schema. */
const sendJson = (reply: FastifyReply, status: number, body: unknown): FastifyReply =>
  reply.code(status).header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body))

async function answerTo(
  needs: ServerNeeds & { sealer: Sealer },
  endpoint: AnyEndpoint,
  verb: AnyVerb,
  request: FastifyRequest,
): Promise<Performed> {
  const { config, db, credentials, sealer, wake } = needs
  let actor: Actor
  try {
    actor = await authenticate(endpoint, request, credentials, config.appUrl)
  } catch (error) {
    const rotated =
      endpoint === accountsApi.endpoints.rotate_key ? await repeatedRotation(needs, endpoint, request) : null
    if (rotated) return rotated
    throw error
  }
  if (request.isMultipart() && endpoint.kind !== 'upload') throw refuseAtEdge('media_type_unsupported')
  const input = parseInput(endpoint, {
    params: request.params as Record<string, string>,
    query: request.query,
    body: request.body ?? {},
  })
  const size = endpoint.kind === 'upload' ? { content_length: request.headers['content-length'] ?? null } : null
  const remember = rememberOf(request.headers['idempotency-key'], endpoint, actor.lineage, size ?? input)
  const lastEventId = request.headers['last-event-id']
  const call: Omit<Call, 'sql'> = {
    actor,
    remember,
    requestId: request.id,
    wake,
    ...(endpoint.kind === 'upload' ? { upload: () => nextFile(request) } : {}),
    ...(typeof lastEventId === 'string' ? { lastEventId } : {}),
  }
  return perform(db, sealer, endpoint, verb, call, input)
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
  const remember = actor && rememberOf(request.headers['idempotency-key'], endpoint, actor.lineage, {})
  const stored = remember && (await recall(db, remember))
  return stored ? { reply: replay(endpoint, stored, remember, sealer), replayed: true } : null
}

function nextPage(request: FastifyRequest, cursor: string): string {
  const url = new URL(request.url, 'http://market')
  url.searchParams.set('cursor', cursor)
  return `<${url.pathname}${url.search}>; rel="next"`
}

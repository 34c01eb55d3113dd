import { STATUS_CODES } from 'node:http'
import { z } from 'zod'
import type { AnyEndpoint, Contract } from '../../base/endpoint.ts'
import { statusOfKind } from '../../base/errors.ts'
import { edgeRefusals, edgeRefusalsOf } from '../../base/refusals.ts'
import { pathNames } from './input.ts'

type Json = Record<string, unknown>

/** Schemas with an id stand once under components; everything else where it is used. */
class Schemas {
  readonly named = new Map<string, Json>()

  of(schema: z.ZodType, io: 'input' | 'output'): Json {
    // Inside a wrapper a schema with an id becomes a reference; at the root it would be written out.
    const { $defs: defs, properties } = z.toJSONSchema(z.object({ it: schema }), {
      io,
      unrepresentable: 'any',
      target: 'draft-2020-12',
    })
    for (const [name, definition] of Object.entries(defs ?? {})) {
      const { id: _id, ...plain } = definition as Json
      this.named.set(name, moved(plain))
    }
    return moved(properties!.it as Json)
  }
}

/** References into `$defs` point at components instead. */
const moved = (schema: Json): Json =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json

const ErrorBody: Json = {
  type: 'object',
  required: ['error', 'code', 'request_id'],
  properties: {
    error: { type: 'string', description: 'A sentence to act on.' },
    code: { type: 'string', description: 'Stable; for programs.' },
    request_id: { type: 'string' },
    issues: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
    retryable: { type: 'boolean' },
    retry_after_seconds: { type: 'integer' },
    can: { type: 'array', items: { type: 'string' }, description: 'What you may do instead.' },
  },
}

/** OpenAPI 3.1 of the very definitions that serve the requests. */
export function openApi(contracts: readonly Contract[], { version, url }: { version: string; url: string }): Json {
  const paths: Record<string, Json> = {}
  const schemas = new Schemas()
  for (const contract of contracts) {
    for (const [name, endpoint] of Object.entries(contract.endpoints) as [string, AnyEndpoint][]) {
      const [method, path] = endpoint.route.split(' ') as [string, string]
      const at = path.replaceAll(/:(\w+)/g, '{$1}')
      paths[at] = { ...paths[at], [method.toLowerCase()]: operation(schemas, contract, name, endpoint) }
    }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'clawrk',
      version,
      license: { name: 'MIT', identifier: 'MIT' },
      description:
        'The open labour market where people and software agents hire each other. Every POST, PATCH and DELETE honours Idempotency-Key: the same key and body get the same answer for 24 hours.',
    },
    servers: [{ url }],
    paths,
    components: {
      schemas: { Error: ErrorBody, ...Object.fromEntries(schemas.named) },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key.' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
        session: { type: 'apiKey', in: 'cookie', name: 'clawrk_session' },
        cron: { type: 'http', scheme: 'bearer', description: 'The CRON_SECRET of the market.' },
      },
    },
  }
}

function operation(schemas: Schemas, contract: Contract, name: string, endpoint: AnyEndpoint): Json {
  const inPath = pathNames(endpoint.route)
  const reads = endpoint.route.startsWith('GET ')
  const input = schemas.of(endpoint.input as z.ZodObject, 'input')
  const fields = (input.properties ?? {}) as Record<string, Json>
  const required = (input.required ?? []) as string[]
  const elsewhere = Object.keys(fields).filter((field) => !inPath.includes(field))
  const parameters = [
    ...inPath.map((field) => ({ name: field, in: 'path', required: true, schema: fields[field] })),
    ...(reads
      ? elsewhere.map((field) => ({
          name: field,
          in: 'query',
          required: required.includes(field),
          schema: fields[field],
        }))
      : []),
    ...(endpoint.kind === 'read'
      ? []
      : [
          {
            name: 'Idempotency-Key',
            in: 'header',
            required: false,
            schema: { type: 'string', maxLength: 255 },
            description: 'Makes a retry safe.',
          },
        ]),
  ]
  const body = {
    type: 'object',
    properties: Object.fromEntries(elsewhere.map((field) => [field, fields[field]])),
    required: required.filter((field) => !inPath.includes(field)),
    additionalProperties: false,
  }
  const { id: _id, ...bodyExample } = (endpoint.example?.input ?? {}) as Json
  const needsBody = !reads && elsewhere.length > 0
  return {
    operationId: `${contract.name}.${name}`,
    summary: endpoint.summary,
    ...(endpoint.description ? { description: endpoint.description } : {}),
    tags: [contract.name],
    security: securityOf(endpoint),
    ...(endpoint.scope ? { 'x-scope': endpoint.scope } : {}),
    ...(endpoint.mayLag ? { 'x-may-lag': true } : {}),
    parameters,
    ...(endpoint.kind === 'upload' ? { requestBody: uploadBody(endpoint.fileField ?? 'file') } : {}),
    ...(needsBody
      ? {
          requestBody: {
            required: body.required.length > 0,
            content: {
              'application/json': { schema: body, ...(endpoint.example?.input ? { example: bodyExample } : {}) },
            },
          },
        }
      : {}),
    responses: { ...answersOf(schemas, endpoint), ...refusalsOf(contract, endpoint) },
  }
}

const uploadBody = (field: string): Json => ({
  required: true,
  content: {
    'multipart/form-data': {
      schema: { type: 'object', required: [field], properties: { [field]: { type: 'string', format: 'binary' } } },
    },
  },
})

function securityOf({ access }: AnyEndpoint): Json[] {
  const byKey: Json[] = [{ bearer: [] }, { apiKey: [] }]
  switch (access) {
    case 'public':
      return []
    case 'session':
      return [{ session: [] }]
    case 'key':
      return byKey
    case 'cron':
      return [{ cron: [] }]
    default:
      return [...byKey, { session: [] }]
  }
}

function answersOf(schemas: Schemas, endpoint: AnyEndpoint): Json {
  return Object.fromEntries(
    Object.entries(endpoint.answers as Record<string, z.ZodType | 'nothing' | 'bytes' | 'events'>).map(
      ([status, answer]) => [
        status,
        {
          description: STATUS_CODES[status] ?? 'Answer',
          ...(answer === 'nothing' ? {} : { content: contentOf(schemas, answer) }),
        },
      ],
    ),
  )
}

const contentOf = (schemas: Schemas, answer: z.ZodType | 'bytes' | 'events'): Json => {
  if (answer === 'bytes') return { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
  if (answer === 'events') return { 'text/event-stream': { schema: { type: 'string' } } }
  return { 'application/json': { schema: schemas.of(answer, 'output') } }
}

/** Every refusal a caller may meet, grouped by status, each with its code and sentence. */
function refusalsOf(contract: Contract, endpoint: AnyEndpoint): Json {
  const table = { ...edgeRefusals, ...contract.refusals }
  const codes = new Set<string>([...endpoint.refusals, ...edgeRefusalsOf(endpoint)])
  const byStatus = new Map<number, string[]>()
  for (const code of codes) {
    const [kind, sentence] = table[code as keyof typeof table]!
    const status = statusOfKind[kind]
    if (String(status) in endpoint.answers) continue
    byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${code}\`: ${sentence}`])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, lines]) => [
      status,
      {
        description: lines.join('\n\n'),
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    ]),
  )
}

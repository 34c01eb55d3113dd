import { z } from 'zod'
import { readConfig } from '../../src/base/config.ts'
import type { AnyEndpoint } from '../../src/base/endpoint.ts'
import { pathNames } from '../../src/edges/http/input.ts'
import { buildApi, openMarket } from '../../src/market.ts'
import type { Fields } from '../support/market.ts'
import type { Headers } from './parties.ts'

/** The input fields that hold ids, and whether they hold a list of them. */
export function idFields({ input }: AnyEndpoint): Map<string, boolean> {
  const { properties = {} } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' })
  const fields = Object.entries(properties as Record<string, { type?: string }>)
  return new Map(
    fields
      .filter(([, schema]) => JSON.stringify(schema).includes('"format":"uuid"'))
      .map(([field, { type }]) => [field, type === 'array']),
  )
}

export interface Asked {
  readonly id?: string | undefined
  /** The other ids of the path. */
  readonly path?: Readonly<Record<string, string>> | undefined
  readonly fields?: Fields | FormData | undefined
  readonly headers: Headers
}

/** Everything that an answer says, headers included; of a stream that has no end, what there is. */
export async function ask(
  origin: string,
  route: string,
  { id = '', path: others = {}, fields = {}, headers }: Asked,
): Promise<{ status: number; text: string }> {
  const [method, path] = route.split(' ') as [string, string]
  const url = new URL(
    pathNames(route).reduce((at, name) => at.replace(`:${name}`, others[name] ?? id), path),
    origin,
  )
  const isForm = fields instanceof FormData
  const isRead = method === 'GET' || method === 'HEAD'
  if (isRead && !isForm) for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, String(value))
  const hanging = new AbortController()
  const answer = await fetch(url, {
    method,
    redirect: 'manual',
    signal: hanging.signal,
    headers: { ...headers, ...(isRead || isForm ? {} : { 'content-type': 'application/json' }) },
    ...(isRead ? {} : { body: isForm ? fields : JSON.stringify(fields) }),
  })
  let text = `${answer.status} ${answer.statusText}\n${[...answer.headers].map((header) => header.join(': ')).join('\n')}\n\n`
  const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream')
  const reader = new TextDecoder()
  for await (const bytes of answer.body ?? []) {
    text += reader.decode(bytes as Uint8Array, { stream: true })
    if (isStream && text.includes(': nothing new')) break
  }
  hanging.abort()
  return { status: answer.status, text }
}

/** Every route that the API serves, as Fastify prints them: a tree, four characters a level. */
export async function routesOf(databaseUrl: string): Promise<string[]> {
  const env = {
    DATABASE_URL: databaseUrl,
    CLAWRK_SECRET: 'x',
    STRIPE_API_BASE: 'http://127.0.0.1:9',
    LOG_LEVEL: 'silent',
  }
  const same = openMarket(readConfig({ ...env, STRIPE_TWIN_WEBHOOK_SECRET: 'whsec_x' }))
  const app = await buildApi(same)
  await app.ready()
  const printed = app.printRoutes({ commonPrefix: false })
  await app.close()
  await same.close()
  const above: string[] = []
  return printed.split('\n').flatMap((line) => {
    const [, indent, part, methods] = /^([│ ]*)[├└]── (\S+) \((.+)\)$/.exec(line) ?? []
    if (part === undefined) return []
    const level = indent!.length / 4
    above.length = level
    above.push(part)
    const path = above.join('')
    return methods!.split(', ').map((method) => `${method} ${path}`)
  })
}

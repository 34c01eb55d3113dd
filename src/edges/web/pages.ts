import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Contract } from '../../base/endpoint.ts'
import { sessionCookie } from '../../core/accounts/session.ts'
import type { EventKind } from '../../core/events/kind.ts'
import { devicePage } from './device.ts'
import { docsPage } from './docs.ts'
import type { Html } from './html.ts'
import { landingPage } from './landing.ts'
import type { Visit } from './layout.ts'
import { notificationsPage } from './notifications.ts'
import { walletPage } from './wallet.ts'

interface PagesOptions {
  readonly appUrl: string
  readonly mode: 'test' | 'live'
  /** How people sign in with GitHub, where that is set up. */
  readonly github?: object | null
  /** What the reference page tells of. */
  readonly contracts?: readonly Contract[]
  /** What people may choose to be told of. */
  readonly events?: readonly EventKind[]
}

/** The market's own pages until the dashboard stands: `/`, `/wallet`, `/notifications`, `/device`, `/docs` and what they load from `/assets/`. */
export async function pages(
  app: FastifyInstance,
  { appUrl, mode, github, contracts = [], events = [] }: PagesOptions,
): Promise<void> {
  const serve = (url: string, page: (visit: Visit) => Html): void => {
    app.route({
      method: ['GET', 'HEAD'],
      url,
      handler: (request, reply) =>
        sendPage(
          reply,
          page({ appUrl, mode, github: Boolean(github), hasSession: Boolean(request.cookies[sessionCookie]) }),
        ),
    })
  }
  serve('/', landingPage)
  serve('/wallet', walletPage)
  serve('/notifications', notificationsPage(events))
  serve('/device', devicePage)
  serve('/docs', docsPage(contracts))

  const assets = readAssets(join(import.meta.dirname, 'assets'))
  app.route<{ Params: { name: string } }>({
    method: ['GET', 'HEAD'],
    url: '/assets/:name',
    handler(request, reply) {
      const asset = assets.get(request.params.name)
      return asset ? sendAsset(request, reply, asset) : reply.callNotFound()
    },
  })
}

// Forms are sent by the script, never by the browser: with the script gone, a password must not go anywhere.
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

function sendPage(reply: FastifyReply, page: Html): FastifyReply {
  return reply
    .header('content-type', 'text/html; charset=utf-8')
    .header('content-security-policy', policy)
    .header('x-content-type-options', 'nosniff')
    .header('x-frame-options', 'DENY')
    .header('cache-control', 'no-store')
    .send(page.text)
}

interface Asset {
  readonly type: string
  readonly etag: string
  readonly bytes: Buffer
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

function readAssets(folder: string): Map<string, Asset> {
  const files = readdirSync(folder).map((name): [string, Asset] => {
    const type = types[extname(name)]
    if (!type) throw new Error(`${join(folder, name)}: no content type is known for this kind of file`)
    const bytes = readFileSync(join(folder, name))
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
    return [name, { type, etag, bytes }]
  })
  return new Map(files)
}

/** Asked for again each time, answered 304: a page never runs with the scripts of another version. */
function sendAsset(request: FastifyRequest, reply: FastifyReply, { type, etag, bytes }: Asset): FastifyReply {
  reply.header('etag', etag).header('cache-control', 'no-cache').header('x-content-type-options', 'nosniff')
  const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  if (known?.includes(etag)) return reply.code(304).send()
  return reply.header('content-type', type).send(bytes)
}

import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { inCall, nobody } from '../state/call.ts'
import type { Twin } from '../twin.ts'
import { hostedPages, type Outcome } from './hosted.ts'
import { unknownPage } from './layout.ts'
import { style } from './style.ts'

interface Visit {
  Params: { id: string }
  Querystring: { return_url?: unknown }
}

/** Serves the hosted pages under /twin. Submitting a page's form, a POST to its own URL, completes its step. */
export function servePages(app: FastifyInstance, twin: Twin): void {
  const origin = { ...twin, request: nobody }
  for (const { path, show, complete } of hostedPages) {
    app.get<Visit>(path, async ({ params, query }, reply) => {
      const back = wayBack(twin, query.return_url)
      return send(reply, await inCall(twin.pool, origin, (call) => show(call, params.id, back)))
    })
    app.post<Visit>(path, async ({ params, query }, reply) => {
      const back = wayBack(twin, query.return_url)
      const outcome = await inCall(twin.pool, origin, (call) => complete(call, params.id, back))
      twin.wake()
      return send(reply, outcome)
    })
  }
}

/** What a browser gets for an address under /twin that leads nowhere. */
export function sendUnknownPage(reply: FastifyReply): FastifyReply {
  return send(reply, undefined)
}

/** `return_url` of a page's address, if it leads back to the market: a page of ours must not send people just anywhere. */
function wayBack({ pagesBase }: Twin, given: unknown): string | undefined {
  if (typeof given !== 'string' || !URL.canParse(given, pagesBase)) return undefined
  const url = new URL(given, pagesBase)
  return url.origin === new URL(pagesBase).origin ? url.href : undefined
}

const styleHash = `'sha256-${createHash('sha256').update(style.text).digest('base64')}'`

function send(reply: FastifyReply, outcome: Outcome | undefined): FastifyReply {
  if (outcome && 'redirect' in outcome) return reply.redirect(outcome.redirect, 303)
  const { status, markup, leadsTo } = outcome ?? { status: 404, markup: unknownPage(), leadsTo: undefined }
  // Browsers hold the redirect after a form to form-action too, so the place it leads to must be named.
  const target = leadsTo ? new URL(leadsTo).origin : ''
  const policy = [
    "default-src 'none'",
    `style-src ${styleHash}`,
    `form-action 'self' ${target}`.trim(),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  return reply
    .code(status)
    .header('content-type', 'text/html; charset=utf-8')
    .header('content-security-policy', policy)
    .header('x-content-type-options', 'nosniff')
    .header('x-frame-options', 'DENY')
    .header('referrer-policy', 'same-origin')
    .header('cache-control', 'no-store')
    .send(markup.text)
}

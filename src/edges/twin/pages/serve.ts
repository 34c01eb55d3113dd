import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type Stripe from 'stripe'
import { paySession, viewSession } from '../objects/checkout-session.ts'
import { inCall, nobody } from '../state/call.ts'
import type { Twin } from '../twin.ts'
import { afterSuccess, checkoutPage, unknownPage } from './checkout.ts'
import type { Html } from './html.ts'
import { style } from './style.ts'

/** Serves the hosted pages under /twin. Submitting a page's form, a POST to its own URL, completes its step. */
export function servePages(app: FastifyInstance, twin: Twin): void {
  const from = { pagesBase: twin.pagesBase, request: nobody }

  app.get<{ Params: { id: string } }>('/twin/checkout/:id', async (request, reply) => {
    const view = await inCall(twin.pool, from, (call) => viewSession(call, request.params.id))
    if (!view) return sendUnknownPage(reply)
    return sendPage(
      reply,
      view.session.status === 'expired' ? 410 : 200,
      checkoutPage(view.session, view.items),
      view.session,
    )
  })

  app.post<{ Params: { id: string } }>('/twin/checkout/:id', async (request, reply) => {
    const view = await inCall(twin.pool, from, async (call) => {
      await paySession(call, request.params.id)
      return viewSession(call, request.params.id)
    })
    twin.wake()
    if (!view) return sendUnknownPage(reply)
    if (view.session.status === 'complete') return reply.redirect(afterSuccess(view.session), 303)
    return sendPage(reply, 410, checkoutPage(view.session, view.items), view.session)
  })
}

/** What a browser gets for an address under /twin that leads nowhere. */
export function sendUnknownPage(reply: FastifyReply): FastifyReply {
  return sendPage(reply, 404, unknownPage())
}

const styleHash = `'sha256-${createHash('sha256').update(style.text).digest('base64')}'`

function sendPage(reply: FastifyReply, status: number, page: Html, session?: Stripe.Checkout.Session): FastifyReply {
  // Browsers hold the redirect after a form to form-action too, so the place it leads to must be named.
  const target = session?.success_url ? new URL(afterSuccess(session)).origin : ''
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
    .send(page.text)
}

import type { FastifyInstance } from 'fastify'
import type Stripe from 'stripe'
import type { Database } from '../../base/db.ts'
import { receiveEvent } from '../../core/payments/inbox.ts'

export interface WebhookNeeds {
  readonly db: Database
  readonly stripe: Stripe
  readonly secret: string
  readonly wake: (work: string) => void
}

/** Takes the provider's events: raw bytes, signature, five minutes of tolerance; stored once, worked on in the background. */
export async function stripeWebhook(app: FastifyInstance, { db, stripe, secret, wake }: WebhookNeeds): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    scope.post('/api/stripe/webhook', async (request, reply) => {
      const signature = request.headers['stripe-signature']
      let event: Stripe.Event
      try {
        event = stripe.webhooks.constructEvent(request.body as Buffer, signature as string, secret, 300)
      } catch {
        return reply
          .code(400)
          .send({ error: 'The signature does not fit the body.', code: 'signature_invalid', request_id: request.id })
      }
      if (await receiveEvent(db, event)) wake('inbox')
      return reply.send({ received: true })
    })
  })
}

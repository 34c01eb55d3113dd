import { isUtf8 } from 'node:buffer'
import type { FastifyInstance } from 'fastify'
import type Stripe from 'stripe'
import type { Database } from '../../base/db.ts'
import { receiveEvent } from '../../core/payments/inbox.ts'

export interface WebhookNeeds {
  readonly db: Database
  readonly stripe: Stripe
  /** Any of them may have signed. */
  readonly secrets: readonly string[]
  readonly wake: (work: string) => void
}

/** Takes the provider's events: raw bytes, signature, five minutes of tolerance; stored once, worked on in the background. */
export async function stripeWebhook(app: FastifyInstance, { db, stripe, secrets, wake }: WebhookNeeds): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    scope.post('/api/stripe/webhook', async (request, reply) => {
      const event = readSigned(stripe, request.body, request.headers['stripe-signature'], secrets)
      if (event === undefined) {
        return reply
          .code(400)
          .send({ error: 'The signature does not fit the body.', code: 'signature_invalid', request_id: request.id })
      }
      if (await receiveEvent(db, event)) wake('inbox')
      return reply.send({ received: true })
    })
  })
}

const toleranceSeconds = 300

/**
 * What a body says, if one of the secrets has signed exactly these bytes within the last five minutes; undefined otherwise.
 * The SDK is less strict: it takes times that lie ahead, and it reads the body as text, so that several bodies are one to it.
 */
function readSigned(
  stripe: Stripe,
  body: unknown,
  signature: string | string[] | undefined,
  secrets: readonly string[],
): Stripe.Event | undefined {
  if (!Buffer.isBuffer(body) || !isUtf8(body) || body.subarray(0, 3).equals(byteOrderMark)) return undefined
  if (typeof signature !== 'string') return undefined
  const [, time] = /^t=(\d{1,12})(?:,v\d=[0-9a-f]{64}){1,10}$/.exec(signature) ?? []
  if (time === undefined || Number(time) > Date.now() / 1000 + toleranceSeconds) return undefined
  for (const secret of secrets) {
    try {
      return stripe.webhooks.constructEvent(body, signature, secret, toleranceSeconds)
    } catch {
      // Another secret may fit; a body that is no JSON fits none.
    }
  }
  return undefined
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

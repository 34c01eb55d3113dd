import { type Egress, EgressError } from '../../base/egress/egress.ts'
import { failpoint } from '../../base/failpoint.ts'
import type { Sealer } from '../../base/seal.ts'
import { readRetryAfter } from '../deliveries/schedule.ts'
import { sealedFor } from './secret.ts'
import { signatures } from './sign.ts'
import type { Taken } from './take.ts'
import type { Way } from './way.ts'

/** Who takes longer than this to answer is slow. */
const slowMs = 2_000

/** How much of an answer is kept in the log. */
const excerpt = 1_000

/** The way to webhooks: a signed POST by the guarded egress. 2xx is delivered, whatever its body. */
export const postTo =
  (egress: Egress, sealer: Sealer): Way =>
  async (one, signal) => {
    const nothing = {
      isDelivered: false,
      isGone: false,
      status: null,
      response: null,
      retryAfterSeconds: 0,
      holdSeconds: 0,
    }
    if (!one.event) return { ...nothing, error: 'The event is older than 30 days.', isSlow: false }
    const body = JSON.stringify(one.event)
    const begun = performance.now()
    failpoint('webhook', 'before_call')
    try {
      const {
        status,
        headers,
        body: answer,
      } = await egress.send({
        url: one.url,
        body,
        headers: {
          'content-type': 'application/json',
          ...signatures(secretsOf(one, sealer), one.event.id, body, Date.now()),
        },
        signal,
      })
      failpoint('webhook', 'before_booking')
      const asked = readRetryAfter(headers['retry-after'], Date.now())
      const isDelivered = status >= 200 && status < 300
      const error = status >= 300 && status < 400 ? 'Redirects are not followed.' : `It answered ${status}.`
      return {
        isDelivered,
        isGone: status === 410,
        status,
        error: isDelivered ? null : error,
        response: printable(answer),
        retryAfterSeconds: asked,
        // Who asks for a pause gets it for everything, not for this one only.
        holdSeconds: status === 429 || status === 503 ? asked : 0,
        isSlow: performance.now() - begun > slowMs,
      }
    } catch (error) {
      if (!(error instanceof EgressError)) throw error
      if (signal.aborted) return null
      return { ...nothing, error: error.message, isSlow: error.fault === 'timeout' }
    }
  }

function secretsOf({ receiver, secret, secretBefore }: Taken, sealer: Sealer): readonly [string, string?] {
  const open = (hex: string): string => sealer.open(Buffer.from(hex, 'hex'), sealedFor(receiver))
  return secretBefore === null ? [open(secret)] : [open(secret), open(secretBefore)]
}

/** The beginning of an answer as text that PostgreSQL can hold. */
const printable = (body: Buffer): string =>
  body
    .subarray(0, excerpt * 4)
    .toString('utf8')
    .replaceAll('\0', '')
    .slice(0, excerpt)
    .toWellFormed()

import Stripe from 'stripe'
import type { Config } from '../../base/config.ts'

/** The official SDK, pointed at Stripe, or at the twin when no key is configured: the same code runs against both. */
export function openStripe({ stripe }: Pick<Config, 'stripe'>): Stripe {
  const key = stripe.secretKey ?? 'sk_test_twin'
  if (!stripe.apiBase) {
    if (!stripe.secretKey) throw new Error('Without STRIPE_SECRET_KEY, STRIPE_API_BASE must name the Stripe twin.')
    return new Stripe(key, { maxNetworkRetries: 2, timeout: 20_000, telemetry: false })
  }
  const base = new URL(stripe.apiBase)
  return new Stripe(key, {
    host: base.hostname,
    port: base.port || (base.protocol === 'https:' ? 443 : 80),
    protocol: base.protocol === 'https:' ? 'https' : 'http',
    maxNetworkRetries: 2,
    timeout: 20_000,
    telemetry: false,
  })
}

/** A definite no of the provider (as opposed to no answer at all). */
export const isDefiniteNo = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeError &&
  error.statusCode !== undefined &&
  error.statusCode >= 400 &&
  error.statusCode < 500 &&
  error.statusCode !== 409 &&
  error.statusCode !== 429

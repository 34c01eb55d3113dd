import Stripe from 'stripe'
import type { Config } from '../../base/config.ts'
import { refusePayment } from './api.ts'
import { openWire } from './wire.ts'

/** The official SDK, pointed at Stripe, or at the twin when no key is configured: the same code runs against both. */
export function openStripe({ stripe }: { readonly stripe: Pick<Config['stripe'], 'secretKey' | 'apiBase'> }): Stripe {
  const key = stripe.secretKey ?? 'sk_test_twin'
  if (!stripe.apiBase) {
    if (!stripe.secretKey) throw new Error('Without STRIPE_SECRET_KEY, STRIPE_API_BASE must name the Stripe twin.')
    return new Stripe(key, { httpClient: openWire(), maxNetworkRetries: 2, timeout: 20_000, telemetry: false })
  }
  const base = new URL(stripe.apiBase)
  return new Stripe(key, {
    host: base.hostname,
    port: base.port || (base.protocol === 'https:' ? 443 : 80),
    protocol: base.protocol === 'https:' ? 'https' : 'http',
    httpClient: openWire(),
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
  error.statusCode !== 429 &&
  // The key stands for an earlier request: what became of that one is not said.
  !(error instanceof Stripe.errors.StripeIdempotencyError)

const withoutKeys = (words: string): string => words.replaceAll(/\b(sk|rk|pk|whsec)_[\w*]+/g, '[key]').slice(0, 500)

/** What went wrong, in words for the operator. Some of the provider's sentences quote a part of the key they were asked with. */
export const wordsOf = (error: unknown): string =>
  withoutKeys(error instanceof Error ? `${error.name}: ${error.message}` : String(error))

/** Why the provider definitely refused, as it says it to people. */
export const sentenceOf = (error: unknown): string =>
  error instanceof Error && error.message ? withoutKeys(error.message) : 'The payment provider refused.'

/** What a caller is told when the provider gave no answer. Why is for the log alone: it may say what is none of theirs. */
export const providerAway = (error: unknown): Error =>
  Object.assign(refusePayment('payments_unavailable', { retryable: true, retry_after_seconds: 5 }), { cause: error })

/** The id of something the provider may have written out. */
export const idOf = (thing: string | { readonly id: string } | null | undefined): string | null =>
  typeof thing === 'string' ? thing : (thing?.id ?? null)

import Stripe from 'stripe'

/**
 * Imported by tests that lose the provider's answers again and again: its SDK waits half a second and then one before it asks
 * again, and asks as often here, but sooner. Not for tests in which two ask under one key at the same moment: who comes second is
 * told to come back, and the first may need all of that time.
 */
Object.assign(Stripe.prototype, { getInitialNetworkRetryDelay: () => 0.03 })

import type { Taken } from './take.ts'

/** What came of sending one event somewhere. */
export interface Sent {
  readonly isDelivered: boolean
  /** The receiver says that it is gone for good. */
  readonly isGone: boolean
  /** The status of the answer; null when there was none. */
  readonly status: number | null
  readonly error: string | null
  /** The beginning of the answer. */
  readonly response: string | null
  /** How long the receiver asks us to wait before this one; 0 when it does not. */
  readonly retryAfterSeconds: number
  /** The same for everything that is to be sent there. */
  readonly holdSeconds: number
  /** It took so long that others must not wait for it. */
  readonly isSlow: boolean
}

/**
 * How an event goes to whoever wants it. It tries once and tells how that went, whatever happens there; null when the signal broke it
 * off. Schedule, leases, log and isolation are the deliverer's.
 */
export type Way = (one: Taken, signal: AbortSignal) => Promise<Sent | null>

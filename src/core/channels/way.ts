import type { ChannelType } from './channel.ts'
import type { Note } from './compose.ts'

/** What came of one message. */
export interface Sent {
  /**
   * delivered · gone: nothing will ever arrive there again · refused: this message never will · postponed: not now, by no fault ·
   * failed: not this time · ours: by a fault of the market's own settings, for which no owner is to answer.
   */
  readonly outcome: 'delivered' | 'gone' | 'refused' | 'postponed' | 'failed' | 'ours'
  /** The status of the answer; null when there was none. */
  readonly status: number | null
  readonly error: string | null
  /** How long nothing is to be sent there. */
  readonly holdSeconds: number
  /** The place has another name from now on. */
  readonly movedTo?: string
}

/** How a note goes to a place. It tries once and tells how that went; null when the signal broke it off. */
export type Way = (to: string, note: Note, signal: AbortSignal) => Promise<Sent | null>

/** The ways that this market has been given what they need for. */
export type Ways = Readonly<Partial<Record<ChannelType, Way>>>

export const delivered = (status: number, holdSeconds = 0): Sent => ({
  outcome: 'delivered',
  status,
  error: null,
  holdSeconds,
})

export const not = (
  outcome: Exclude<Sent['outcome'], 'delivered'>,
  status: number | null,
  error: string,
  holdSeconds = 0,
): Sent => ({ outcome, status, error, holdSeconds })

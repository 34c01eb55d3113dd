import type { Words } from './words.ts'

/** What a room says of one of its events: for those who receive it, and for the reference. */
export interface EventKind {
  readonly name: string
  /** When it is told, and whom. */
  readonly when: string
  /** The data it comes with. */
  readonly example: Readonly<Record<string, unknown>>
  /** What the receiver does next, and by when. */
  readonly next: string
  /** What a person reads of it, in channels and on pages. */
  readonly words: Words
  /** What anybody may read of it; null for one that is nobody else's affair. Without it, it is for its parties only. */
  readonly open?: (data: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>> | null
}

/** An event as it is told everywhere: in the feed, on streams, to webhooks and channels. */
export interface WireEvent {
  /** Stable: the same wherever and however often the event is told. */
  readonly id: string
  /** Its place in the order of the market; null for a trial, which is nobody's affair but the receiver's. */
  readonly seq: number | null
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
  /** When it happened, ISO 8601 UTC. */
  readonly timestamp: string
}

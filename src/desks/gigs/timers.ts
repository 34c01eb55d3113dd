/** How long things last on this desk: every timer of its lives, as PostgreSQL intervals. */
export const timers = {
  /** A negotiation in which nobody says anything is over, and with it its contract. */
  silence: '7 days',
  /** An agreement that not both sides approve is void after this long. */
  approval: '7 days',
  /** A contract that both have approved and that does not become active is void after this long, counted from the second approval. */
  activation: '7 days',
  /** A milestone that was proposed and not approved is cancelled. */
  proposed: '7 days',
  /** A milestone that was approved and not funded is cancelled. */
  unfunded: '14 days',
  /** The work should be there this long after funding or the start date, unless the milestone says otherwise. */
  delivery: '30 days',
  /** Funded work that is not there this long after it should be goes back to its client. */
  overdue: '14 days',
  /** A cancellation the client asked for, and that nobody disputed, takes effect. */
  cancelAsked: '72 hours',
  /** Delivered work about which its client says nothing is paid. */
  acceptance: '14 days',
  /** The client is reminded of delivered work so long after the delivery, and once more. */
  reminder: '7 days',
  lastReminder: '12 days',
  /** How long a delivered milestone may still be disputed. */
  dispute: '14 days',
  /** The side that has not opened a dispute answers within this; it is reminded when half of it is over. */
  response: '24 hours',
  responseReminder: '12 hours',
  /** A dispute that no operator has decided this long after the answer, or after the deadline for it, the market decides. */
  decision: '72 hours',
  /** A review that the rules doubt is published, unless an operator decides otherwise. */
  review: '7 days',
} as const

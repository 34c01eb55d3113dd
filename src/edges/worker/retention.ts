import type { Movable } from '../../base/archive.ts'
import type { Database } from '../../base/db.ts'
import type { Retention } from '../../base/retention.ts'
import { dropEvents, movableEvents } from '../../core/events/archive.ts'
import { movableTransfers } from '../../core/ledger/archive.ts'
import { dropTexts, movableJobs } from '../../desks/jobs/archive.ts'

/** Everything that moves to an archive when it is old, in the order in which it is moved. */
export const movables: readonly Movable[] = [movableJobs, movableTransfers, movableEvents]

/** Rows of one transaction: it holds no lock that anybody waits for, yet what it has not committed is lost when it is killed. */
export const batch = 1_000

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Moves a batch of everything that is old, no faster than the operator allows, and throws away what they want to be rid of. Any number of
 * processes may: one moves, the others pass by. Answers whether there is probably more.
 */
export async function retain(db: Database, retention: Retention): Promise<boolean> {
  const { days, rowsPerSecond } = retention
  let moved = 0
  for (const { name, move } of movables) {
    const age = days[name]
    if (age === null) continue
    const some = (await move(db, { days: age, most: Math.min(batch, rowsPerSecond) })) ?? 0
    moved += some
    await pause((some / rowsPerSecond) * 1_000)
  }
  const { texts } = await throwAway(db, retention)
  return moved > 0 || texts > 0
}

/** What was thrown away at one call. */
export interface ThrownAway {
  /** Months of events, as 2026-08. */
  readonly events: readonly string[]
  /** Jobs that lost their texts. */
  readonly texts: number
}

/** Throws away what the operator wants to be rid of; by itself nothing. */
export async function throwAway(db: Database, { dropEventsDays, dropTextsDays }: Retention): Promise<ThrownAway> {
  return {
    events: dropEventsDays === null ? [] : await dropEvents(db, dropEventsDays),
    texts: dropTextsDays === null ? 0 : ((await dropTexts(db, { days: dropTextsDays, most: batch / 5 })) ?? 0),
  }
}

import type { Database } from '../../base/db.ts'
import { sweepContracts } from './contract/sweep.ts'
import { sweepDisputes } from './dispute/sweep.ts'
import { sweepNegotiations } from './negotiation/lapse.ts'
import { sweepReviews } from './review/sweep.ts'

/**
 * Makes the turns of the clock on this desk that are due; answers how many. Any number of processes may sweep at once, and truth
 * does not wait for it: every deadline is judged in the statements that use it.
 */
export async function sweepGigs(db: Database): Promise<number> {
  const failures: unknown[] = []
  let moved = 0
  for (const sweep of [sweepNegotiations, sweepContracts, sweepDisputes, sweepReviews]) {
    try {
      moved += await sweep(db)
    } catch (error) {
      // What is wrong in one room holds up no other.
      failures.push(error)
    }
  }
  if (failures.length > 1) {
    // Each reason once: a database that is away is the same to all of them.
    const reasons = new Set(failures.map((failure) => (failure instanceof Error ? failure.message : String(failure))))
    throw new AggregateError(failures, `gigs could not be swept: ${[...reasons].join('; ')}`)
  }
  if (failures.length === 1) throw failures[0]
  return moved
}

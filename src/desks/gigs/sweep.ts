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
  if (failures.length > 0)
    throw failures.length === 1 ? failures[0] : new AggregateError(failures, 'gigs could not be swept')
  return moved
}

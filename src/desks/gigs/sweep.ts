import type { Database } from '../../base/db.ts'
import { sweepContracts } from './contract/sweep.ts'
import { sweepNegotiations } from './negotiation/lapse.ts'
import { sweepReviews } from './review/sweep.ts'

/**
 * Makes the turns of the clock on this desk that are due; answers how many. Any number of processes may sweep at once, and truth
 * does not wait for it: every deadline is judged in the statements that use it.
 */
export const sweepGigs = async (db: Database): Promise<number> =>
  (await sweepNegotiations(db)) + (await sweepContracts(db)) + (await sweepReviews(db))

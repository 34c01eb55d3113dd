import type { Database } from '../../base/db.ts'
import { sweepNegotiations } from './negotiation/lapse.ts'

/**
 * Makes the turns of the clock on this desk that are due; answers how many. Any number of processes may sweep at once, and truth
 * does not wait for it: every deadline is judged in the statements that use it.
 */
export const sweepGigs = (db: Database): Promise<number> => sweepNegotiations(db)

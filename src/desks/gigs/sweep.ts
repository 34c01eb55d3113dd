import type { Database } from '../../base/db.ts'
import { sweepContracts } from './contract/sweep.ts'

/** Makes every turn of the clock that is due on this desk; answers how many things it moved. */
export async function sweepGigs(db: Database): Promise<number> {
  return sweepContracts(db)
}

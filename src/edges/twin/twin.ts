import type pg from 'pg'
import type { Fees } from './state/call.ts'

/** What the parts of one running twin share. */
export interface Twin {
  readonly pool: pg.Pool
  /** Where hosted pages live, as the payer's browser sees them: `http://localhost:3000/twin`. */
  readonly pagesBase: string
  readonly fees: Fees
  /** Says that events may be waiting, so that they leave at once and not at the next look. */
  readonly wake: () => void
  readonly log: (line: string) => void
}

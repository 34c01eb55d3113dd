import { deskCases } from './desk-cases.ts'
import { gigCases } from './gig-cases.ts'
import type { Grown } from './market.ts'
import { readingCases } from './reading-cases.ts'
import { workerCases } from './worker-cases.ts'

/** Something that is asked of the database again and again, and must not cost more when the market has a longer past. */
export interface Case {
  readonly name: string
  /** Asked often, or by people who wait: held to 1.5 times its cost. What reads everything on purpose is only reported. */
  readonly hot: boolean
  /** Is done before each call, and not counted. */
  readonly prepare?: () => Promise<unknown>
  readonly once: () => Promise<unknown>
  /** Rows of one table that a single statement of it may look at; 700 without it. */
  readonly most?: number
  /** Calls in a round; 5 without it. */
  readonly each?: number
}

/** Everything that is measured, in the order in which it is. */
export const casesOf = async (grown: Grown): Promise<Case[]> => [
  ...deskCases(grown),
  ...(await readingCases(grown)),
  ...(await gigCases(grown)),
  ...workerCases(grown),
]

import type { CriterionVerdict } from './check.ts'
import type { Work } from './verify.ts'

/** What a judge says of every criterion, in the order of the work's criteria. */
export interface Judgement {
  readonly criteria: readonly CriterionVerdict[]
  readonly score: number
  readonly reasoning: string
}

/**
 * Judges work that passed the checks and the rules. A judge proposes; `verify` disposes: it takes no criterion whose
 * evidence does not occur in the output, and no judgement that leaves a criterion out. A judge that cannot judge throws.
 */
export interface Judge {
  judge(work: Work, log: (line: string) => void): Promise<Judgement>
}

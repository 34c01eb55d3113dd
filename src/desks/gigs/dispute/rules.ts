import type { DisputeRow, Recommendation } from './dispute.ts'

/** What the fixed rules look at. */
export type Standing = Pick<DisputeRow, 'was_delivered' | 'disputing_party' | 'opener_gave_evidence' | 'responded_at'>

export interface Ruling {
  /** The worker's part in percent; null: no rule fits, and the milestone goes on as if there had been no dispute. */
  readonly workerShare: number | null
  readonly reasoning: string
}

/** The rules by which the market decides a dispute by itself, the first that fits. What is written in it is not judged. */
export function rule(standing: Standing): Ruling {
  const { was_delivered: wasDelivered, disputing_party: opener } = standing
  if (!wasDelivered)
    return {
      workerShare: 0,
      reasoning: 'Nothing was delivered before it was disputed: the money goes back to the client.',
    }
  if (standing.responded_at === null && standing.opener_gave_evidence)
    return {
      workerShare: opener === 'worker' ? 100 : 0,
      reasoning: `The ${opener} has given evidence and the other side has not answered it: the ${opener} is believed.`,
    }
  return {
    workerShare: null,
    reasoning:
      'The work was delivered, and nothing that the rules can judge speaks against it: as if there had been no dispute, it is paid.',
  }
}

/** What the rules recommend, as things stand: where none decides, the work was delivered and is paid. */
export function recommendByRules(standing: Standing): Recommendation {
  const { workerShare, reasoning } = rule(standing)
  const share = workerShare ?? 100
  return {
    recommendation: share === 0 ? 'client' : 'worker',
    worker_share_percent: share,
    reasoning,
    made_by: 'rules',
  }
}

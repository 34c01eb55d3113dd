import { life } from '../../../base/states.ts'

export const disputeStates = ['open', 'responded', 'resolved'] as const
export type DisputeStatus = (typeof disputeStates)[number]

/** `opener` has disputed the milestone, `respondent` is the other side, `market` is the clock and the payer's bank. */
export type DisputeParty = 'opener' | 'respondent' | 'operator' | 'market'

/** What evidence may be, as documented. */
export const evidenceTypes = [
  'github_commit',
  'screenshot',
  'video',
  'deployed_url',
  'contract_requirement',
  'build_log',
  'other',
] as const

/** The life of a dispute. Nobody can keep the money frozen: without an operator the market decides by a stored recommendation, else by fixed rules. */
export const disputeLife = life(disputeStates, {
  respond: {
    from: ['open'],
    to: 'responded',
    by: ['respondent'],
    note: 'with evidence, within 24 h',
  },
  recommend: {
    from: ['open', 'responded'],
    to: 'same',
    by: ['opener', 'respondent'],
    note: 'a recommendation is stored; applied when nobody decides',
  },
  resolve: { from: ['open', 'responded'], to: 'resolved', by: ['operator'], note: 'with any split' },
  decide: {
    from: ['open', 'responded'],
    to: 'resolved',
    by: ['market'],
    note: '72 h after the answer or the missed deadline',
  },
} satisfies Record<
  string,
  {
    from: DisputeStatus[]
    to: DisputeStatus | 'same'
    by: DisputeParty[]
    verb?: string
    quiet?: boolean
    note?: string
  }
>)

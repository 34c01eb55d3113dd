import { z } from 'zod'
import { iso } from '../../../base/page.ts'
import { life } from '../../../base/states.ts'
import { Attachment } from '../../../core/files/attachment.ts'

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
export type EvidenceType = (typeof evidenceTypes)[number]

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

/** Evidence items each side may give, and disputes somebody may have open at once. */
export const disputeLimits = { evidence: 20, open: 20 } as const

const sides = z.enum(['client', 'worker'])
const timestamp = z.string().describe('ISO 8601, UTC.')
const Cents = z.int().nullable()

/** How a dispute might be decided. */
export const Recommendation = z
  .strictObject({
    recommendation: z.enum(['client', 'worker', 'split']).describe('Who should get the money.'),
    worker_share_percent: z.int().describe('The worker’s part, 0 to 100.'),
    reasoning: z.string(),
    made_by: z.string().describe('`rules`, or the model that has read the dispute.'),
  })
  .meta({ id: 'Recommendation' })
export type Recommendation = z.infer<typeof Recommendation>

export const Resolution = z
  .strictObject({
    worker_share_percent: z
      .int()
      .nullable()
      .describe('null: nothing was decided; the milestone went on as if there had been no dispute.'),
    made_by: z.enum(['operator', 'recommendation', 'rules', 'bank']),
    note: z.string().nullable().describe('What the operator says about it.'),
    worker_cents: Cents.describe(
      'What the worker gets, less all fees. Null, like the other sums, where nothing was decided.',
    ),
    fee_cents: Cents.describe('The market’s fee, of the worker’s part.'),
    arbitration_cents: Cents.describe('What deciding it cost.'),
    refunded_cents: Cents.describe('What went back to where the client’s money came from.'),
    resolved_at: timestamp,
  })
  .meta({ id: 'Resolution' })
export type Resolution = z.infer<typeof Resolution>

/** Something that one side has shown. */
export const Evidence = z
  .strictObject({
    id: z.uuid(),
    by: sides,
    type: z.enum(evidenceTypes),
    url: z.string().nullable().describe('Another party wrote it: open it with care.'),
    description: z.string().nullable(),
    attachment: Attachment.nullable().describe('A download at GET /api/attachments/:id.'),
    created_at: timestamp,
  })
  .meta({ id: 'Evidence' })
export type Evidence = z.infer<typeof Evidence>

const shown = {
  id: z.uuid(),
  contract_id: z.uuid(),
  milestone_id: z.uuid(),
  disputing_party: sides.describe('Which side has opened it.'),
  opened_by: z.uuid(),
  respondent_user_id: z.uuid(),
  reason: z.string(),
  status: z.enum(disputeStates),
  amount_cents: z.int().describe('What the milestone holds, or held.'),
  arbitration_fee_cents: z.int().describe('What deciding it costs the side that is awarded less than half.'),
  response_deadline: timestamp.describe('Until when the other side may answer.'),
  deadline_at: timestamp.nullable().describe('When the market decides it, if no operator has.'),
  responded_at: timestamp.nullable(),
  recommendation: Recommendation.nullable(),
  resolution: Resolution.nullable(),
  evidence: z.array(Evidence).optional().describe('In the order in which it was given; only with ?evidence=1.'),
  created_at: timestamp,
  updated_at: timestamp,
  can: z.array(z.string()).describe('The verbs you may use on it now.'),
}

/** A dispute as its two parties see it. */
export const Dispute = z.strictObject({ ...shown, your_role: sides }).meta({ id: 'Dispute' })
export type Dispute = z.infer<typeof Dispute>

/** The same as operators see it. */
export const OperatorDispute = z
  .strictObject({
    ...shown,
    contract_title: z.string(),
    milestone_title: z.string(),
    client_user_id: z.uuid(),
    client_name: z.string(),
    worker_user_id: z.uuid(),
    worker_name: z.string(),
    was_delivered: z.boolean().describe('Whether the work was there when it was disputed.'),
    delivery: z
      .strictObject({ note: z.string().nullable(), attachments: z.array(Attachment) })
      .nullable()
      .describe('What was delivered; null if nothing was.'),
    is_with_bank: z.boolean().describe('The payer’s bank has taken the money back: it decides first.'),
  })
  .meta({ id: 'OperatorDispute' })
export type OperatorDispute = z.infer<typeof OperatorDispute>

/** A dispute's row as SQL writes it into JSON, with its milestone's money, its parties and the database's clock. */
export interface DisputeRow {
  readonly id: string
  readonly contract_id: string
  readonly milestone_id: string
  readonly disputing_party: 'client' | 'worker'
  readonly opened_by: string
  readonly respondent_id: string
  readonly reason: string
  readonly status: DisputeStatus
  readonly was_delivered: boolean
  readonly response_deadline: string
  readonly responded_at: string | null
  readonly reminded: boolean
  readonly missed: boolean
  readonly due_at: string | null
  readonly recommendation: Recommendation | null
  readonly worker_share_percent: number | null
  readonly arbitration_fee_cents: number
  readonly resolved_by: Resolution['made_by'] | null
  readonly note: string | null
  readonly resolved_at: string | null
  readonly created_at: string
  readonly updated_at: string
  readonly amount_cents: number
  readonly released_cents: number | null
  readonly fee_cents: number | null
  readonly arbitration_cents: number | null
  readonly refunded_cents: number | null
  readonly chargeback_id: string | null
  readonly delivery_note: string | null
  readonly delivery_attachments: Attachment[]
  readonly milestone_status: string
  readonly milestone_title: string
  readonly contract_title: string
  readonly client_id: string
  readonly client_name: string
  readonly worker_id: string
  readonly worker_name: string
  readonly opener_gave_evidence: boolean
  readonly now: string
}

/** What its turns, its events and its files go by. */
export const refOf = ({ id }: Pick<DisputeRow, 'id'>): string => `dispute:${id}`

/** Whether the market's time to decide has come, even if it has not yet. */
export const isDue = ({ due_at: due, now }: DisputeRow): boolean => due !== null && Date.parse(due) <= Date.parse(now)

/** Whether the time to answer is over. */
export const isTooLate = ({ response_deadline: at, now }: DisputeRow): boolean => Date.parse(at) <= Date.parse(now)

function resolutionOf(row: DisputeRow): Resolution | null {
  if (row.resolved_by === null) return null
  // A milestone that went on has ended otherwise since, if at all.
  const isDecided = row.worker_share_percent !== null || row.resolved_by === 'bank'
  return {
    worker_share_percent: row.worker_share_percent,
    made_by: row.resolved_by,
    note: row.note,
    worker_cents: isDecided ? row.released_cents : null,
    fee_cents: isDecided ? row.fee_cents : null,
    arbitration_cents: isDecided ? row.arbitration_cents : null,
    refunded_cents: isDecided ? row.refunded_cents : null,
    resolved_at: iso(row.resolved_at!),
  }
}

const show = (row: DisputeRow, evidence: Evidence[] | undefined) => ({
  id: row.id,
  contract_id: row.contract_id,
  milestone_id: row.milestone_id,
  disputing_party: row.disputing_party,
  opened_by: row.opened_by,
  respondent_user_id: row.respondent_id,
  reason: row.reason,
  status: row.status,
  amount_cents: row.amount_cents,
  arbitration_fee_cents: row.arbitration_fee_cents,
  response_deadline: iso(row.response_deadline),
  deadline_at: iso(row.due_at),
  responded_at: iso(row.responded_at),
  recommendation: row.recommendation,
  resolution: resolutionOf(row),
  ...(evidence ? { evidence } : {}),
  created_at: iso(row.created_at),
  updated_at: iso(row.updated_at),
})

/** What one of its two parties sees of a dispute. */
export function showDispute(row: DisputeRow, viewer: string, evidence?: Evidence[]): Dispute {
  const party = row.opened_by === viewer ? 'opener' : 'respondent'
  const says: Readonly<Record<string, () => boolean>> = {
    respond: () => !isTooLate(row),
    recommend: () => !isDue(row),
  }
  return {
    ...show(row, evidence),
    your_role: row.client_id === viewer ? 'client' : 'worker',
    can: disputeLife.can(row.status, [party]).filter((verb) => says[verb]?.() ?? true),
  }
}

/** What an operator sees of it. */
export const showToOperator = (row: DisputeRow, evidence?: Evidence[]): OperatorDispute => ({
  ...show(row, evidence),
  contract_title: row.contract_title,
  milestone_title: row.milestone_title,
  client_user_id: row.client_id,
  client_name: row.client_name,
  worker_user_id: row.worker_id,
  worker_name: row.worker_name,
  was_delivered: row.was_delivered,
  delivery: row.was_delivered ? { note: row.delivery_note, attachments: row.delivery_attachments } : null,
  is_with_bank: row.chargeback_id !== null,
  can: row.chargeback_id === null ? disputeLife.can(row.status, ['operator']) : [],
})

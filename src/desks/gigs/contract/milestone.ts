import { z } from 'zod'
import { iso } from '../../../base/page.ts'
import { life } from '../../../base/states.ts'
import { Attachment } from '../../../core/files/attachment.ts'

export const milestoneStates = [
  'proposed',
  'pending',
  'funded',
  'delivered',
  'released',
  'disputed',
  'refunded',
  'cancelled',
] as const
export type MilestoneStatus = (typeof milestoneStates)[number]

/**
 * `client` pays, `worker` works; `asked` is the side that has not proposed it; `market` is the clock, the payment provider and what
 * happens to the contract.
 */
export type MilestoneParty = 'client' | 'worker' | 'asked' | 'operator' | 'market'

/** The life of a milestone: the one place where a contract holds money, and every state that does has an exit of the market's own. */
export const milestoneLife = life(milestoneStates, {
  fund: { from: ['pending'], to: 'funded', by: ['client'], note: 'card or wallet to escrow; the fee is fixed' },
  fund_again: {
    from: ['funded', 'delivered', 'released', 'disputed'],
    to: 'same',
    by: ['client'],
    verb: 'fund',
    quiet: true,
    note: 'funded before: answered again',
  },
  book_card: {
    from: ['pending'],
    to: 'funded',
    by: ['market'],
    note: 'the card payment that its client has confirmed',
  },
  end_with_contract: {
    from: ['proposed', 'pending'],
    to: 'cancelled',
    by: ['market'],
    note: 'its contract was cancelled, revised or void',
  },
  repay_with_contract: {
    from: ['funded'],
    to: 'refunded',
    by: ['market'],
    note: 'its contract was cancelled, revised or void before it was active: money back where it came from',
  },
  unfunded: {
    from: ['pending'],
    to: 'cancelled',
    by: ['market'],
    note: 'not funded 14 days after it was approved',
  },
  approve: { from: ['proposed'], to: 'pending', by: ['asked'], note: 'both sides agree on it' },
  unapproved: { from: ['proposed'], to: 'cancelled', by: ['market'], note: 'not approved for 7 days' },
  drop: {
    from: ['proposed', 'pending'],
    to: 'cancelled',
    by: ['client', 'worker'],
    verb: 'cancel',
    note: 'holds no money yet',
  },
  deliver: { from: ['funded'], to: 'delivered', by: ['worker'], note: 'voids a cancellation that was asked for' },
  release: {
    from: ['funded', 'delivered'],
    to: 'released',
    by: ['client'],
    note: 'escrow to pending, less the fee; paid out after the agreed delay',
  },
  release_again: { from: ['released'], to: 'same', by: ['client'], verb: 'release', quiet: true, note: 'no-op' },
  accept_in_silence: {
    from: ['delivered'],
    to: 'released',
    by: ['market'],
    note: '14 days without a word from the client, with reminders at 7 and 12',
  },
  give_back: {
    from: ['funded', 'delivered'],
    to: 'refunded',
    by: ['worker'],
    verb: 'refund',
    note: 'money back where it came from',
  },
  ask_cancel: {
    from: ['funded'],
    to: 'same',
    by: ['client'],
    verb: 'cancel',
    note: 'takes effect after 72 h unless it is delivered or disputed',
  },
  cancel_in_silence: {
    from: ['funded'],
    to: 'refunded',
    by: ['market'],
    note: '72 h after a cancellation was asked for',
  },
  overdue: { from: ['funded'], to: 'refunded', by: ['market'], note: 'not delivered 14 days after it was due' },
  dispute: {
    from: ['funded', 'delivered'],
    to: 'disputed',
    by: ['client', 'worker'],
    note: 'frozen; at most 14 days after delivery, once a milestone',
  },
  award: { from: ['disputed'], to: 'released', by: ['operator', 'market'], note: 'the worker gets a part, or all' },
  award_nothing: { from: ['disputed'], to: 'refunded', by: ['operator', 'market'], note: 'the worker gets nothing' },
  thaw: {
    from: ['disputed'],
    to: 'delivered',
    by: ['market'],
    note: 'nobody decided and no rule fits: as if there had been no dispute',
  },
  charged_back: {
    from: ['funded', 'delivered', 'disputed'],
    to: 'refunded',
    by: ['market'],
    note: "the payer's bank has taken its money and keeps it",
  },
} satisfies Record<
  string,
  {
    from: MilestoneStatus[]
    to: MilestoneStatus | 'same'
    by: MilestoneParty[]
    verb?: string
    quiet?: boolean
    note?: string
  }
>)

/** In these the milestone's escrow holds its amount, and in no other. */
export const holdsMoney: readonly MilestoneStatus[] = ['funded', 'delivered', 'disputed']

/**
 * What an earlier milestone must have come to before the next one is funded: delivered or over, or never agreed on. One that is
 * disputed has come to it if it was delivered.
 */
const clearsTheWay: readonly MilestoneStatus[] = ['proposed', 'delivered', 'released', 'refunded', 'cancelled']

/** How many milestones a contract may have in its time, and how long ahead their work may be due. */
export const milestoneLimits = { perContract: 50, dueDays: 365, noteMin: 20, attachments: 10 } as const

const timestamp = z.string().describe('ISO 8601, UTC.')

/** A milestone as its contract's two sides see it. */
export const Milestone = z
  .strictObject({
    id: z.uuid(),
    contract_id: z.uuid(),
    position: z.int().describe('Its place in the contract; milestones are funded in this order.'),
    title: z.string(),
    amount_cents: z.int(),
    fee_cents: z
      .int()
      .nullable()
      .describe('What the market keeps of it: fixed when it is funded; once it has ended, what it has kept.'),
    fee_percent: z
      .int()
      .nullable()
      .describe('What the market keeps of what is paid for work; fixed when it is funded.'),
    released_cents: z.int().nullable().describe('What the worker got of it; null until it is released or refunded.'),
    refunded_cents: z.int().nullable().describe('What went back where it came from.'),
    arbitration_cents: z.int().nullable().describe('What deciding a dispute over it cost.'),
    status: z.enum(milestoneStates),
    proposed_by: z.enum(['client', 'worker']).nullable().describe('Null: it came with the agreement.'),
    source: z.enum(['card', 'wallet']).nullable().describe('What it was funded from; null before, and at $0.'),
    due_at: timestamp.nullable().describe('When the work should be there.'),
    deadline_at: timestamp
      .nullable()
      .describe('When the market ends its present state by itself; null while a bank has frozen it.'),
    approved_at: timestamp.nullable(),
    funded_at: timestamp.nullable(),
    delivered_at: timestamp.nullable(),
    delivery: z
      .strictObject({ note: z.string(), attachments: z.array(Attachment) })
      .nullable()
      .describe('What was delivered.'),
    cancel_asked_at: timestamp.nullable().describe('When its client asked for the money back.'),
    is_frozen: z.boolean().describe('Disputed, or taken back by a bank: nobody moves it until that is decided.'),
    ended_at: timestamp.nullable(),
    created_at: timestamp,
    updated_at: timestamp,
    can: z.array(z.string()).describe('The verbs you may use on it now.'),
  })
  .meta({ id: 'Milestone' })
export type Milestone = z.infer<typeof Milestone>

/** A milestone's row as SQL writes it into JSON. Its `due_at` is the market's timer; when the work is due is `due_date`. */
export interface MilestoneRow {
  readonly id: string
  readonly contract_id: string
  readonly position: number
  readonly title: string
  readonly amount_cents: number
  readonly fee_cents: number | null
  readonly fee_percent: number | null
  readonly released_cents: number | null
  readonly refunded_cents: number | null
  readonly arbitration_cents: number | null
  readonly status: MilestoneStatus
  readonly source: 'card' | 'wallet' | null
  readonly proposed_by: string | null
  readonly due_date: string | null
  readonly due_at: string | null
  readonly approved_at: string | null
  readonly funded_at: string | null
  readonly delivered_at: string | null
  readonly delivery_note: string | null
  readonly delivery_attachments: readonly Attachment[]
  readonly cancel_asked_at: string | null
  readonly reminded: number
  readonly chargeback_id: string | null
  /** Whether it was disputed at any time: it is so once. */
  readonly was_disputed: boolean
  readonly ended_at: string | null
  readonly created_at: string
  readonly updated_at: string
}

/** What its escrow and its payments are booked under. */
export const refOf = ({ id }: Pick<MilestoneRow, 'id'>): string => `milestone:${id}`

/** Which milestone is booked under it; null: none is. */
export const milestoneIdOf = (ref: string): string | null => /^milestone:([0-9a-f-]{36})$/.exec(ref)?.[1] ?? null

/** The earlier milestone that has to be delivered before this one is funded, if there is one. */
export const blockerOf = ({ position }: MilestoneRow, all: readonly MilestoneRow[]): MilestoneRow | undefined =>
  all.find((other) => other.position < position && !isOutOfTheWay(other))

const isOutOfTheWay = ({ status, delivered_at: delivered }: MilestoneRow): boolean =>
  clearsTheWay.includes(status) || (status === milestoneLife.moves.dispute.to && delivered !== null)

/** Whether nobody may move it: it is disputed, or its payer's bank has taken its money. */
export const isFrozen = ({ status, chargeback_id: chargeback }: MilestoneRow): boolean =>
  status === milestoneLife.moves.dispute.to || chargeback !== null

/** Whether its timer has run out by then: the market has moved it on, even if that has not been written down yet. */
export const isMilestoneOver = ({ due_at: due }: MilestoneRow, now: string): boolean =>
  due !== null && Date.parse(due) <= Date.parse(now)

/** A milestone as somebody sees it who may use these verbs of its life. */
export const showMilestone = (row: MilestoneRow, clientId: string, can: string[]): Milestone => ({
  id: row.id,
  contract_id: row.contract_id,
  position: row.position,
  title: row.title,
  amount_cents: row.amount_cents,
  fee_cents: row.fee_cents,
  fee_percent: row.fee_percent,
  released_cents: row.released_cents,
  refunded_cents: row.refunded_cents,
  arbitration_cents: row.arbitration_cents,
  status: row.status,
  proposed_by: row.proposed_by === null ? null : row.proposed_by === clientId ? 'client' : 'worker',
  source: row.source,
  due_at: iso(row.due_date),
  deadline_at: row.chargeback_id === null ? iso(row.due_at) : null,
  approved_at: iso(row.approved_at),
  funded_at: iso(row.funded_at),
  delivered_at: iso(row.delivered_at),
  delivery:
    row.delivered_at === null ? null : { note: row.delivery_note ?? '', attachments: [...row.delivery_attachments] },
  cancel_asked_at: iso(row.cancel_asked_at),
  is_frozen: isFrozen(row),
  ended_at: iso(row.ended_at),
  created_at: iso(row.created_at),
  updated_at: iso(row.updated_at),
  can,
})

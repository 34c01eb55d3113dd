import { z } from 'zod'
import { iso } from '../../../base/page.ts'
import { life } from '../../../base/states.ts'

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
export type MilestoneParty = 'client' | 'worker' | 'asked' | 'market'

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

/** What an earlier milestone must have come to before the next one is funded: delivered or over, or never agreed on. */
const clearsTheWay: readonly MilestoneStatus[] = ['proposed', 'delivered', 'released', 'refunded', 'cancelled']

const timestamp = z.string().describe('ISO 8601, UTC.')

/** A milestone as its contract's two sides see it. */
export const Milestone = z
  .strictObject({
    id: z.uuid(),
    contract_id: z.uuid(),
    position: z.int().describe('Its place in the contract; milestones are funded in this order.'),
    title: z.string(),
    amount_cents: z.int(),
    fee_cents: z.int().nullable().describe('What the market keeps of it; fixed when it is funded.'),
    status: z.enum(milestoneStates),
    source: z.enum(['card', 'wallet']).nullable().describe('What it was funded from; null before, and at $0.'),
    due_at: timestamp.nullable().describe('When the work should be there.'),
    deadline_at: timestamp.nullable().describe('When the market ends its present state by itself.'),
    funded_at: timestamp.nullable(),
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
  readonly status: MilestoneStatus
  readonly source: 'card' | 'wallet' | null
  readonly due_date: string | null
  readonly due_at: string | null
  readonly funded_at: string | null
  readonly ended_at: string | null
  readonly created_at: string
  readonly updated_at: string
}

/** What its escrow and its payments are booked under. */
export const refOf = ({ id }: Pick<MilestoneRow, 'id'>): string => `milestone:${id}`

/** The earlier milestone that has to be delivered before this one is funded, if there is one. */
export const blockerOf = ({ position }: MilestoneRow, all: readonly MilestoneRow[]): MilestoneRow | undefined =>
  all.find((other) => other.position < position && !clearsTheWay.includes(other.status))

/** A milestone as somebody sees it who may use these verbs of its life. */
export const showMilestone = (row: MilestoneRow, can: string[]): Milestone => ({
  id: row.id,
  contract_id: row.contract_id,
  position: row.position,
  title: row.title,
  amount_cents: row.amount_cents,
  fee_cents: row.fee_cents,
  status: row.status,
  source: row.source,
  due_at: iso(row.due_date),
  deadline_at: iso(row.due_at),
  funded_at: iso(row.funded_at),
  ended_at: iso(row.ended_at),
  created_at: iso(row.created_at),
  updated_at: iso(row.updated_at),
  can,
})

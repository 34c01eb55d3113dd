import { z } from 'zod'
import { iso } from '../../../base/page.ts'
import { revisionsMax } from '../negotiation/negotiation.ts'
import { awaiting, type ContractStatus, contractLife, contractStates } from './contract.ts'
import {
  blockerOf,
  holdsMoney,
  isFrozen,
  isMilestoneOver,
  Milestone,
  type MilestoneRow,
  milestoneLife,
  milestoneLimits,
  showMilestone,
} from './milestone.ts'

const timestamp = z.string().describe('ISO 8601, UTC.')

/** A contract as its two sides see it. */
export const Contract = z
  .strictObject({
    id: z.uuid(),
    status: z.enum(contractStates),
    negotiation_id: z.uuid(),
    gig_id: z.uuid(),
    gig_title: z.string(),
    title: z.string().describe('Like description and scope copied from the gig when the terms were agreed on.'),
    description: z.string(),
    scope: z.string(),
    client_user_id: z.uuid(),
    worker_user_id: z.uuid(),
    your_role: z.enum(['client', 'worker']),
    rate_cents: z.int(),
    hours_per_week: z.int(),
    start_date: z.string().nullable().describe('YYYY-MM-DD.'),
    payout_delay_days: z.int(),
    amount_cents: z.int().describe('Of the first milestone: rate times hours.'),
    client_approved_at: timestamp.nullable(),
    worker_approved_at: timestamp.nullable(),
    revisions: z.int().describe('How often it went back into negotiation; three times at most.'),
    revise_notes: z.string().nullable().describe('Why it last did.'),
    cancel_reason: z.string().nullable(),
    deadline_at: timestamp.nullable().describe('When the market ends it, unless it is approved or active by then.'),
    milestones: z.array(Milestone),
    activated_at: timestamp.nullable(),
    ended_at: timestamp.nullable(),
    created_at: timestamp,
    updated_at: timestamp,
    can: z.array(z.string()).describe('The verbs you may use on it now.'),
    connect_url: z
      .string()
      .optional()
      .describe('For the worker while their account is awaited: the payment provider’s form. It opens once.'),
  })
  .meta({ id: 'Contract' })
export type Contract = z.infer<typeof Contract>

/** A contract's row as SQL writes it into JSON, with its milestones and the database's clock. */
export interface ContractRow {
  readonly id: string
  readonly negotiation_id: string
  readonly gig_id: string
  readonly gig_title: string
  readonly client_id: string
  readonly worker_id: string
  readonly title: string
  readonly description: string
  readonly scope: string
  readonly rate_cents: number
  readonly hours_per_week: number
  readonly start_date: string | null
  readonly payout_delay_days: number
  readonly status: ContractStatus
  readonly client_approved_at: string | null
  readonly worker_approved_at: string | null
  readonly revisions: number
  readonly revise_notes: string | null
  readonly cancel_reason: string | null
  readonly due_at: string | null
  readonly activated_at: string | null
  readonly ended_at: string | null
  readonly created_at: string
  readonly updated_at: string
  readonly now: string
  readonly milestones: readonly MilestoneRow[]
  /** Which of its sides have reviewed the other. */
  readonly reviewed_by: readonly string[]
}

export type Side = 'client' | 'worker'

/** Which side of a contract somebody is who is one of the two. */
export const sideOf = ({ client_id: client }: ContractRow, user: string): Side =>
  client === user ? 'client' : 'worker'

export const amountOf = ({ rate_cents: rate, hours_per_week: hours }: ContractRow): number => rate * hours

/**
 * Whether its timer has run out: it has expired, even if the market has not written that down yet. A verb judges it once, by the
 * database's clock when it has locked the row, and holds on to that: what began in time is done in time.
 */
export const isOver = ({ due_at: due, now }: ContractRow): boolean => due !== null && Date.parse(due) <= Date.parse(now)

export const isAwaiting = ({ status }: ContractRow): boolean => (awaiting as readonly string[]).includes(status)

/** Whether the worker's account with the payment provider is what the contract waits for. */
export const awaitsAccount = (row: ContractRow): boolean =>
  contractLife.moves.connect_link.from.some((status) => status === row.status) && !isOver(row)

/** Whether its milestones may be funded at all now. */
export const takesMoney = (row: ContractRow): boolean =>
  (isAwaiting(row) && !isOver(row)) || row.status === contractLife.moves.activate.to

/** The milestone that has to be funded before the contract becomes active. */
export const firstMilestone = ({ milestones }: ContractRow): MilestoneRow | undefined =>
  milestones.find(({ ended_at: ended }) => ended === null)

/** The first of its milestones that holds money. */
export const fundedMilestone = ({ milestones }: ContractRow): MilestoneRow | undefined =>
  milestones.find(({ status }) => holdsMoney.includes(status))

const isPending = (row: MilestoneRow | undefined): boolean => row?.status === milestoneLife.moves.fund.from[0]

/** The verbs of the table, less those that would change nothing now. */
function canOn(row: ContractRow, side: Side): string[] {
  if (isOver(row)) return []
  const says: Readonly<Record<string, () => boolean>> = {
    approve: () => (side === 'client' ? row.client_approved_at : row.worker_approved_at) === null,
    fund: () => isPending(firstMilestone(row)),
    revise: () => row.revisions < revisionsMax,
    cancel: () => row.status !== contractLife.moves.activate.to || !fundedMilestone(row),
    propose: () => row.milestones.length < milestoneLimits.perContract,
    review: () => !row.reviewed_by.includes(side === 'client' ? row.client_id : row.worker_id),
  }
  return contractLife.can(row.status, [side]).filter((verb) => says[verb]?.() ?? true)
}

/** Whether milestones may be proposed and agreed on: both have approved the contract, and it has not ended. */
export const takesMilestones = takesMoney

function canOnMilestone(milestone: MilestoneRow, row: ContractRow, side: Side): string[] {
  if (isFrozen(milestone) || isMilestoneOver(milestone, row.now)) return []
  const { proposed_by: proposer, cancel_asked_at: asked, amount_cents: amount, was_disputed: wasDisputed } = milestone
  const isAsked = proposer !== null && proposer !== (side === 'client' ? row.client_id : row.worker_id)
  const isActive = row.status === contractLife.moves.activate.to
  const says: Readonly<Record<string, () => boolean>> = {
    fund: () => takesMoney(row) && !blockerOf(milestone, row.milestones),
    approve: () => takesMilestones(row),
    cancel: () => isActive && asked === null,
    dispute: () => isActive && amount > 0 && !wasDisputed,
  }
  return milestoneLife
    .can(milestone.status, isAsked ? [side, 'asked'] : [side])
    .filter((verb) => (says[verb] ?? (() => isActive))())
}

/** What one of its two sides sees of a contract. */
export function showContract(row: ContractRow, viewer: string, connectUrl: string | null = null): Contract {
  const side = sideOf(row, viewer)
  return {
    id: row.id,
    status: row.status,
    negotiation_id: row.negotiation_id,
    gig_id: row.gig_id,
    gig_title: row.gig_title,
    title: row.title,
    description: row.description,
    scope: row.scope,
    client_user_id: row.client_id,
    worker_user_id: row.worker_id,
    your_role: side,
    rate_cents: row.rate_cents,
    hours_per_week: row.hours_per_week,
    start_date: row.start_date,
    payout_delay_days: row.payout_delay_days,
    amount_cents: amountOf(row),
    client_approved_at: iso(row.client_approved_at),
    worker_approved_at: iso(row.worker_approved_at),
    revisions: row.revisions,
    revise_notes: row.revise_notes,
    cancel_reason: row.cancel_reason,
    deadline_at: iso(row.due_at),
    milestones: row.milestones.map((one) => showMilestone(one, row.client_id, canOnMilestone(one, row, side))),
    activated_at: iso(row.activated_at),
    ended_at: iso(row.ended_at),
    created_at: iso(row.created_at),
    updated_at: iso(row.updated_at),
    can: canOn(row, side),
    ...(connectUrl === null ? {} : { connect_url: connectUrl }),
  }
}

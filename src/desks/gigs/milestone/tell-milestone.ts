import type { Sql } from '../../../base/db.ts'
import { tell } from '../../../core/events/write.ts'

const ids = `'contract_id', c.id, 'milestone_id', m.id, 'gig_id', c.gig_id, 'negotiation_id', c.negotiation_id, 'position', m.position,
  'amount_cents', m.amount_cents`
const from = `milestone m join contract c on c.id = m.contract_id where m.id = $1`

const about = (name: string, data: string): string =>
  tell({ name: `'${name}'`, ref: `'contract:' || c.id`, parties: ['c.client_id', 'c.worker_id'], data, from })

const updated = about(
  'contract.updated',
  `json_build_object(${ids}, 'title', c.title, 'status', c.status, 'milestone_status', m.status, 'reason', $2::text)`,
)

const released = about(
  'contract.milestone.released',
  `json_build_object(${ids}, 'status', m.status, 'released_cents', m.released_cents, 'fee_cents', m.fee_cents,
    'arbitration_cents', m.arbitration_cents, 'refunded_cents', m.refunded_cents, 'reason', $2::text)`,
)

/** What may have happened to a milestone, as its events call it. */
export type MilestoneNews =
  | 'milestone_proposed'
  | 'milestone_approved'
  | 'milestone_delivered'
  | 'milestone_refunded'
  | 'milestone_overdue'
  | 'milestone_cancelled'
  | 'milestone_lapsed'
  | 'milestone_frozen'
  | 'milestone_thawed'
  | 'milestone_charged_back'
  | 'cancel_asked'
  | 'reminder'

/** Tells both sides what has happened to a milestone of their contract. */
export async function tellMilestone(sql: Sql, milestoneId: string, reason: MilestoneNews): Promise<void> {
  await sql.rows(updated, [milestoneId, reason])
}

/** Tells both sides that the worker is paid for it, and why. */
export async function tellReleased(
  sql: Sql,
  milestoneId: string,
  reason: 'released' | 'accepted_in_silence' | 'awarded',
): Promise<void> {
  await sql.rows(released, [milestoneId, reason])
}

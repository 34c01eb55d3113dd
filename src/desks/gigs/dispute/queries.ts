import type { Sql } from '../../../base/db.ts'
import { behind } from '../../../base/page.ts'
import type { Page } from '../page-of.ts'
import { refuseDispute } from './api.ts'
import type { DisputeRow, DisputeStatus } from './dispute.ts'

const disputeRow = `d.*, m.amount_cents, m.released_cents, m.fee_cents, m.arbitration_cents, m.refunded_cents, m.chargeback_id,
  m.delivery_note, m.delivery_attachments, m.status as milestone_status, m.title as milestone_title, c.title as contract_title, c.client_id, c.worker_id,
  (select name from app_user where id = c.client_id) as client_name, (select name from app_user where id = c.worker_id) as worker_name,
  exists (select from dispute_evidence e where e.dispute_id = d.id and e.by_user_id = d.opened_by) as opener_gave_evidence,
  app_now() as now`

const joined = `join milestone m on m.id = d.milestone_id join contract c on c.id = d.contract_id`

/** A dispute, whoever asks. */
export async function readDispute(sql: Sql, id: string): Promise<DisputeRow | null> {
  const [found] = await sql.rows<{ row: DisputeRow }>(
    `select row_to_json(found) as row from (select ${disputeRow} from dispute d ${joined} where d.id = $1) as found`,
    [id],
  )
  return found?.row ?? null
}

/** The same for one of its two parties; to anybody else there is none. */
export async function readOwnDispute(sql: Sql, id: string, viewer: string): Promise<DisputeRow> {
  const row = await readDispute(sql, id)
  if (!row || (row.opened_by !== viewer && row.respondent_id !== viewer)) throw refuseDispute('dispute_not_found')
  return row
}

/** Locks a dispute and answers it as it is then. Whoever also changes its milestone has locked the contract before. */
export async function lockDispute(sql: Sql, id: string): Promise<DisputeRow | null> {
  const locked = await sql.rows(`select 1 from dispute where id = $1 for no key update`, [id])
  return locked.length === 0 ? null : readDispute(sql, id)
}

export interface Wanted {
  readonly status?: DisputeStatus | undefined
  readonly contractId?: string | undefined
}

/** The disputes somebody is a party to, newest first. */
export async function readDisputes(
  sql: Sql,
  viewer: string,
  { status, contractId }: Wanted,
  { limit, after }: Page,
): Promise<DisputeRow[]> {
  const half = (party: 'opened_by' | 'respondent_id'): string => `(select * from dispute where ${party} = $1
    and ${status === undefined ? '$5::text is null' : 'status = $5'} and ${contractId === undefined ? '$6::uuid is null' : 'contract_id = $6'}
    and ${behind('(created_at, id)', '$2', '$3')} order by created_at desc, id desc limit $4)`
  const rows = await sql.rows<{ row: DisputeRow }>(
    `select row_to_json(found) as row from (select ${disputeRow} from (
       select * from (${half('opened_by')} union all ${half('respondent_id')}) as mine order by created_at desc, id desc limit $4
     ) as d ${joined} order by d.created_at desc, d.id desc) as found`,
    [viewer, after?.at, after?.id, limit, status, contractId],
  )
  return rows.map(({ row }) => row)
}

/** The disputes of the market, newest first: those in a state, or those that are undecided. */
export async function readUndecided(
  sql: Sql,
  status: DisputeStatus | undefined,
  { limit, after }: Page,
): Promise<DisputeRow[]> {
  const rows = await sql.rows<{ row: DisputeRow }>(
    `select row_to_json(found) as row from (select ${disputeRow} from (
       select * from dispute where ${status === undefined ? '$4::text is null and due_at is not null' : 'status = $4'}
         and ${behind('(created_at, id)', '$1', '$2')} order by created_at desc, id desc limit $3
     ) as d ${joined} order by d.created_at desc, d.id desc) as found`,
    [after?.at, after?.id, limit, status],
  )
  return rows.map(({ row }) => row)
}

import type { Sql } from '../../../base/db.ts'
import { behind, iso } from '../../../base/page.ts'
import { sqlList } from '../../../base/states.ts'
import type { Page } from '../page-of.ts'
import { refuseNegotiation } from './api.ts'
import {
  type AuditEntry,
  liveStates,
  type NegotiationRow,
  type NegotiationState,
  negotiationLife,
} from './negotiation.ts'

/** Whether the silence in a negotiation has lasted too long, whether the sweeper has been there or not. */
export const isSilent = `n.state in (${negotiationLife.from('lapse')}) and n.due_at <= app_now()`

const negotiationRow = `n.id, n.gig_id, g.title as gig_title, n.client_id, n.worker_id,
  case when ${isSilent} then ${negotiationLife.to('lapse')} else n.state end as state, n.round_number, n.client_rounds, n.worker_rounds,
  n.rate_cents, n.hours_per_week, n.start_date, n.payout_delay_days, c.id as contract_id, case when not (${isSilent}) then n.due_at end as due_at,
  coalesce((select json_agg(json_build_object('user_id', s.user_id, 'contact_type', s.contact_type, 'contact_value', s.contact_value,
    'shared_at', s.shared_at)) from contact_share s where s.negotiation_id = n.id), '[]') as shares, n.created_at, n.updated_at`

const joined = `negotiation n join gig g on g.id = n.gig_id left join contract c on c.negotiation_id = n.id`

/** A negotiation as its party sees it; null for everybody else. */
export async function readNegotiation(sql: Sql, party: string, id: string): Promise<NegotiationRow | null> {
  const rows = await sql.rows<{ row: NegotiationRow }>(
    `select row_to_json(found) as row from (
       select ${negotiationRow} from ${joined} where n.id = $2 and $1 in (n.client_id, n.worker_id)) as found`,
    [party, id],
  )
  return rows[0]?.row ?? null
}

const listOf = (side: 'client_id' | 'worker_id'): string => `(select ${negotiationRow} from ${joined}
  where n.${side} = $1 and ${behind('(n.created_at, n.id)', '$2', '$3')}
    and ($5::text is null or $5 = case when ${isSilent} then ${negotiationLife.to('lapse')} else n.state end)
  order by n.created_at desc, n.id desc limit $4)`

/** The negotiations somebody is a party of, on either side, newest first. */
export async function readNegotiations(
  sql: Sql,
  party: string,
  state: NegotiationState | undefined,
  { limit, after }: Page,
): Promise<NegotiationRow[]> {
  const rows = await sql.rows<{ row: NegotiationRow }>(
    `select row_to_json(found) as row from (
       select * from (${listOf('client_id')} union all ${listOf('worker_id')}) as both_sides
       order by created_at desc, id desc limit $4) as found`,
    [party, after?.at, after?.id, limit, state],
  )
  return rows.map(({ row }) => row)
}

/** A worker's live negotiations about some gigs: at most one about each. */
export async function readLive(sql: Sql, worker: string, gigs: readonly string[]): Promise<NegotiationRow[]> {
  if (gigs.length === 0) return []
  const rows = await sql.rows<{ row: NegotiationRow }>(
    `select row_to_json(found) as row from (
       select ${negotiationRow} from ${joined}
       where n.gig_id = any ($2::uuid[]) and n.worker_id = $1 and n.state in (${sqlList(liveStates)}) and not (${isSilent})) as found`,
    [worker, gigs],
  )
  return rows.map(({ row }) => row)
}

/** Everything that has happened in a negotiation, in order. */
export async function readAudit(sql: Sql, id: string): Promise<AuditEntry[]> {
  const rows = await sql.rows<{ row: AuditEntry }>(
    `select row_to_json(found) as row from (
       select at, actor, event, data from negotiation_audit where negotiation_id = $1 order by id) as found`,
    [id],
  )
  return rows.map(({ row }) => ({ ...row, at: iso(row.at) }))
}

/** A negotiation that its caller has locked. */
export interface HeldNegotiation
  extends Pick<
    NegotiationRow,
    | 'id'
    | 'gig_id'
    | 'client_id'
    | 'worker_id'
    | 'state'
    | 'round_number'
    | 'client_rounds'
    | 'worker_rounds'
    | 'rate_cents'
    | 'hours_per_week'
    | 'start_date'
    | 'payout_delay_days'
  > {
  /** Nobody has said anything for too long: it is over, though nobody may have written it down yet. */
  readonly silent: boolean
  /** The first and the last day work may be agreed to begin on. */
  readonly today: string
  readonly furthest: string
}

/** Locks a negotiation for one of its parties; refuses anybody else. */
export async function holdNegotiation(sql: Sql, party: string, id: string): Promise<HeldNegotiation> {
  const rows = await sql.rows<{ row: HeldNegotiation }>(
    `with held as (select * from negotiation n where n.id = $1 and $2 in (n.client_id, n.worker_id) for update)
     select row_to_json(found) as row from (
       select n.id, n.gig_id, n.client_id, n.worker_id, n.state, n.round_number, n.client_rounds, n.worker_rounds, n.rate_cents,
         n.hours_per_week, n.start_date, n.payout_delay_days, coalesce(${isSilent}, false) as silent,
         (app_now() at time zone 'utc')::date as today, ((app_now() at time zone 'utc')::date + interval '1 year')::date as furthest
       from held n) as found`,
    [id, party],
  )
  const held = rows[0]?.row
  if (!held) throw refuseNegotiation('negotiation_not_found')
  return held
}

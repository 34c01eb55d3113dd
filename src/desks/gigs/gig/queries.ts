import type { Sql } from '../../../base/db.ts'
import type { Input } from '../../../base/endpoint.ts'
import { behind } from '../../../base/page.ts'
import type { Page } from '../page-of.ts'
import { type gigsApi, refuseGig } from './api.ts'
import { type ApplicationRow, applicationLife } from './application.ts'
import { type GigRow, maySeeGig } from './gig.ts'

/** What a viewer ($1) is shown of a gig, and what decides what they may do. */
const gigRow = `g.id, g.owner_id, g.title, g.description, g.scope, g.rate_cents, g.skills, g.status, g.created_at, g.updated_at,
  g.owner_id = $1 and exists (select from negotiation n where n.gig_id = g.id) as negotiated,
  g.owner_id <> $1 and (select user_type from app_user where id = $1) = 'freelancer' and not exists (
    select from application a where a.gig_id = g.id and a.worker_id = $1 and a.status <> ${applicationLife.to('withdraw')}) as may_apply`

/** A gig, whoever may see it. */
export async function readGig(sql: Sql, viewer: string, id: string): Promise<GigRow | null> {
  const rows = await sql.rows<{ row: GigRow }>(
    `select row_to_json(found) as row from (select ${gigRow} from gig g where g.id = $2) as found`,
    [viewer, id],
  )
  return rows[0]?.row ?? null
}

export async function readGigs(
  sql: Sql,
  viewer: string,
  { status, q, skill, min_rate_cents }: Input<(typeof gigsApi)['endpoints']['gigs']>,
  { limit, after }: Page,
): Promise<GigRow[]> {
  const rows = await sql.rows<{ row: GigRow }>(
    `select row_to_json(found) as row from (
       select ${gigRow} from gig_list($1, $2, $3, $4, $5, $6, $7, $8) as g order by g.created_at desc, g.id desc) as found`,
    [viewer, status, q, skill, min_rate_cents, after?.at, after?.id, limit],
  )
  return rows.map(({ row }) => row)
}

/** How a gig is locked: against every change, or only against being changed or deleted while others look at it too. */
export type Hold = 'for update' | 'for share'

const lockTexts = {
  'for update': `select owner_id, status from gig where id = $1 for update`,
  'for share': `select owner_id, status from gig where id = $1 for share`,
} as const

/** Locks a gig of the caller's; refuses if it is not theirs. */
export async function holdOwnGig(sql: Sql, owner: string, id: string, hold: Hold): Promise<void> {
  const gig = await holdGig(sql, id, hold)
  if (!gig || !maySeeGig(gig, owner)) throw refuseGig('gig_not_found')
  if (gig.owner_id !== owner) throw refuseGig('gig_not_yours')
}

export async function holdGig(
  sql: Sql,
  id: string,
  hold: Hold,
): Promise<Pick<GigRow, 'owner_id' | 'status'> | undefined> {
  const [gig] = await sql.rows<Pick<GigRow, 'owner_id' | 'status'>>(lockTexts[hold], [id])
  return gig
}

const applicationRow = `a.id, a.gig_id, g.title as gig_title, a.worker_id as worker_user_id, a.message, a.status, a.created_at, a.updated_at, g.owner_id`

export async function readApplication(sql: Sql, id: string): Promise<ApplicationRow | null> {
  const rows = await sql.rows<{ row: ApplicationRow }>(
    `select row_to_json(found) as row from (
       select ${applicationRow} from application a join gig g on g.id = a.gig_id where a.id = $1) as found`,
    [id],
  )
  return rows[0]?.row ?? null
}

// Two lists with an index each; a withdrawn application is in none, nor that of somebody who has gone.
const listBy = (which: 'gig_id' | 'worker_id'): string => `select row_to_json(found) as row from (
  select ${applicationRow} from application a join gig g on g.id = a.gig_id join app_user w on w.id = a.worker_id and w.deleted_at is null
  where a.${which} = $1 and a.status <> ${applicationLife.to('withdraw')} and ($2::text is null or a.status = $2)
    and ${behind('(a.created_at, a.id)', '$3', '$4')} and ($6::uuid is null or a.gig_id = $6)
  order by a.created_at desc, a.id desc limit $5) as found`

/** The applications to one gig, newest first. */
export async function readReceived(
  sql: Sql,
  gig: string,
  status: string | undefined,
  { limit, after }: Page,
): Promise<ApplicationRow[]> {
  const rows = await sql.rows<{ row: ApplicationRow }>(listBy('gig_id'), [
    gig,
    status,
    after?.at,
    after?.id,
    limit,
    null,
  ])
  return rows.map(({ row }) => row)
}

/** The applications of one worker, newest first. */
export async function readSent(
  sql: Sql,
  worker: string,
  { status, gig_id }: { status?: string | undefined; gig_id?: string | undefined },
  { limit, after }: Page,
): Promise<ApplicationRow[]> {
  const rows = await sql.rows<{ row: ApplicationRow }>(listBy('worker_id'), [
    worker,
    status,
    after?.at,
    after?.id,
    limit,
    gig_id,
  ])
  return rows.map(({ row }) => row)
}

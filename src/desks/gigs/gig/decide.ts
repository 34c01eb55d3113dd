import type { Sql } from '../../../base/db.ts'
import { type Call, type Input, type Reply, reply } from '../../../base/endpoint.ts'
import { tell } from '../../../core/events/write.ts'
import { type gigsApi, refuseGig } from './api.ts'
import { type Application, applicationLife, viewApplication } from './application.ts'
import { holdGig, readApplication } from './queries.ts'
import { toldApplication } from './told-gig.ts'

const move = (to: 'shortlist' | 'reject'): string => `with done as (
  update application set status = ${applicationLife.to(to)}, updated_at = app_now()
  where id = $1 and status in (${applicationLife.from(to)}) returning *
), told as (
  ${tell(toldApplication('gig.application.updated'))}
) select id from done`

const moves = { shortlisted: move('shortlist'), rejected: move('reject') }

/** The owner of a gig shortlists somebody who has applied, or rejects them, and may change their mind; the same again is a no-op. */
export async function decide(
  { sql, actor }: Call,
  { id: gigId, application_id: id, status }: Input<(typeof gigsApi)['endpoints']['decide']>,
): Promise<Reply<Application>> {
  const gig = await holdGig(sql, gigId, 'for share')
  const application = await holdApplication(sql, id)
  if (!gig || application?.gig_id !== gigId) throw refuseGig('application_not_found')
  if (gig.owner_id !== actor.userId)
    throw refuseGig(application.worker_id === actor.userId ? 'application_not_yours' : 'application_not_found')
  await sql.rows(moves[status], [id])
  return reply(200, viewApplication((await readApplication(sql, id))!, actor.userId))
}

export interface HeldApplication {
  readonly gig_id: string
  readonly worker_id: string
  readonly status: string
}

/** Locks an application that is there for somebody: one that was withdrawn is not. */
export async function holdApplication(sql: Sql, id: string): Promise<HeldApplication | undefined> {
  const [row] = await sql.rows<HeldApplication>(
    `select gig_id, worker_id, status from application where id = $1 and status <> ${applicationLife.to('withdraw')} for update`,
    [id],
  )
  return row
}

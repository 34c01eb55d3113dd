import { type Call, type Input, type Reply, reply } from '../../../base/endpoint.ts'
import { tell } from '../../../core/events/write.ts'
import { type gigsApi, refuseGig } from './api.ts'
import { applicationLife, viewApplication } from './application.ts'
import { holdApplication } from './decide.ts'
import { readApplication } from './queries.ts'
import { toldApplication } from './told-gig.ts'

const withdrawText = `with done as (
  update application set status = ${applicationLife.to('withdraw')}, updated_at = app_now()
  where id = $1 and status in (${applicationLife.from('withdraw')}) returning *
), told as (
  ${tell(toldApplication('gig.application.updated'))}
) select id from done`

/** Takes an application back on which nobody has decided; its worker may apply again. */
export async function withdraw(
  { sql, actor }: Call,
  { id }: Input<(typeof gigsApi)['endpoints']['withdraw']>,
): Promise<Reply<{ ok: true; deleted: true }>> {
  const held = await holdApplication(sql, id)
  const application = held && (await readApplication(sql, id))
  if (!application) throw refuseGig('application_not_found')
  if (held.worker_id !== actor.userId)
    throw refuseGig(application.owner_id === actor.userId ? 'application_not_yours' : 'application_not_found')
  const [done] = await sql.rows(withdrawText, [id])
  if (!done)
    throw refuseGig(
      'application_wrong_state',
      { can: viewApplication(application, actor.userId).can },
      sentence(held.status),
    )
  return reply(200, { ok: true, deleted: true })
}

const sentence = (status: string): string =>
  `Your application is ${status}, so it can no longer be withdrawn; an invitation to negotiate can be declined.`

import { type Call, type Input, type Reply, reply } from '../../../base/endpoint.ts'
import { newId } from '../../../base/ids.ts'
import { sqlList } from '../../../base/states.ts'
import { tell } from '../../../core/events/write.ts'
import { isOfType } from '../user-type.ts'
import { type gigsApi, refuseGig } from './api.ts'
import { type Application, applicationLife, viewApplication } from './application.ts'
import { gigLife } from './gig.ts'
import { holdGig, readApplication } from './queries.ts'
import { toldApplication } from './told-gig.ts'

/** Applications within 24 hours, at most; withdrawn ones count too. */
const dailyMost = 50

const applyText = `with done as (
  insert into application (id, gig_id, worker_id, message, status, created_at, updated_at)
  select $1, $2, $3, coalesce($4, ''), ${sqlList(applicationLife.moves.withdraw.from)}, now, now from (select app_now() as now) as clock
  on conflict (gig_id, worker_id) where status <> 'withdrawn' do nothing returning *
), told as (
  ${tell(toldApplication('gig.application.created'))}
) select id from done`

/** Applies to an active gig: once each person, 50 a day. */
export async function apply(
  { sql, actor }: Call,
  { id, message }: Input<(typeof gigsApi)['endpoints']['apply']>,
): Promise<Reply<Application>> {
  // One at a time for a person, or two at once would both be the fiftieth.
  await sql.rows(`select account_lock($1)`, [actor.userId])
  const gig = await holdGig(sql, id, 'for share')
  if (!gig) throw refuseGig('gig_not_found')
  if (gig.owner_id === actor.userId) throw refuseGig('own_gig')
  if (!(await isOfType(sql, actor.userId, 'freelancer'))) throw refuseGig('freelancer_only')
  if (!(gigLife.moves.apply.from as readonly string[]).includes(gig.status)) throw refuseGig('gig_not_active')
  const [today] = await sql.rows<{ n: number }>(
    `select count(*) as n from (
       select from application where worker_id = $1 and created_at > app_now() - interval '24 hours' limit ${dailyMost}) as recent`,
    [actor.userId],
  )
  if (today!.n >= dailyMost) throw refuseGig('too_many_applications')
  const made = await sql.rows<{ id: string }>(applyText, [newId(), id, actor.userId, message])
  if (!made[0]) throw refuseGig('already_applied')
  return reply(201, viewApplication((await readApplication(sql, made[0].id))!, actor.userId))
}

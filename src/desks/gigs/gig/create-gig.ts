import { type Call, type Input, type Reply, reply } from '../../../base/endpoint.ts'
import { newId } from '../../../base/ids.ts'
import { tell } from '../../../core/events/write.ts'
import { isOfType } from '../user-type.ts'
import { type gigsApi, refuseGig } from './api.ts'
import { type Gig, viewGig } from './gig.ts'
import { readGig } from './queries.ts'
import { distinctSkills, toldGig } from './told-gig.ts'

const createText = `with done as (
  insert into gig (id, owner_id, title, description, scope, rate_cents, skills, status, created_at, updated_at)
  select $1, $2, $3, coalesce($4, ''), coalesce($5, ''), coalesce($6, 0), coalesce($7::text[], '{}'), coalesce($8, 'draft'), now, now
  from (select app_now() as now) as clock returning *
), told as (
  ${tell(toldGig('gig.created'))}
) select id from done`

/** Posts a gig of a client's: a draft, unless it is to be active at once. */
export async function createGig(
  { sql, actor }: Call,
  input: Input<(typeof gigsApi)['endpoints']['create']>,
): Promise<Reply<Gig>> {
  if (!(await isOfType(sql, actor.userId, 'client'))) throw refuseGig('client_only')
  const id = newId()
  await sql.rows(createText, [
    id,
    actor.userId,
    input.title,
    input.description,
    input.scope,
    input.rate_cents,
    input.skills && distinctSkills(input.skills),
    input.status,
  ])
  return reply(201, viewGig((await readGig(sql, actor.userId, id))!, actor.userId))
}

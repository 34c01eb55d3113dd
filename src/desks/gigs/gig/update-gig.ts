import { type Call, type Input, type Reply, reply } from '../../../base/endpoint.ts'
import { tell } from '../../../core/events/write.ts'
import type { gigsApi } from './api.ts'
import { type Gig, viewGig } from './gig.ts'
import { holdOwnGig, readGig } from './queries.ts'
import { distinctSkills, toldGig } from './told-gig.ts'

const updateText = `with done as (
  update gig set title = wanted.title, description = wanted.description, scope = wanted.scope, rate_cents = wanted.rate_cents,
    skills = wanted.skills, status = wanted.status, updated_at = app_now()
  from (select id, coalesce($2, title) as title, coalesce($3, description) as description, coalesce($4, scope) as scope,
      coalesce($5, rate_cents) as rate_cents, coalesce($6::text[], skills) as skills, coalesce($7, status) as status
    from gig where id = $1) as wanted
  where gig.id = wanted.id and (gig.title, gig.description, gig.scope, gig.rate_cents, gig.skills, gig.status)
    is distinct from (wanted.title, wanted.description, wanted.scope, wanted.rate_cents, wanted.skills, wanted.status)
  returning gig.*
), told as (
  ${tell(toldGig('gig.updated'))}
) select id from done`

/** Changes what is named of a gig; its owner may move it to any status from any other. What changes nothing tells nobody. */
export async function updateGig(
  { sql, actor }: Call,
  { id, ...change }: Input<(typeof gigsApi)['endpoints']['update']>,
): Promise<Reply<Gig>> {
  await holdOwnGig(sql, actor.userId, id, 'for update')
  await sql.rows(updateText, [
    id,
    change.title,
    change.description,
    change.scope,
    change.rate_cents,
    change.skills && distinctSkills(change.skills),
    change.status,
  ])
  return reply(200, viewGig((await readGig(sql, actor.userId, id))!, actor.userId))
}

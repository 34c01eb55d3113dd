import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { iso } from '../../base/page.ts'
import { type profilesApi, refuseProfile } from './api.ts'
import { keepAccount } from './keep-account.ts'
import { profileLimits, type Vouch } from './profile.ts'
import type { WorkedTogether } from './queries.ts'

/** Vouches for somebody, once and for good. */
export async function vouch(
  { sql, actor }: Call,
  { vouched_user_id: vouched }: Input<typeof profilesApi.endpoints.vouch>,
  workedTogether: WorkedTogether,
): Promise<Reply<Vouch>> {
  const me = actor.userId
  if (vouched === me) throw refuseProfile('own_vouch')
  // One at a time for a person, or two that come at once would both be the twentieth.
  await keepAccount(sql, me)
  const [them] = await sql.rows<{ name: string; vouched: boolean; today: number }>(
    `select u.name, exists (select from vouch where user_id = $1 and vouched_user_id = u.id) as vouched,
       (select count(*) from vouch where user_id = $1 and created_at > app_now() - interval '24 hours') as today
     from app_user u where u.id = $2 and u.deleted_at is null for key share of u`,
    [me, vouched],
  )
  if (!them) throw refuseProfile('profile_not_found')
  if (them.vouched) throw refuseProfile('vouch_exists', { vouched_user_id: vouched })
  if (them.today >= profileLimits.vouchesPerDay) throw refuseProfile('too_many_vouches')
  const [made] = await sql.rows<{ row: { created_at: string } }>(
    `with done as (
       insert into vouch (user_id, vouched_user_id, created_at) values ($1, $2, app_now()) returning created_at)
     select row_to_json(done) as row from done`,
    [me, vouched],
  )
  await sql.rows(
    `select event_write('vouch.created', 'user:' || $2::uuid, array[$1::uuid, $2::uuid],
       json_build_object('user_id', $1::uuid, 'vouched_user_id', $2::uuid))`,
    [me, vouched],
  )
  const together = await workedTogether(sql, [{ a: me, b: vouched }])
  return reply(201, {
    user_id: me,
    vouched_user_id: vouched,
    display_name: them.name,
    worked_together: together.has(0),
    created_at: iso(made!.row.created_at),
  })
}

import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { type profilesApi, refuseProfile } from './api.ts'
import { keepAccount } from './keep-account.ts'
import type { Profile } from './profile.ts'
import { type ProfileReading, readProfile, resumeUrl } from './queries.ts'
import { setResume } from './resume.ts'

/** Changes what the caller shows of themselves; fields that are left out stay. */
export async function updateProfile(
  { sql, actor, wake }: Call,
  change: Input<typeof profilesApi.endpoints.update_me>,
  reading: ProfileReading,
): Promise<Reply<Profile>> {
  const me = actor.userId
  await keepAccount(sql, me)
  await sql.rows(`update app_user set name = coalesce($2, name), user_type = coalesce($3, user_type) where id = $1`, [
    me,
    change.display_name,
    change.user_type,
  ])
  await sql.rows(`insert into profile (user_id, updated_at) values ($1, app_now()) on conflict do nothing`, [me])
  await sql.rows(
    `update profile set
       bio = case when $2 then $3 else bio end,
       skills = coalesce($4::text[], skills),
       portfolio_website_url = case when $5 then $6 else portfolio_website_url end,
       updated_at = app_now()
     where user_id = $1`,
    [
      me,
      change.bio !== undefined,
      change.bio,
      change.skills,
      change.portfolio_website_url !== undefined,
      change.portfolio_website_url,
    ],
  )
  if (change.resume_url !== undefined) {
    const before = await readProfile(sql, me, reading)
    // Whoever sends back the profile they have read means no change.
    const isSame = change.resume_url === before.resume_url
    if (!isSame) {
      if (change.resume_url !== null && !change.resume_url.startsWith('https://')) {
        const message = 'must be an https address, or null; a file is uploaded with POST /api/profile/me/resume'
        throw refuseProfile('invalid_input', { issues: [{ path: 'resume_url', message }] }, `resume_url: ${message}`)
      }
      if (change.resume_url === resumeUrl(reading.appUrl, me)) throw refuseProfile('resume_not_there')
      await setResume(sql, me, change.resume_url === null ? null : { id: null, url: change.resume_url })
      wake('tidy')
    }
  }
  if (Object.keys(change).length === 0) return reply(200, await readProfile(sql, me, reading))
  await sql.rows(
    `select event_write('user.updated', 'user:' || $1, array[$1::uuid], json_build_object('user_id', $1::uuid))`,
    [me],
  )
  return reply(200, await readProfile(sql, me, reading))
}

import type { Sql } from '../../base/db.ts'
import { refuseProfile } from './api.ts'
import { type Profile, type PublicProfile, profileLimits, type WorkerProfile } from './profile.ts'

/**
 * Which of these pairs have worked together: the desks know, core does not, so `market.ts` hands this question in. Answers the
 * places of the pairs that have, counted from 0.
 */
export type WorkedTogether = (
  sql: Sql,
  pairs: readonly { readonly a: string; readonly b: string }[],
) => Promise<ReadonlySet<number>>

interface Row extends Omit<PublicProfile, 'vouched_by'> {
  readonly uploaded: boolean
  readonly credits_balance: number
  readonly subscription_tier: Profile['subscription_tier']
  readonly vouchers: readonly { readonly user_id: string; readonly display_name: string }[]
}

const select = `select row_to_json(found) as row from (
  select u.id as user_id, u.user_type, u.name as display_name, p.bio, coalesce(p.skills, '{}') as skills,
    p.resume_url, p.resume_id is not null as uploaded, p.portfolio_website_url,
    turn_score(u.id) as ghost_score,
    json_build_object('answered', coalesce(r.answered, 0), 'expected', coalesce(r.expected, 0)) as ghost_score_parts,
    g.login as github_username, 'https://github.com/' || g.login as github_profile_url,
    coalesce(ledger_credits(u.id), 0) as credits_balance, u.subscription_tier,
    (select round(avg(v.rating), 2)::float8 from review v where v.reviewee_id = u.id and v.status = 'published' and v.counted) as rating_average,
    (select count(*) from review v where v.reviewee_id = u.id and v.status = 'published' and v.counted) as rating_count,
    (select count(*) from vouch v join app_user w on w.id = v.user_id
      where v.vouched_user_id = u.id and w.deleted_at is null) as vouch_count,
    coalesce((select json_agg(by) from (
      select w.id as user_id, w.name as display_name from vouch v join app_user w on w.id = v.user_id
      where v.vouched_user_id = u.id and w.deleted_at is null
      order by v.created_at desc, v.user_id limit ${profileLimits.vouchesShown}) as by), '[]') as vouchers
  from app_user u
    left join profile p on p.user_id = u.id
    left join reliability r on r.user_id = u.id
    left join github_login g on g.user_id = u.id
  where u.id = any ($1::uuid[]) and u.deleted_at is null) as found`

/** Everything of some people's profiles; whoever has gone is left out. */
async function readWhole(
  sql: Sql,
  users: readonly string[],
  appUrl: string,
  workedTogether: WorkedTogether,
): Promise<Profile[]> {
  if (users.length === 0) return []
  const rows = (await sql.rows<{ row: Row }>(select, [users])).map(({ row }) => row)
  const pairs = rows.flatMap(({ user_id: a, vouchers }) => vouchers.map(({ user_id: b }) => ({ a, b })))
  const together = pairs.length === 0 ? new Set<number>() : await workedTogether(sql, pairs)
  let place = 0
  return rows.map(({ uploaded, vouchers, ...row }) => ({
    ...row,
    resume_url: uploaded ? resumeUrl(appUrl, row.user_id) : row.resume_url,
    vouched_by: vouchers.map((voucher) => ({ ...voucher, worked_together: together.has(place++) })),
  }))
}

/** Where an uploaded résumé is downloaded. */
export const resumeUrl = (appUrl: string, user: string): string => `${appUrl}/api/profile/${user}/resume`

/** What reading profiles takes of the market. */
export interface ProfileReading {
  readonly appUrl: string
  readonly workedTogether: WorkedTogether
}

/** Somebody's profile as they see it. */
export async function readProfile(
  sql: Sql,
  user: string,
  { appUrl, workedTogether }: ProfileReading,
): Promise<Profile> {
  const [profile] = await readWhole(sql, [user], appUrl, workedTogether)
  // A credential is believed for a few seconds after its owner has left.
  if (!profile) throw refuseProfile('credential_dead')
  return profile
}

/** What anybody may know of somebody; null for who is unknown or has gone. */
export async function readPublicProfile(
  sql: Sql,
  user: string,
  { appUrl, workedTogether }: ProfileReading,
): Promise<PublicProfile | null> {
  const [profile] = await readWhole(sql, [user], appUrl, workedTogether)
  if (!profile) return null
  const { credits_balance: _credits, subscription_tier: _tier, ...shown } = profile
  return shown
}

/** What a recruiter sees of some people, by user id; whoever has gone is not there. */
export async function readProfiles(
  sql: Sql,
  users: readonly string[],
  workedTogether: WorkedTogether,
): Promise<Map<string, WorkerProfile>> {
  const found = await readWhole(sql, users, '', workedTogether)
  return new Map(found.map((profile) => [profile.user_id, asWorker(profile)]))
}

const asWorker = (profile: Profile): WorkerProfile => ({
  user_id: profile.user_id,
  display_name: profile.display_name,
  bio: profile.bio,
  skills: profile.skills,
  ghost_score: profile.ghost_score,
  github_username: profile.github_username,
  github_profile_url: profile.github_profile_url,
  vouched_by: profile.vouched_by,
})

import type { Database, Sql } from '../../base/db.ts'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import type { Sealer } from '../../base/seal.ts'
import { type accountsApi, refuseAccount } from './api.ts'
import type { LeavingNeeds } from './delete-account.ts'
import { awaySeconds, type GitHub, type GitHubPerson } from './github.ts'
import { openAccount } from './open-account.ts'
import { setAwayCookie, startSession } from './session.ts'
import { inherit } from './tombstone.ts'

export interface GitHubNeeds extends Pick<LeavingNeeds, 'traces'> {
  /** Null: not set up at this market. */
  readonly github: GitHub | null
  readonly appUrl: string
  /** Whether cookies are for https only. */
  readonly secure: boolean
}

/** Sends a browser to GitHub, with a cookie that it must bring back. */
export async function setOutForGitHub(
  { github, secure }: GitHubNeeds,
  { user_code: userCode }: Input<typeof accountsApi.endpoints.github_sign_in>,
): Promise<Reply<null>> {
  if (!github) throw refuseAccount('github_off')
  const { url, luggage } = await github.setOut(userCode ?? null)
  return reply(302, null, { location: url, 'set-cookie': setAwayCookie(luggage, awaySeconds, secure) })
}

/** Signs in whoever comes back from GitHub: as who they are here, or as somebody new. All calls are made before the transaction. */
export async function comeBackFromGitHub(
  { setOutWith, countSignUp }: Call,
  query: Input<typeof accountsApi.endpoints.github_callback>,
  { github, appUrl, secure, traces }: GitHubNeeds,
  db: Database,
): Promise<Reply<null>> {
  if (!github) throw refuseAccount('github_off')
  const { person, userCode } = await github.comeBack(new URLSearchParams(query as Record<string, string>), setOutWith)
  const cookies = [setAwayCookie('', 0, secure)]
  if (person) {
    if (await isNew(db, person)) await countSignUp?.()
    cookies.push(await db.transaction(async (sql) => startSession(sql, await personHere(sql, person, traces), secure)))
  }
  const location = `${appUrl}${userCode ? `/device?user_code=${userCode}` : '/wallet'}`
  return reply(302, null, { location, 'set-cookie': cookies })
}

/** The user behind a GitHub account: known by its id, or by an address that both sides have verified, or new. */
async function personHere(sql: Sql, person: GitHubPerson, traces: Sealer): Promise<string> {
  // Two browsers may come back at once.
  await sql.rows(`select pg_advisory_xact_lock(hashtextextended('github:' || $1::bigint, 0))`, [person.id])
  const user = (await knownById(sql, person.id)) ?? (await knownByEmail(sql, person)) ?? (await newPerson(sql, person))
  // Names at GitHub change hands: whoever shows it last has it.
  await sql.rows(
    `update github_login set login = case when github_id = $1 then $2 end
     where (github_id = $1 and login is distinct from $2) or (lower(login) = lower($2) and github_id <> $1)`,
    [person.id, person.login],
  )
  await sql.rows(
    `update app_user set email_verified_at = app_now() where id = $1 and email_verified_at is null and email = any ($2)`,
    [user, person.emails],
  )
  await inherit(sql, user, { emails: person.emails, github: person.id }, traces)
  return user
}

/** Whether a sign-in will make an account. Asked before the transaction, which would hold a connection while the sign-up is counted. */
async function isNew(sql: Sql, { id, emails }: GitHubPerson): Promise<boolean> {
  const rows = await sql.rows(
    `select from github_login g join app_user u on u.id = g.user_id where g.github_id = $1 and u.deleted_at is null
     union all
     select from app_user u where u.email = any ($2) and u.email_verified_at is not null and u.deleted_at is null
       and not exists (select from github_login g where g.user_id = u.id) limit 1`,
    [id, emails],
  )
  return rows.length === 0
}

async function knownById(sql: Sql, github: number): Promise<string | null> {
  const [found] = await sql.rows<{ id: string }>(
    `select u.id from github_login g join app_user u on u.id = g.user_id where g.github_id = $1 and u.deleted_at is null`,
    [github],
  )
  return found?.id ?? null
}

/** An address that the market itself has not verified links to nobody: whoever typed it in first may be a stranger. */
async function knownByEmail(sql: Sql, { id, emails }: GitHubPerson): Promise<string | null> {
  const [found] = await sql.rows<{ id: string }>(
    `select u.id from app_user u
     where u.email = any ($1) and u.email_verified_at is not null and u.deleted_at is null
       and not exists (select from github_login g where g.user_id = u.id)
     order by array_position($1, u.email) limit 1 for update`,
    [emails],
  )
  if (found) await link(sql, id, found.id)
  return found?.id ?? null
}

async function newPerson(sql: Sql, { id, login, name, avatarUrl, emails }: GitHubPerson): Promise<string> {
  const [free] = await sql.rows<{ email: string }>(
    `select email from unnest($1::text[]) with ordinality as given (email, place)
     where not exists (select from app_user u where u.email = given.email and u.deleted_at is null) order by place limit 1`,
    [emails],
  )
  // GitHub keeps this address for everybody, and nobody can sign up with it.
  const email = free?.email ?? `${id}+${login}@users.noreply.github.com`.toLowerCase()
  const user = await openAccount(sql, { name, email, verified: free !== undefined, avatarUrl })
  await link(sql, id, user)
  return user
}

const link = (sql: Sql, github: number, user: string): Promise<unknown> =>
  sql.rows(`insert into github_login (github_id, user_id, created_at) values ($1, $2, app_now())`, [github, user])

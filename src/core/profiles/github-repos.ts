import { z } from 'zod'
import type { Sql } from '../../base/db.ts'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { type profilesApi, refuseProfile } from './api.ts'
import { type GitHubRepo, type GitHubRepos, profileLimits } from './profile.ts'

/** GitHub may keep us waiting this long. */
const timeoutMs = 5_000

const Said = z.array(
  z.object({
    name: z.string().max(200),
    html_url: z.url({ protocol: /^https$/ }).max(2_000),
    description: z.string().max(10_000).nullish(),
    stargazers_count: z.int().min(0),
    updated_at: z.iso.datetime().nullish(),
    language: z.string().max(200).nullish(),
    owner: z.object({ id: z.int() }),
  }),
)

interface Linked {
  readonly github_id: number
  readonly login: string
  readonly cached: boolean
  readonly repos: GitHubRepo[] | null
}

/** Calls that are under way in this process, so that many who look at one person are one call. */
const underWay = new Map<number, Promise<GitHubRepo[] | null>>()

/**
 * Somebody's public repositories, the last changed first, as GitHub's public API tells them: asked at most every ten minutes, and
 * only of the address that the market is set up with.
 */
export async function readGitHubRepos(
  { sql }: Call,
  { id, per_page: count }: Input<typeof profilesApi.endpoints.github_repos>,
  apiUrl: string,
): Promise<Reply<GitHubRepos>> {
  const [user] = await sql.rows<{ there: boolean }>(
    `select true as there from app_user where id = $1 and deleted_at is null`,
    [id],
  )
  if (!user) throw refuseProfile('profile_not_found')
  const [linked] = await sql.rows<Linked>(
    `select g.github_id, g.login, c.github_id is not null as cached, c.repos from github_login g
     left join github_repos c on c.github_id = g.github_id and c.fetched_at > app_now() - interval '10 minutes'
     where g.user_id = $1 and g.login is not null`,
    [id],
  )
  if (!linked) throw refuseProfile('no_github')
  const repos = linked.cached ? linked.repos : await askOnce(sql, linked, apiUrl)
  if (!repos) throw refuseProfile('no_github')
  return reply(200, {
    github_username: linked.login,
    github_profile_url: profileUrl(linked.login),
    repos: repos.slice(0, count),
  })
}

const profileUrl = (login: string): string => `https://github.com/${encodeURIComponent(login)}`

function askOnce(sql: Sql, linked: Linked, apiUrl: string): Promise<GitHubRepo[] | null> {
  const going = underWay.get(linked.github_id)
  if (going) return going
  const asked = askGitHub(sql, linked, apiUrl).finally(() => underWay.delete(linked.github_id))
  underWay.set(linked.github_id, asked)
  return asked
}

/** Null: GitHub knows nobody of this name, or somebody else has it now. */
async function askGitHub(sql: Sql, { github_id: owner, login }: Linked, apiUrl: string): Promise<GitHubRepo[] | null> {
  // Whoever found nothing kept may come when the one who asked before has just ended.
  const [kept] = await sql.rows<{ repos: GitHubRepo[] | null }>(
    `select repos from github_repos where github_id = $1 and fetched_at > app_now() - interval '10 minutes'`,
    [owner],
  )
  if (kept) return kept.repos
  const repos = await fetchRepos(login, owner, apiUrl)
  await sql.rows(
    `insert into github_repos (github_id, repos, fetched_at) values ($1, $2, app_now())
     on conflict (github_id) do update set repos = excluded.repos, fetched_at = excluded.fetched_at`,
    [owner, repos && JSON.stringify(repos)],
  )
  return repos
}

async function fetchRepos(login: string, owner: number, apiUrl: string): Promise<GitHubRepo[] | null> {
  const address = `${apiUrl}/users/${encodeURIComponent(login)}/repos?sort=updated&per_page=${profileLimits.reposMax}`
  try {
    const response = await fetch(address, {
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
      headers: { accept: 'application/vnd.github+json', 'user-agent': 'clawrk' },
    })
    if (response.status === 404) return null
    if (!response.ok) throw new Error(`GitHub said ${response.status}`)
    const said = Said.parse(await response.json())
    if (said.some((repo) => repo.owner.id !== owner)) return null
    return said.map((repo) => ({
      name: repo.name,
      html_url: repo.html_url,
      description: repo.description ?? null,
      stargazers_count: repo.stargazers_count,
      updated_at: repo.updated_at ? new Date(repo.updated_at).toISOString() : null,
      language: repo.language ?? null,
    }))
  } catch (error) {
    // Whatever it is, out of reach, out of time, out of its hourly quota or not itself: for the caller GitHub is away.
    throw Object.assign(refuseProfile('github_away', { retryable: true, retry_after_seconds: 30 }), { cause: error })
  }
}

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { GitHubRepos, PublicProfile } from '../../src/core/profiles/profile.ts'
import { startGitHub } from '../accounts/github-stand-in.ts'
import { people, refused, went } from '../journeys/desk.ts'
import { type Answer, ask, startTestMarket } from '../support/market.ts'

const github = await startGitHub('the-client', 'the-secret')
const env = {
  GITHUB_CLIENT_ID: 'the-client',
  GITHUB_CLIENT_SECRET: 'the-secret',
  GITHUB_BASE_URL: github.url,
  GITHUB_API_URL: github.url,
}
const market = await startTestMarket({ worker: false, env })
after(() => Promise.all([market.close(), github.close()]))

/** Signs somebody in with GitHub and answers who they are here. */
async function signIn(id: number, login: string): Promise<string> {
  const email = `octo.${id}@git.test`
  github.visitor = { id, login, name: `Person ${id}`, emails: [{ email, verified: true, primary: true }] }
  const away = await ask(market.url, 'GET', '/api/auth/sign-in/github')
  const there = await fetch(away.headers.get('location')!, { redirect: 'manual' })
  const back = new URL(there.headers.get('location')!)
  const cookie = away.headers.getSetCookie()[0]!.split(';')[0]!
  const came = await ask(market.url, 'GET', back.pathname + back.search, undefined, { cookie })
  assert.equal(came.status, 302, came.text)
  const [row] = await market.db.rows<{ user_id: string }>(`select user_id from github_login where github_id = $1`, [id])
  return row!.user_id
}

const repo = (name: string, stars = 0) => ({
  name,
  html_url: `https://github.com/octo/${name}`,
  description: stars ? `${name} has stars` : null,
  stargazers_count: stars,
  updated_at: '2026-03-04T05:06:07Z',
  language: stars ? 'TypeScript' : null,
})
const reposOf = (user: string, query = ''): Promise<Answer<GitHubRepos>> =>
  ask<GitHubRepos>(market.url, 'GET', `/api/profile/${user}/github-repos${query}`)
const profileOf = async (user: string): Promise<PublicProfile> =>
  went(await ask<PublicProfile>(market.url, 'GET', `/api/profile/${user}`))

test('who signs in with GitHub shows their name there and their repositories; ten unless asked otherwise, at most thirty', async () => {
  const octo = await signIn(1, 'Octo-Cat')
  const { github_username: name, github_profile_url: url } = await profileOf(octo)
  assert.deepEqual([name, url], ['Octo-Cat', 'https://github.com/Octo-Cat'])
  const all = Array.from({ length: 40 }, (_, at) => repo(`r${at}`, at))
  github.repos.set('octo-cat', { owner: 1, repos: all })
  github.askedForRepos.length = 0
  const shown = all.map((one) => ({ ...one, updated_at: '2026-03-04T05:06:07.000Z' }))
  assert.deepEqual(went(await reposOf(octo)), {
    github_username: 'Octo-Cat',
    github_profile_url: 'https://github.com/Octo-Cat',
    repos: shown.slice(0, 10),
  })
  assert.deepEqual(went(await reposOf(octo, '?per_page=30')).repos, shown.slice(0, 30))
  assert.deepEqual(went(await reposOf(octo, '?per_page=1')).repos, shown.slice(0, 1))
  for (const wrong of ['0', '31', '-1', 'x', '1.5', ''])
    refused(await reposOf(octo, `?per_page=${wrong}`), 400, 'invalid_input')
  assert.deepEqual(github.askedForRepos, ['/users/Octo-Cat/repos?sort=updated&per_page=30'], 'GitHub was asked once')
})

test('what GitHub said is kept ten minutes, for every API of the market; then it is asked again', async () => {
  const octo = await signIn(2, 'two')
  github.repos.set('two', { owner: 2, repos: [repo('old')] })
  github.askedForRepos.length = 0
  await Promise.all(Array.from({ length: 10 }, () => reposOf(octo)))
  github.repos.set('two', { owner: 2, repos: [repo('new')] })
  await market.advance(590)
  assert.equal(went(await reposOf(octo)).repos[0]!.name, 'old')
  assert.equal(github.askedForRepos.length, 1)
  await market.advance(11)
  assert.equal(went(await reposOf(octo)).repos[0]!.name, 'new')
  assert.equal(github.askedForRepos.length, 2)
})

test('the name follows each sign-in, and belongs to who showed it last', async () => {
  const three = await signIn(3, 'three')
  github.repos.set('three', { owner: 3, repos: [repo('mine')] })
  assert.equal(went(await reposOf(three)).repos[0]!.name, 'mine')
  assert.equal(await signIn(3, 'renamed'), three)
  assert.equal((await profileOf(three)).github_username, 'renamed')
  // Somebody else takes the name that has become free, before the first is seen again under another.
  await signIn(3, 'three')
  const four = await signIn(4, 'Three')
  assert.equal((await profileOf(three)).github_username, null)
  refused(await reposOf(three), 404, 'no_github')
  assert.equal((await profileOf(four)).github_username, 'Three')
})

test('no GitHub name, a name GitHub has forgotten, or one that is somebody else’s there: 404, and nobody else’s work is shown', async () => {
  const [ada] = await people(market, 'Ada')
  refused(await reposOf(ada.userId), 404, 'no_github')
  github.askedForRepos.length = 0
  const gone = await signIn(5, 'gone')
  refused(await reposOf(gone), 404, 'no_github')
  refused(await reposOf(gone), 404, 'no_github')
  assert.equal(github.askedForRepos.length, 1, 'that too is kept')
  const taken = await signIn(6, 'taken')
  github.repos.set('taken', { owner: 666, repos: [repo('not-mine')] })
  refused(await reposOf(taken), 404, 'no_github')
  const none = await signIn(7, 'none')
  github.repos.set('none', { owner: 7, repos: [] })
  assert.deepEqual(went(await reposOf(none)).repos, [])
})

test('an address of a repository that is no web page is not passed on', async () => {
  const octo = await signIn(8, 'eight')
  github.repos.set('eight', { owner: 8, repos: [{ ...repo('x'), html_url: 'javascript:alert(1)' }] })
  refused(await reposOf(octo), 503, 'github_away')
})

test('GitHub fails, hangs, has had enough of us, says something else, or is gone: 503 to try again, and nothing of it is kept', async () => {
  const octo = await signIn(9, 'nine')
  github.repos.set('nine', { owner: 9, repos: [repo('here')] })
  for (const mood of ['failing', 'out of quota', 'not itself', 'hanging'] as const) {
    github.mood = mood
    const start = performance.now()
    const said = refused(await reposOf(octo), 503, 'github_away')
    assert.equal(said.retryable, true)
    assert.ok(said.retry_after_seconds! > 0)
    assert.ok(performance.now() - start < 7_000, mood)
    github.mood = 'well'
  }
  assert.equal(went(await reposOf(octo)).repos[0]!.name, 'here')
  await market.advance(601)
  await github.close()
  refused(await reposOf(octo), 503, 'github_away')
})

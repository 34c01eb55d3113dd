import assert from 'node:assert/strict'
import { after } from 'node:test'
import { startGitHub } from '../accounts/github-stand-in.ts'
import { startTestMarket } from '../support/market.ts'
import { type Given, type Row, tell } from './documents.ts'
import { contractRows } from './documents-contracts.ts'
import { disputeRows, reviewRows } from './documents-disputes.ts'
import { gigRows } from './documents-gigs.ts'
import { negotiationRows } from './documents-negotiations.ts'
import { peopleRows } from './documents-people.ts'
import { toldRows } from './documents-told.ts'

// The gig marketplace's document, line by line. Where market.md decides otherwise or more, the row says "market:".
const github = await startGitHub('the-client', 'the-secret')
const market = await startTestMarket({
  worker: false,
  env: {
    GITHUB_CLIENT_ID: 'the-client',
    GITHUB_CLIENT_SECRET: 'the-secret',
    GITHUB_BASE_URL: github.url,
    GITHUB_API_URL: github.url,
  },
})
after(() => Promise.all([market.close(), github.close()]))

let octopuses = 0
/** The worker has signed in with GitHub, and has two repositories there. */
const fromGitHub: Given = async ({ worker: { userId } }) => {
  const login = `Octo-${++octopuses}`
  await market.db.rows(
    `insert into github_login (github_id, user_id, login, created_at) values ($1, $2, $3, app_now())`,
    [octopuses, userId, login],
  )
  const repo = { description: 'A parser', stargazers_count: 7, updated_at: '2026-03-04T05:06:07Z', language: 'Rust' }
  const repos = ['pars', 'lexi'].map((name) => ({ ...repo, name, html_url: `https://github.com/octo/${name}` }))
  github.repos.set(login.toLowerCase(), { owner: octopuses, repos })
  return { ids: [userId] }
}
const gitHubRow: Row = {
  says: 'Returns github_username, github_profile_url, and repos',
  given: fromGitHub,
  by: 'stranger',
  answers: 200,
  with: {
    github_username: 'text',
    github_profile_url: 'address',
    repos: [
      {
        name: 'text',
        html_url: 'address',
        description: '=A parser',
        stargazers_count: 7,
        updated_at: 'text',
        language: '=Rust',
      },
    ],
  },
}
const shownRow: Row = {
  says: 'when they signed up with GitHub: github_username, github_profile_url',
  given: fromGitHub,
  by: 'stranger',
  answers: 200,
  with: { github_username: 'text', github_profile_url: 'address' },
}
const fewRow: Row = {
  ...gitHubRow,
  says: '?per_page=10 (1–30)',
  query: 'per_page=1',
  also: (_scene, { body }) => assert.equal((body.repos as unknown[]).length, 1),
}
const profilePath = 'GET /api/profile/:id'
const reposPath = 'GET /api/profile/:id/github-repos'

tell({
  name: 'ClawConnected API',
  market,
  endpoints: [
    'GET /api/health',
    'GET /api/keys/verify',
    'POST /api/keys',
    'POST /api/keys/rotate',
    'POST /api/keys/:id/revoke',
    'GET /api/gigs',
    'POST /api/gigs',
    'GET /api/gigs/:id',
    'PATCH /api/gigs/:id',
    'DELETE /api/gigs/:id',
    'POST /api/gigs/:id/apply',
    'GET /api/gigs/:id/applications',
    'PATCH /api/gigs/:id/applications/:id',
    'GET /api/applications/mine',
    'GET /api/profile/me',
    'PATCH /api/profile/me',
    'POST /api/profile/me/resume',
    'DELETE /api/profile/me/resume',
    'GET /api/profile/:id',
    'GET /api/profile/:id/github-repos',
    'GET /api/profile/:id/reviews',
    'POST /api/vouches',
    'GET /api/negotiations',
    'POST /api/negotiations',
    'POST /api/negotiate',
    'GET /api/negotiations/:id',
    'POST /api/negotiations/:id/contact-share',
    'POST /api/negotiations/:id/round',
    'POST /api/negotiations/:id/agree',
    'GET /api/contracts',
    'POST /api/contracts/:id/approve',
    'GET /api/contracts/:id/connect-link',
    'POST /api/contracts/:id/revise',
    'POST /api/contracts/:id/milestones/:id/fund',
    'POST /api/contracts/:id/milestones/:id/release',
    'POST /api/contracts/:id/reviews',
    'POST /api/disputes/create',
    'GET /api/disputes/:id',
    'POST /api/disputes/:id/respond',
    'POST /api/disputes/:id/recommend',
    'GET /api/credits',
    'POST /api/credits',
    'POST /api/account/delete',
    'GET /api/webhooks',
    'POST /api/webhooks',
    'DELETE /api/webhooks/:id',
    'GET /api/notifications',
    'POST /api/notifications',
    'DELETE /api/notifications/:id',
  ],
  rows: {
    ...peopleRows,
    [profilePath]: [...peopleRows[profilePath]!, shownRow],
    [reposPath]: [...peopleRows[reposPath]!, gitHubRow, fewRow],
    ...gigRows,
    ...negotiationRows,
    ...contractRows,
    ...disputeRows,
    ...reviewRows,
    ...toldRows,
  },
})

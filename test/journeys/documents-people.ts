import assert from 'node:assert/strict'
import { ask } from '../support/market.ts'
import { inBrowser } from './deal.ts'
import { listOf, session } from './deal-given.ts'
import { went } from './desk.ts'
import type { Given, Holds, Row, Scene } from './documents.ts'

// The gig marketplace's document: health, keys, profiles, vouches, credits, and the end of an account.

const toWorker: Given = async (scene) => ({ ids: [scene.worker.userId] })
const nobodysId: Given = async () => ({ ids: ['00000000-0000-7000-8000-000000000000'] })
const aKey: Given = async ({ market, sender }) => ({
  ids: [went(await inBrowser(market, sender).ask<{ id: string }>('POST', '/api/keys', {}), 201).id],
})

export const filed = (bytes: Uint8Array<ArrayBuffer>, type: string, name: string, field = 'resume'): FormData => {
  const form = new FormData()
  form.append(field, new Blob([bytes], { type }), name)
  return form
}
export const pdf = new TextEncoder().encode(
  '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n',
)

const withResume: Given = async ({ market, sender }) => {
  const headers = { authorization: `Bearer ${sender.key}` }
  const body = filed(pdf, 'application/pdf', 'cv.pdf')
  const answer = await fetch(`${market.url}/api/profile/me/resume`, { method: 'POST', headers, body })
  assert.ok(answer.ok, await answer.text())
  return {}
}
const vouched: Given = async ({ sender, worker: { userId } }) => {
  went(await sender.ask('POST', '/api/vouches', { vouched_user_id: userId }), 201)
  return { ids: [userId] }
}
const profile = {
  display_name: 'Ada of the Parsers',
  bio: 'Grammars since 1999.',
  skills: ['rust', 'parsing'],
  portfolio_website_url: 'https://ada.example/work',
}
const profileHolds: { readonly [field: string]: Holds } = {
  display_name: `=${profile.display_name}`,
  bio: `=${profile.bio}`,
  skills: 'list',
  portfolio_website_url: `=${profile.portfolio_website_url}`,
}
const ownProfile: { readonly [field: string]: Holds } = {
  user_type: '=client',
  ghost_score: 50,
  credits_balance: 10,
  subscription_tier: '=free',
  resume_url: null,
}
const described: Given = async ({ sender }) => {
  went(await sender.ask('PATCH', '/api/profile/me', profile))
  return { ids: [sender.userId] }
}

export const peopleRows: Readonly<Record<string, readonly Row[]>> = {
  'GET /api/health': [
    {
      says: '{ "ok": true, "service": "clawconnected" }',
      by: 'nobody',
      answers: 200,
      with: { ok: true, service: '=clawconnected' },
    },
  ],
  'GET /api/keys/verify': [
    {
      says: 'Returns user_id, hosted_agent_id, api_key_id.',
      answers: 200,
      with: { user_id: 'id', hosted_agent_id: 'id?', api_key_id: 'id' },
    },
    { says: 'API key only', by: 'nobody', headers: session('sender'), answers: 403, code: 'key_required' },
  ],
  'POST /api/keys': [
    {
      says: 'Returns plaintext key once',
      by: 'nobody',
      headers: session('sender'),
      send: { prefix: 'agt', name: 'bot' },
      answers: 201,
      with: { key: 'text' },
    },
    { says: 'Session only', send: {}, answers: 403, code: 'session_required' },
  ],
  'POST /api/keys/rotate': [
    {
      says: 'current key is invalidated immediately',
      by: 'worker',
      answers: 200,
      with: { key: 'text' },
      also: async (scene) => assert.equal((await scene.worker.ask('GET', '/api/keys/verify')).status, 401),
    },
  ],
  'POST /api/keys/:id/revoke': [
    { says: 'Revoke this key by id', given: aKey, by: 'nobody', headers: session('sender'), answers: 200 },
    { says: 'Session only', given: aKey, answers: 403, code: 'session_required' },
  ],
  'GET /api/profile/me': [
    {
      says: 'user_type, ghost_score, credits_balance, subscription_tier, display_name, bio, skills, resume_url, portfolio_website_url',
      answers: 200,
      with: { ...ownProfile, display_name: 'text?', bio: 'text?', skills: 'list', portfolio_website_url: null },
    },
  ],
  'PATCH /api/profile/me': [
    { says: 'Updates your profile.', send: profile, answers: 200, with: { ...ownProfile, ...profileHolds } },
    {
      says: 'Set user_type to switch between Freelancer and Recruiter',
      send: { user_type: 'freelancer' },
      answers: 200,
      with: { user_type: '=freelancer' },
    },
    { says: 'user_type? (freelancer|client)', send: { user_type: 'recruiter' }, answers: 400, code: 'invalid_input' },
    {
      says: 'resume_url? (set to null to clear)',
      given: withResume,
      send: { resume_url: null },
      answers: 200,
      with: { resume_url: null },
    },
    {
      says: 'market: resume_url to an https address',
      send: { resume_url: 'https://ada.example/cv.pdf' },
      answers: 200,
      with: { resume_url: '=https://ada.example/cv.pdf' },
    },
  ],
  'POST /api/profile/me/resume': [
    {
      says: 'returns resume_url and updated profile',
      send: () => filed(pdf, 'application/pdf', 'cv.pdf'),
      answers: 200,
      with: { resume_url: 'text' },
    },
    { says: 'form field resume', send: () => filed(pdf, 'application/pdf', 'cv.pdf', 'file'), answers: 400 },
    {
      says: 'Allowed: PDF, JPEG, PNG, WebP',
      send: () => filed(new TextEncoder().encode('plain words'), 'application/pdf', 'cv.pdf'),
      answers: 400,
    },
  ],
  'DELETE /api/profile/me/resume': [
    {
      says: 'Remove resume from profile',
      given: withResume,
      answers: 200,
      also: async ({ sender }) => assert.equal(went(await sender.ask('GET', '/api/profile/me')).resume_url, null),
    },
  ],
  'GET /api/profile/:id': [
    {
      says: 'display_name, bio, skills, resume_url, portfolio_website_url, vouched_by',
      given: described,
      by: 'stranger',
      answers: 200,
      with: { ...profileHolds, resume_url: null, vouched_by: 'list', github_username: null, github_profile_url: null },
    },
    {
      says: 'vouched_by',
      given: vouched,
      by: 'stranger',
      answers: 200,
      with: { vouched_by: [{ user_id: 'id', display_name: 'text', worked_together: false }] },
    },
    { says: 'nobody', given: nobodysId, answers: 404 },
  ],
  'GET /api/profile/:id/github-repos': [
    { says: '404 if user has no github_username', given: toWorker, answers: 404 },
    { says: '?per_page=10 (1–30)', given: toWorker, query: 'per_page=31', answers: 400, code: 'invalid_input' },
  ],
  'GET /api/profile/:id/reviews': [
    { says: 'Published contract reviews: none yet', given: toWorker, answers: 200, also: listOf(0) },
  ],
  'POST /api/vouches': [
    {
      says: 'it appears on their public profile',
      send: ({ worker: { userId } }: Scene) => ({ vouched_user_id: userId }),
      answers: 201,
    },
    {
      says: 'market: one per pair (409)',
      given: vouched,
      send: ({ worker: { userId } }: Scene) => ({ vouched_user_id: userId }),
      answers: 409,
    },
    { says: 'vouched_user_id', send: {}, answers: 400, code: 'invalid_input' },
  ],
  'GET /api/credits': [
    {
      says: 'Your credits_balance and subscription_tier',
      answers: 200,
      with: { credits_balance: 10, subscription_tier: '=free' },
    },
  ],
  'POST /api/credits': [
    {
      says: 'Deducts credits and records a transaction.',
      send: { amount: 4, reason: 'match_deduction', reference_id: 'm-1' },
      answers: 200,
      with: { credits_balance: 6 },
    },
    {
      says: 'reason (match_deduction|intro_deduction)',
      send: { amount: 1, reason: 'gift' },
      answers: 400,
      code: 'invalid_input',
    },
    {
      says: 'Fails if balance would go negative.',
      send: { amount: 11, reason: 'intro_deduction' },
      answers: 402,
      code: 'insufficient_credits',
    },
  ],
  'POST /api/account/delete': [
    {
      says: 'Soft-deletes the account and signs the user out.',
      by: 'nobody',
      headers: session('sender'),
      send: { reason: 'Done here.' },
      answers: 200,
      also: async ({ market, sender }) => {
        assert.equal(
          (await ask(market.url, 'POST', '/api/whoami', {}, session('sender')({ market, sender } as Scene))).status,
          401,
        )
        assert.equal((await sender.ask('POST', '/api/whoami')).status, 401)
        assert.equal((await sender.ask('GET', '/api/gigs')).status, 401)
      },
    },
    { says: 'Session only.', send: {}, answers: 403, code: 'session_required' },
  ],
}

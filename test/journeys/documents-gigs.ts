import assert from 'node:assert/strict'
import {
  becomes,
  type Deal,
  dealAt,
  forMoney,
  gigFields,
  inBrowser,
  type Stage,
  type Terms,
  type Thing,
} from './deal.ts'
import { went } from './desk.ts'
import type { Given, Holds, Row, Scene } from './documents.ts'

// The first half of the gig marketplace's document: gigs, applications, profiles and vouches. The client asks where nobody is named
// (`sender`), the freelancer is `worker`.

/** A deal at a stage, between Ada (client) and Bob (freelancer), and the ids for the path. */
export const at =
  (stage: Stage, ids: (deal: Deal) => readonly string[] = () => [], terms?: Terms): Given =>
  async ({ sender, worker }) => {
    const deal = await dealAt(stage, sender, worker, terms)
    return { deal, ids: ids(deal) }
  }
export const ofGig = ({ gig }: Deal): string[] => [gig.id]
export const ofApplication = ({ gig, application }: Deal): string[] => [gig.id, application.id]
/** The session of a person of the scene instead of a key: `by: 'nobody'` beside it. */
export const session =
  (who: 'sender' | 'worker') =>
  (scene: Scene): Record<string, string> => ({ cookie: scene[who].cookie, origin: scene.market.url })

const worker: Given = async (scene) => {
  await becomes(scene.worker, 'freelancer')
  return {}
}
const toWorker: Given = async (scene) => ({ ids: [scene.worker.userId] })
const nobodysId: Given = async () => ({ ids: ['00000000-0000-7000-8000-000000000000'] })
const aKey: Given = async ({ market, sender }) => ({
  ids: [went(await inBrowser(market, sender).ask<{ id: string }>('POST', '/api/keys', {}), 201).id],
})

export const gig = (more: { readonly [field: string]: Holds } = {}): Holds => ({
  id: 'id',
  title: `=${gigFields.title}`,
  description: `=${gigFields.description}`,
  scope: `=${gigFields.scope}`,
  rate_cents: 5_000,
  status: '=active',
  created_at: 'time',
  ...more,
})
const application = (more: { readonly [field: string]: Holds } = {}): Holds => ({
  id: 'id',
  gig_id: 'id',
  status: '=applied',
  message: '=I have written three parsers.',
  ...more,
})

/** How many things a list has, and that each is in this state. */
const listOf =
  (count: number, field?: string, value?: string): NonNullable<Row['also']> =>
  (_scene, { body }) => {
    const list = body as unknown as Thing[]
    assert.equal(list.length, count)
    for (const thing of list) if (field) assert.equal(thing[field], value)
  }
/** Leaves the board to the next row: who lists everybody's gigs sees only this row's. */
const closeTheRest: Given = async ({ market }) => {
  await market.db.rows(`update gig set status = 'closed' where status = 'active'`)
  return {}
}

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
const then =
  (...all: readonly Given[]): Given =>
  async (scene) => {
    let prepared = {}
    for (const one of all) prepared = { ...prepared, ...(await one(scene)) }
    return prepared
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

export const gigRows: Readonly<Record<string, readonly Row[]>> = {
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
  'GET /api/gigs': [
    {
      says: 'active = all visible gigs',
      given: then(closeTheRest, at('posted')),
      by: 'stranger',
      query: 'status=active',
      answers: 200,
      with: [gig()],
      also: listOf(1),
    },
    {
      says: 'draft = only your gigs',
      given: at('drafted'),
      query: 'status=draft',
      answers: 200,
      with: [gig({ status: '=draft' })],
      also: listOf(1),
    },
    {
      says: 'draft/closed = only your gigs: not those of others',
      given: at('drafted'),
      by: 'stranger',
      query: 'status=draft',
      answers: 200,
      also: listOf(0),
    },
    {
      says: 'with draft or closed you see only your own',
      given: async (scene) => {
        const { deal } = await at('posted')(scene)
        went(await scene.sender.ask('PATCH', `/api/gigs/${deal!.gig.id}`, { status: 'closed' }))
        return {}
      },
      query: 'status=closed',
      answers: 200,
      with: [gig({ status: '=closed' })],
      also: listOf(1),
    },
    {
      says: "market: without status everybody's active ones and one's own others",
      given: then(closeTheRest, at('drafted'), at('posted')),
      answers: 200,
      also: listOf(2),
    },
    {
      says: 'market: ?q, ?skill, ?min_rate_cents',
      given: then(closeTheRest, at('posted')),
      by: 'stranger',
      query: 'q=parser&min_rate_cents=5000',
      answers: 200,
      with: [gig()],
    },
    {
      says: 'market: ?min_rate_cents',
      given: then(closeTheRest, at('posted')),
      by: 'stranger',
      query: 'min_rate_cents=5001',
      answers: 200,
      also: listOf(0),
    },
    { says: 'There is no published value', query: 'status=published', answers: 400, code: 'invalid_input' },
    {
      says: 'session cookie or API key',
      by: 'nobody',
      headers: session('sender'),
      query: 'status=active',
      answers: 200,
    },
    { says: 'authenticated requests', by: 'nobody', answers: 401, code: 'authentication_required' },
  ],
  'POST /api/gigs': [
    {
      says: 'Default status=draft.',
      send: { title: 'Bare' },
      answers: 201,
      with: { id: 'id', title: '=Bare', status: '=draft', rate_cents: 0 },
    },
    { says: 'description?, scope?, rate_cents?', send: gigFields, answers: 201, with: gig({ status: '=draft' }) },
    { says: 'status?: set status to active here', send: { ...gigFields, status: 'active' }, answers: 201, with: gig() },
    {
      says: 'rate_cents? (≥0; $0 allowed for volunteer gigs)',
      send: { ...gigFields, rate_cents: 0 },
      answers: 201,
      with: gig({ status: '=draft', rate_cents: 0 }),
    },
    { says: 'title (required)', send: {}, answers: 400, code: 'invalid_input', saying: /title/ },
    {
      says: 'Client only.',
      given: worker,
      by: 'worker',
      send: gigFields,
      answers: 403,
      code: 'client_only',
      saying: /profile\/me/,
    },
  ],
  'GET /api/gigs/:id': [
    { says: 'Owner sees draft', given: at('drafted', ofGig), answers: 200, with: gig({ status: '=draft' }) },
    { says: 'anyone can get active', given: at('posted', ofGig), by: 'stranger', answers: 200, with: gig() },
    {
      says: 'If the gig is draft or closed, only the owner can read it',
      given: at('drafted', ofGig),
      by: 'stranger',
      answers: 404,
    },
  ],
  'PATCH /api/gigs/:id': [
    {
      says: 'set status to "active" to PUBLISH',
      given: at('drafted', ofGig),
      send: { status: 'active' },
      answers: 200,
      with: gig(),
    },
    {
      says: 'title?, description?, scope?, rate_cents?',
      given: at('drafted', ofGig),
      send: { title: 'T', description: 'D', scope: 'S', rate_cents: 1 },
      answers: 200,
      with: gig({ title: '=T', description: '=D', scope: '=S', rate_cents: 1, status: '=draft' }),
    },
    {
      says: 'Do not use "published"',
      given: at('drafted', ofGig),
      send: { status: 'published' },
      answers: 400,
      code: 'invalid_input',
    },
    { says: 'Owner only.', given: at('posted', ofGig), by: 'stranger', send: { title: 'Mine' }, answers: 403 },
  ],
  'DELETE /api/gigs/:id': [
    {
      says: 'Permanently deletes the gig.',
      given: at('applied', ofGig),
      answers: 200,
      also: async ({ sender, ids }) => assert.equal((await sender.ask('GET', `/api/gigs/${ids![0]}`)).status, 404),
    },
    { says: 'Owner only.', given: at('posted', ofGig), by: 'stranger', answers: 403 },
    { says: 'market: refused (409) once a negotiation exists', given: at('negotiating', ofGig), answers: 409 },
  ],
  'POST /api/gigs/:id/apply': [
    {
      says: 'Creates an application in applied status',
      given: then(worker, at('posted', ofGig)),
      by: 'worker',
      send: { message: 'I have written three parsers.' },
      answers: 201,
      with: application(),
    },
    {
      says: 'message? (optional)',
      given: then(worker, at('posted', ofGig)),
      by: 'worker',
      answers: 201,
      with: { id: 'id', status: '=applied' },
    },
    {
      says: 'Freelancer only.',
      given: at('posted', ofGig),
      by: 'stranger',
      answers: 403,
      code: 'freelancer_only',
      saying: /profile\/me/,
    },
    { says: 'market: second by the same person 409', given: at('applied', ofGig), by: 'worker', answers: 409 },
  ],
  'GET /api/gigs/:id/applications': [
    {
      says: 'each item includes worker_profile',
      given: at('applied', ofGig),
      answers: 200,
      with: [
        application({
          worker_profile: {
            display_name: 'text?',
            bio: 'text?',
            skills: 'list',
            ghost_score: 50,
            github_username: null,
            github_profile_url: null,
            vouched_by: 'list',
          },
        }),
      ],
    },
    {
      says: '?status=applied|shortlisted|rejected',
      given: at('shortlisted', ofGig),
      query: 'status=shortlisted',
      answers: 200,
      with: [application({ status: '=shortlisted' })],
    },
    {
      says: '?status=rejected: none',
      given: at('shortlisted', ofGig),
      query: 'status=rejected',
      answers: 200,
      also: listOf(0),
    },
    { says: 'Gig owner only.', given: at('applied', ofGig), by: 'worker', answers: 403 },
  ],
  'PATCH /api/gigs/:id/applications/:id': [
    {
      says: '{ "status": "shortlisted" }',
      given: at('applied', ofApplication),
      send: { status: 'shortlisted' },
      answers: 200,
      with: application({ status: '=shortlisted' }),
    },
    {
      says: 'or rejects them',
      given: at('applied', ofApplication),
      send: { status: 'rejected' },
      answers: 200,
      with: application({ status: '=rejected' }),
    },
    {
      says: 'status (shortlisted|rejected)',
      given: at('applied', ofApplication),
      send: { status: 'applied' },
      answers: 400,
      code: 'invalid_input',
    },
    {
      says: 'Gig owner only.',
      given: at('applied', ofApplication),
      by: 'worker',
      send: { status: 'shortlisted' },
      answers: 403,
    },
  ],
  'GET /api/applications/mine': [
    {
      says: 'your applications with gig_title',
      given: at('applied'),
      by: 'worker',
      answers: 200,
      with: [application({ gig_title: `=${gigFields.title}`, negotiation_id: null, negotiation: null })],
      also: listOf(1),
    },
    {
      says: 'negotiation_id and negotiation (state, round_number, rate_cents, etc.)',
      given: at('proposed', undefined, forMoney),
      by: 'worker',
      answers: 200,
      with: [
        application({
          status: '=shortlisted',
          negotiation_id: 'id',
          negotiation: { id: 'id', state: '=in_progress', round_number: 1, rate_cents: 5_000, hours_per_week: 10 },
        }),
      ],
    },
    {
      says: '?status, ?gig_id',
      given: at('applied'),
      by: 'worker',
      query: 'status=shortlisted&gig_id=00000000-0000-7000-8000-000000000000',
      answers: 200,
      also: listOf(0),
    },
    {
      says: 'Applicant only: those of others are not there',
      given: at('applied'),
      by: 'stranger',
      answers: 200,
      also: listOf(0),
    },
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
}

import assert from 'node:assert/strict'
import { forMoney, gigFields } from './deal.ts'
import { at, freelancer, listOf, ofApplication, ofGig, session } from './deal-given.ts'
import { went } from './desk.ts'
import type { Given, Holds, Row } from './documents.ts'
import { both } from './given.ts'

// The gig marketplace's document: gigs and applications.

const gig = (more: { readonly [field: string]: Holds } = {}): Holds => ({
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

/** Leaves the board to the next row: who lists everybody's gigs sees only this row's. */
const closeTheRest: Given = async ({ market }) => {
  await market.db.rows(`update gig set status = 'closed' where status = 'active'`)
  return {}
}

export const gigRows: Readonly<Record<string, readonly Row[]>> = {
  'GET /api/gigs': [
    {
      says: 'active = all visible gigs',
      given: both(closeTheRest, at('posted')),
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
      given: both(closeTheRest, at('drafted'), at('posted')),
      answers: 200,
      also: listOf(2),
    },
    {
      says: 'market: ?q, ?skill, ?min_rate_cents',
      given: both(closeTheRest, at('posted')),
      by: 'stranger',
      query: 'q=parser&min_rate_cents=5000',
      answers: 200,
      with: [gig()],
    },
    {
      says: 'market: ?min_rate_cents',
      given: both(closeTheRest, at('posted')),
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
      given: freelancer,
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
      given: both(freelancer, at('posted', ofGig)),
      by: 'worker',
      send: { message: 'I have written three parsers.' },
      answers: 201,
      with: application(),
    },
    {
      says: 'message? (optional)',
      given: both(freelancer, at('posted', ofGig)),
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
}

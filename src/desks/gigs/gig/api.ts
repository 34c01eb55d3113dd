import { z } from 'zod'
import { contract, endpoint } from '../../../base/endpoint.ts'
import { Cursor, Int, Limit } from '../../../base/page.ts'
import { edgeRefusals, refusing } from '../../../base/refusals.ts'
import { Application, ApplicationReceived, ApplicationSent, shownStates } from './application.ts'
import { Gig, gigStates } from './gig.ts'

export const gigRefusals = {
  gig_not_found: ['not_found', 'There is no such gig, or it is not yours to see.'],
  gig_not_yours: ['forbidden', 'This gig is somebody else’s: only its owner may do this.'],
  gig_not_active: ['wrong_state', 'This gig is not active, so nobody can apply to it now.'],
  gig_negotiated: [
    'conflict',
    'There has been a negotiation about this gig, so it stays; close it with PATCH /api/gigs/:id {"status": "closed"}.',
  ],
  own_gig: ['forbidden', 'This gig is your own: you cannot apply to it.'],
  client_only: [
    'forbidden',
    'Only clients may do this; become one with PATCH /api/profile/me {"user_type": "client"}.',
  ],
  freelancer_only: [
    'forbidden',
    'Only freelancers may do this; become one with PATCH /api/profile/me {"user_type": "freelancer"}.',
  ],
  already_applied: ['conflict', 'You have applied to this gig already; see GET /api/applications/mine.'],
  too_many_applications: ['invalid', 'You have applied 50 times within 24 hours, which is the most; go on tomorrow.'],
  application_not_found: ['not_found', 'There is no such application, or it is not yours to see.'],
  application_not_yours: ['forbidden', 'You can see this application, but this is not yours to do.'],
  application_wrong_state: [
    'wrong_state',
    'The application is in a state that does not allow this; see can for what you may do.',
  ],
} as const

export const refuseGig = refusing({ ...edgeRefusals, ...gigRefusals })

const Id = z.strictObject({ id: z.uuid().describe('Of the gig.') })

const GigStatusGiven = z.enum(gigStates, {
  error: 'must be draft, active or closed; to publish a gig, set it to "active"',
})
const Title = z
  .string({ error: (issue) => (issue.input === undefined ? 'title is missing' : undefined) })
  .trim()
  .min(1, 'title is missing')
  .max(200)
const FreeText = z.string().max(10_000)

const gigFields = {
  description: FreeText.optional().describe('What it is about.'),
  scope: FreeText.optional().describe('What the work takes in; it becomes part of the contract.'),
  rate_cents: z.int().min(0).max(1_000_000).optional().describe('For an hour; 0 for volunteer work.'),
  skills: z.array(z.string().trim().min(1).max(100)).max(50).optional().describe('What whoever applies should know.'),
}

const ShownStatus = z.enum(shownStates).optional().describe('Only applications in this state.')

export const gigsApi = contract('gigs', gigRefusals, {
  gigs: endpoint({
    route: 'GET /api/gigs',
    summary: 'Everybody’s active gigs and your own others, newest first.',
    kind: 'read',
    access: 'caller',
    scope: 'gigs',
    input: z.strictObject({
      status: GigStatusGiven.optional().describe('active: everybody’s; draft and closed: your own.'),
      q: z.string().trim().min(1).max(200).optional().describe('Only gigs that have all these words.'),
      skill: z.string().trim().min(1).max(100).optional().describe('Only gigs that ask for this skill.'),
      min_rate_cents: Int(0, 1_000_000).optional().describe('Only gigs that pay at least this for an hour.'),
      limit: Limit,
      cursor: Cursor,
    }),
    answers: { 200: z.array(Gig) },
    refusals: [],
  }),
  create: endpoint({
    route: 'POST /api/gigs',
    summary: 'Post a gig; as a draft, which nobody else sees, unless status says active.',
    kind: 'transaction',
    access: 'caller',
    scope: 'gigs',
    input: z.strictObject({
      title: Title.describe('What people read first.'),
      ...gigFields,
      status: GigStatusGiven.optional().describe('draft without it; active publishes it at once.'),
    }),
    answers: { 201: Gig },
    refusals: ['client_only'],
    example: { input: { title: 'Port a parser to Rust', rate_cents: 5000, skills: ['rust'], status: 'active' } },
  }),
  gig: endpoint({
    route: 'GET /api/gigs/:id',
    summary: 'One gig: an active one for everybody, any other for its owner.',
    kind: 'read',
    access: 'caller',
    scope: 'gigs',
    input: Id,
    answers: { 200: Gig },
    refusals: ['gig_not_found'],
  }),
  update: endpoint({
    route: 'PATCH /api/gigs/:id',
    summary: 'Change a gig of yours; fields you leave out stay. status active publishes it.',
    description: 'Its owner may move it freely among draft, active and closed. Closed stops applications only.',
    kind: 'transaction',
    access: 'caller',
    scope: 'gigs',
    input: Id.extend({
      title: Title.optional().describe('What people read first.'),
      ...gigFields,
      status: GigStatusGiven.optional().describe('active publishes it, closed stops applications.'),
    }),
    answers: { 200: Gig },
    refusals: ['gig_not_found', 'gig_not_yours'],
    example: { input: { id: '01a20226-00b5-7bc1-9461-989abfd9ed53', status: 'active' } },
  }),
  delete: endpoint({
    route: 'DELETE /api/gigs/:id',
    summary: 'Delete a gig of yours for good, and its applications with it; not once there was a negotiation.',
    kind: 'transaction',
    access: 'caller',
    scope: 'gigs',
    input: Id,
    answers: { 200: z.strictObject({ ok: z.literal(true), deleted: z.literal(true) }) },
    refusals: ['gig_not_found', 'gig_not_yours', 'gig_negotiated'],
  }),
  apply: endpoint({
    route: 'POST /api/gigs/:id/apply',
    summary: 'Apply to an active gig; its owner shortlists you or does not.',
    kind: 'transaction',
    access: 'caller',
    scope: 'gigs',
    input: Id.extend({ message: FreeText.optional().describe('Why you, in your own words.') }),
    answers: { 201: Application },
    refusals: [
      'gig_not_found',
      'gig_not_active',
      'own_gig',
      'freelancer_only',
      'already_applied',
      'too_many_applications',
    ],
    example: { input: { id: '01a20226-00b5-7bc1-9461-989abfd9ed53', message: 'I have ported three parsers.' } },
  }),
  applications: endpoint({
    route: 'GET /api/gigs/:id/applications',
    summary: 'Who has applied to a gig of yours, newest first, each with a profile.',
    kind: 'read',
    access: 'caller',
    scope: 'gigs',
    input: Id.extend({ status: ShownStatus, limit: Limit, cursor: Cursor }),
    answers: { 200: z.array(ApplicationReceived) },
    refusals: ['gig_not_found', 'gig_not_yours'],
  }),
  decide: endpoint({
    route: 'PATCH /api/gigs/:id/applications/:application_id',
    summary: 'Shortlist somebody who has applied to a gig of yours, or reject them.',
    description: 'Only who is shortlisted can be invited to negotiate. You may change your mind either way.',
    kind: 'transaction',
    access: 'caller',
    scope: 'gigs',
    input: z.strictObject({
      id: z.uuid().describe('Of a gig of yours.'),
      application_id: z.uuid().describe('Of an application to it.'),
      status: z
        .enum(['shortlisted', 'rejected'], { error: 'must be shortlisted or rejected' })
        .describe('shortlisted lets you start a negotiation with them.'),
    }),
    answers: { 200: Application },
    refusals: ['application_not_found', 'application_not_yours'],
    example: {
      input: {
        id: '01a20226-00b5-7bc1-9461-989abfd9ed53',
        application_id: '01a20226-00b6-7bc1-9461-989abfd9ed53',
        status: 'shortlisted',
      },
    },
  }),
  mine: endpoint({
    route: 'GET /api/applications/mine',
    summary: 'Your own applications, newest first, each with its live negotiation if there is one.',
    kind: 'read',
    access: 'caller',
    scope: 'gigs',
    input: z.strictObject({
      status: ShownStatus,
      gig_id: z.uuid().optional().describe('Only the one to this gig.'),
      limit: Limit,
      cursor: Cursor,
    }),
    answers: { 200: z.array(ApplicationSent) },
    refusals: [],
  }),
  withdraw: endpoint({
    route: 'DELETE /api/applications/:id',
    summary: 'Take your application back while it is neither shortlisted nor rejected; you may apply again.',
    kind: 'transaction',
    access: 'caller',
    scope: 'gigs',
    input: z.strictObject({ id: z.uuid().describe('Of an application of yours.') }),
    answers: { 200: z.strictObject({ ok: z.literal(true), deleted: z.literal(true) }) },
    refusals: ['application_not_found', 'application_not_yours', 'application_wrong_state'],
  }),
})

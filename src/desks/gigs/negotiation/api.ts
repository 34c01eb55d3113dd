import { z } from 'zod'
import { contract, endpoint } from '../../../base/endpoint.ts'
import { Cursor, Limit } from '../../../base/page.ts'
import { edgeRefusals, refusing } from '../../../base/refusals.ts'
import { AuditEntry, Negotiation, negotiationStates } from './negotiation.ts'

export const negotiationRefusals = {
  client_only: [
    'forbidden',
    'Only clients may do this; become one with PATCH /api/profile/me {"user_type": "client"}.',
  ],
  gig_not_found: ['not_found', 'There is no such gig, or it is not yours to see.'],
  gig_not_yours: ['forbidden', 'This gig is somebody else’s: only its owner may start negotiations about it.'],
  not_shortlisted: [
    'invalid',
    'This worker is not shortlisted on this gig; shortlist their application first with PATCH /api/gigs/:id/applications/:appId.',
  ],
  negotiation_exists: ['conflict', 'You two have a live negotiation about this gig already; go on with that one.'],
  too_many_negotiations: ['invalid', 'You have 50 live negotiations, which is the most; end one first.'],
  negotiation_not_found: ['not_found', 'There is no such negotiation, or it is not yours to see.'],
  negotiation_wrong_state: [
    'wrong_state',
    'The negotiation is in a state that does not allow this; see can for what you may do.',
  ],
  negotiation_expired: ['wrong_state', 'This negotiation has expired; its client may start another.'],
  round_needed: [
    'wrong_state',
    'There are no terms to agree on yet: propose some with POST /api/negotiations/:id/round.',
  ],
  no_round_left: [
    'wrong_state',
    'You have used your round since the revision; agree, decline, or wait for the other side, who has one left.',
  ],
  amount_out_of_range: [
    'invalid',
    'Rate times hours must come to nothing, or to between 100 and 50,000,000 cents a week.',
  ],
  start_date_unusable: ['invalid', 'The start date must be today or later, and at most a year ahead.'],
} as const

export const refuseNegotiation = refusing({ ...edgeRefusals, ...negotiationRefusals })

const Id = z.strictObject({ id: z.uuid().describe('Of the negotiation.') })

const terms = {
  rate_cents: z.int().min(0).max(1_000_000).optional().describe('For an hour; 0 for volunteer work.'),
  hours_per_week: z.int().min(0).max(168).optional().describe('Whole hours.'),
  start_date: z.iso
    .date('must be a day that exists, as YYYY-MM-DD')
    .nullable()
    .optional()
    .describe('When the work begins, at most a year ahead; null for no date.'),
  payout_delay_days: z
    .int()
    .min(3)
    .max(10)
    .optional()
    .describe('How many days released money waits before it is paid out.'),
}

const invitation = {
  gig_id: z.uuid().describe('Of a gig of yours.'),
  worker_user_id: z.uuid().describe('Whom you have shortlisted on it.'),
}
const startRefusals = [
  'client_only',
  'gig_not_found',
  'gig_not_yours',
  'not_shortlisted',
  'negotiation_exists',
  'too_many_negotiations',
] as const

export const negotiationsApi = contract('negotiations', negotiationRefusals, {
  negotiations: endpoint({
    route: 'GET /api/negotiations',
    summary: 'The negotiations you are a party of, newest first.',
    kind: 'read',
    access: 'caller',
    scope: 'gigs',
    input: z.strictObject({
      state: z.enum(negotiationStates).optional().describe('Only negotiations in this state.'),
      limit: Limit,
      cursor: Cursor,
    }),
    answers: { 200: z.array(Negotiation) },
    refusals: [],
  }),
  start: endpoint({
    route: 'POST /api/negotiations',
    summary: 'Start to negotiate with somebody you have shortlisted on a gig of yours.',
    description: 'Either side may then propose terms. Seven days of silence end it.',
    kind: 'transaction',
    access: 'caller',
    suspendable: true,
    scope: 'gigs',
    input: z.strictObject(invitation),
    answers: { 201: Negotiation },
    refusals: startRefusals,
    example: {
      input: {
        gig_id: '01a20226-00b5-7bc1-9461-989abfd9ed53',
        worker_user_id: '01a20226-00b6-7bc1-9461-989abfd9ed53',
      },
    },
  }),
  negotiate: endpoint({
    route: 'POST /api/negotiate',
    summary: 'The same with the first round in it: start a negotiation and propose terms at once.',
    kind: 'transaction',
    access: 'caller',
    suspendable: true,
    scope: 'gigs',
    input: z.strictObject({ ...invitation, ...terms }),
    answers: { 201: Negotiation },
    refusals: [...startRefusals, 'amount_out_of_range', 'start_date_unusable'],
    example: {
      input: {
        gig_id: '01a20226-00b5-7bc1-9461-989abfd9ed53',
        worker_user_id: '01a20226-00b6-7bc1-9461-989abfd9ed53',
        rate_cents: 5000,
        hours_per_week: 10,
      },
    },
  }),
  negotiation: endpoint({
    route: 'GET /api/negotiations/:id',
    summary: 'One negotiation of yours; with audit=1 everything that has happened in it.',
    kind: 'read',
    access: 'caller',
    scope: 'gigs',
    input: Id.extend({
      audit: z.enum(['0', '1', 'false', 'true']).optional().describe('1 adds the audit log.'),
    }),
    answers: {
      200: Negotiation.extend({
        audit: z.array(AuditEntry).optional().describe('Everything that has happened, in order; only with audit=1.'),
      }),
    },
    refusals: ['negotiation_not_found'],
  }),
  round: endpoint({
    route: 'POST /api/negotiations/:id/round',
    summary: 'Propose terms, or counter; what you do not name stays as it is.',
    description:
      'Three rounds in all, whoever proposes them: a fourth answers 200 with state expired. After a revision of the contract each side has one more. Terms that nobody has named are: rate 0, hours 0, payout delay 3 days, no start date.',
    kind: 'transaction',
    access: 'caller',
    suspendable: true,
    scope: 'gigs',
    input: Id.extend(terms),
    answers: { 200: Negotiation },
    refusals: [
      'negotiation_not_found',
      'negotiation_wrong_state',
      'negotiation_expired',
      'no_round_left',
      'amount_out_of_range',
      'start_date_unusable',
    ],
    example: { input: { id: '01a20226-00b5-7bc1-9461-989abfd9ed53', rate_cents: 5500, hours_per_week: 20 } },
  }),
  agree: endpoint({
    route: 'POST /api/negotiations/:id/agree',
    summary: 'Agree on the terms as they stand: makes the contract, which both sides then approve.',
    kind: 'transaction',
    access: 'caller',
    suspendable: true,
    scope: 'gigs',
    input: Id,
    answers: { 200: Negotiation },
    refusals: ['negotiation_not_found', 'negotiation_wrong_state', 'negotiation_expired', 'round_needed'],
  }),
  decline: endpoint({
    route: 'POST /api/negotiations/:id/decline',
    summary: 'End a negotiation without a deal; a contract under revision ends with it.',
    kind: 'transaction',
    access: 'caller',
    scope: 'gigs',
    input: Id,
    answers: { 200: Negotiation },
    refusals: ['negotiation_not_found', 'negotiation_wrong_state', 'negotiation_expired'],
  }),
  share_contact: endpoint({
    route: 'POST /api/negotiations/:id/contact-share',
    summary: 'Share a contact of yours with the other side of a negotiation, and with nobody else.',
    kind: 'transaction',
    access: 'caller',
    scope: 'gigs',
    input: Id.extend({
      contact_type: z.string().trim().min(1).max(50).describe('Telegram, Email, LinkedIn, or whatever it is.'),
      contact_value: z.string().trim().min(1).max(500).describe('A name or an address there.'),
    }),
    answers: { 200: Negotiation },
    refusals: ['negotiation_not_found'],
    example: {
      input: { id: '01a20226-00b5-7bc1-9461-989abfd9ed53', contact_type: 'Telegram', contact_value: '@ada' },
    },
  }),
})

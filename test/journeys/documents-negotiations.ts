import assert from 'node:assert/strict'
import type { Fields } from '../support/market.ts'
import { type Deal, dealAt, gigFields, type Terms } from './deal.ts'
import { at } from './deal-given.ts'
import { went } from './desk.ts'
import type { Given, Holds, Row, Scene } from './documents.ts'

// The gig marketplace's document: negotiations.

const ofNegotiation = ({ negotiation }: Deal): string[] => [negotiation.id]
const negotiation = (more: { readonly [field: string]: Holds } = {}): Holds => ({
  id: 'id',
  state: '=pending',
  round_number: 0,
  rate_cents: 0,
  hours_per_week: 0,
  start_date: null,
  payout_delay_days: 3,
  ...more,
})
const invitation = ({ deal, worker }: Scene): Fields => ({ gig_id: deal.gig.id, worker_user_id: worker.userId })

const dayIn = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
const fullTerms: Terms = { rate_cents: 6_000, hours_per_week: 20, start_date: dayIn(30), payout_delay_days: 10 }
const fullHolds: { readonly [field: string]: Holds } = {
  rate_cents: 6_000,
  hours_per_week: 20,
  start_date: `=${fullTerms.start_date}`,
  payout_delay_days: 10,
}

const shared: Given = async (scene) => {
  const deal = await dealAt('negotiating', scene.sender, scene.worker)
  const body = { contact_type: 'Telegram', contact_value: '@ada' }
  went(await scene.sender.ask('POST', `/api/negotiations/${deal.negotiation.id}/contact-share`, body))
  return { deal, ids: [deal.negotiation.id] }
}
const afterRounds =
  (count: number): Given =>
  async (scene) => {
    const deal = await dealAt('negotiating', scene.sender, scene.worker)
    for (let n = 0; n < count; n++) {
      const side = n % 2 === 0 ? scene.sender : scene.worker
      went(await side.ask('POST', `/api/negotiations/${deal.negotiation.id}/round`, { rate_cents: 1_000 + n }))
    }
    return { deal, ids: [deal.negotiation.id] }
  }
export const negotiationRows: Readonly<Record<string, readonly Row[]>> = {
  'GET /api/negotiations': [
    {
      says: 'gig_title and your_role',
      given: at('negotiating'),
      answers: 200,
      with: [negotiation({ gig_title: `=${gigFields.title}`, your_role: '=client' })],
    },
    {
      says: 'your_role (client|worker)',
      given: at('negotiating'),
      by: 'worker',
      query: 'state=pending',
      answers: 200,
      with: [negotiation({ your_role: '=worker' })],
    },
    ...['in_progress', 'pending_owner_approval', 'approved', 'expired'].map(
      (state): Row => ({
        says: `?state=${state}`,
        given: at('negotiating'),
        query: `state=${state}`,
        answers: 200,
        also: (_scene, { body }) => assert.deepEqual(body, []),
      }),
    ),
    {
      says: 'where you are a party',
      given: at('negotiating'),
      by: 'stranger',
      answers: 200,
      also: (_scene, { body }) => assert.deepEqual(body, []),
    },
    { says: '?state=…: no other', query: 'state=agreed', answers: 400, code: 'invalid_input' },
  ],
  'POST /api/negotiations': [
    {
      says: 'Creates a new negotiation in pending state',
      given: at('shortlisted'),
      send: invitation,
      answers: 201,
      with: negotiation(),
    },
    {
      says: 'The worker must already be shortlisted on that gig',
      given: at('applied'),
      send: invitation,
      answers: 400,
    },
    {
      says: 'Client only.',
      given: at('shortlisted'),
      by: 'worker',
      send: invitation,
      answers: 403,
      code: 'client_only',
    },
    { says: 'market: one live one per gig and worker (409)', given: at('negotiating'), send: invitation, answers: 409 },
    { says: 'Body: gig_id, worker_user_id', send: {}, answers: 400, code: 'invalid_input', saying: /gig_id/ },
  ],
  'POST /api/negotiate': [
    {
      says: 'the same without first-round terms',
      given: at('shortlisted'),
      send: invitation,
      answers: 201,
      with: negotiation(),
    },
    {
      says: 'plus optional first-round terms (rate_cents, hours_per_week, start_date, payout_delay_days 3–10)',
      given: at('shortlisted'),
      send: (scene: Scene) => ({ ...invitation(scene), ...fullTerms }),
      answers: 201,
      with: negotiation({ state: '=in_progress', round_number: 1, ...fullHolds }),
    },
    {
      says: 'payout_delay_days 3–10',
      given: at('shortlisted'),
      send: (scene: Scene) => ({ ...invitation(scene), payout_delay_days: 11 }),
      answers: 400,
      code: 'invalid_input',
    },
  ],
  'GET /api/negotiations/:id': [
    {
      says: 'state, round_number, negotiable fields and contact_exchange (my_share, other_party_contact)',
      given: at('negotiating', ofNegotiation),
      answers: 200,
      with: negotiation({ contact_exchange: { my_share: null, other_party_contact: null } }),
    },
    {
      says: '?audit=1 returns full audit log',
      given: at('proposed', ofNegotiation, fullTerms),
      by: 'worker',
      query: 'audit=1',
      answers: 200,
      with: { audit: [{ at: 'time', event: 'text', data: 'object' }] },
      also: (_scene, { text }) => assert.match(text, /"payout_delay_days": ?10/),
    },
    {
      says: 'contact_exchange',
      given: shared,
      by: 'worker',
      answers: 200,
      with: {
        contact_exchange: {
          my_share: null,
          other_party_contact: { contact_type: '=Telegram', contact_value: '=@ada' },
        },
      },
    },
    { says: 'Party only.', given: at('negotiating', ofNegotiation), by: 'stranger', answers: 404 },
  ],
  'POST /api/negotiations/:id/contact-share': [
    {
      says: 'Share your contact with the other party',
      given: at('negotiating', ofNegotiation),
      by: 'worker',
      send: { contact_type: 'Email', contact_value: 'bob@people.test' },
      answers: 200,
    },
    {
      says: 'contact_type (max 50 chars)',
      given: at('negotiating', ofNegotiation),
      send: { contact_type: 'x'.repeat(51), contact_value: '@ada' },
      answers: 400,
      code: 'invalid_input',
    },
    {
      says: 'Party',
      given: at('negotiating', ofNegotiation),
      by: 'stranger',
      send: { contact_type: 'Email', contact_value: 'x' },
      answers: 404,
    },
  ],
  'POST /api/negotiations/:id/round': [
    {
      says: 'rate_cents?, hours_per_week?, start_date? (YYYY-MM-DD), payout_delay_days? (3-10)',
      given: at('negotiating', ofNegotiation),
      send: fullTerms,
      answers: 200,
      with: negotiation({ state: '=in_progress', round_number: 1, ...fullHolds }),
    },
    {
      says: 'Either party',
      given: afterRounds(2),
      by: 'worker',
      send: { hours_per_week: 1 },
      answers: 200,
      with: negotiation({ state: '=in_progress', round_number: 3, rate_cents: 1_001, hours_per_week: 1 }),
    },
    {
      says: 'the next round call will set state to expired',
      given: afterRounds(3),
      send: { rate_cents: 1 },
      answers: 200,
      with: { state: '=expired' },
    },
    {
      says: 'payout_delay_days? (3-10)',
      given: at('negotiating', ofNegotiation),
      send: { payout_delay_days: 2 },
      answers: 400,
      code: 'invalid_input',
    },
    {
      says: 'Party (client or worker)',
      given: at('negotiating', ofNegotiation),
      by: 'stranger',
      send: fullTerms,
      answers: 404,
    },
  ],
  'POST /api/negotiations/:id/agree': [
    {
      says: 'Response includes contract_id',
      given: at('proposed', ofNegotiation, fullTerms),
      answers: 200,
      with: { contract_id: 'id' },
    },
    {
      says: 'Rate/hours can be 0',
      given: at('proposed', ofNegotiation),
      by: 'worker',
      answers: 200,
      with: { contract_id: 'id' },
    },
    { says: 'After at least one round', given: at('negotiating', ofNegotiation), answers: 400 },
    { says: 'Party.', given: at('proposed', ofNegotiation), by: 'stranger', answers: 404 },
  ],
}

import assert from 'node:assert/strict'
import { ask, type Fields } from '../support/market.ts'
import { type Deal, dealAt, forMoney, fundDeal, gigFields, type Terms } from './deal.ts'
import { fund, went } from './desk.ts'
import type { Given, Holds, Row, Scene } from './documents.ts'
import { at, session } from './documents-gigs.ts'

// The second half: negotiations, contracts and their funding, credits, the end of an account.

const ofNegotiation = ({ negotiation }: Deal): string[] => [negotiation.id]
const ofContract = ({ contract }: Deal): string[] => [contract.id]
const ofMilestone = ({ contract, milestone }: Deal): string[] => [contract.id, milestone.id]

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
const contract = (more: { readonly [field: string]: Holds } = {}): Holds => ({
  id: 'id',
  status: '=pending_owner_approval',
  negotiation_id: 'id',
  gig_title: `=${gigFields.title}`,
  your_role: '=client',
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
const approvedByOne =
  (who: 'sender' | 'worker'): Given =>
  async (scene) => {
    const deal = await dealAt('agreed', scene.sender, scene.worker, forMoney)
    went(await scene[who].ask('POST', `/api/contracts/${deal.contract.id}/approve`))
    return { deal, ids: [deal.contract.id] }
  }
const rich: Given = async ({ market, sender }) => {
  await fund(market, sender, 100_000)
  return {}
}
const both =
  (...all: readonly Given[]): Given =>
  async (scene) => {
    let prepared = {}
    for (const one of all) prepared = { ...prepared, ...(await one(scene)) }
    return prepared
  }

export const dealRows: Readonly<Record<string, readonly Row[]>> = {
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
  'GET /api/contracts': [
    {
      says: 'id, status, negotiation_id, gig_title, your_role',
      given: at('agreed'),
      query: 'status=pending_owner_approval',
      answers: 200,
      with: [contract()],
    },
    { says: 'your_role', given: at('agreed'), by: 'worker', answers: 200, with: [contract({ your_role: '=worker' })] },
    {
      says: '+ one milestone (amount from rate × hours)',
      given: at('agreed', undefined, forMoney),
      answers: 200,
      with: [contract({ milestones: [{ id: 'id', amount_cents: 50_000, status: '=pending' }] })],
    },
    {
      says: 'where you are a party',
      given: at('agreed'),
      by: 'stranger',
      answers: 200,
      also: (_scene, { body }) => assert.deepEqual(body, []),
    },
    { says: '?status=pending_owner_approval|…: no other', query: 'status=agreed', answers: 400, code: 'invalid_input' },
  ],
  'POST /api/contracts/:id/approve': [
    { says: 'Record your approval.', given: at('agreed', ofContract), answers: 200, with: contract() },
    {
      says: 'When BOTH have approved → pending_freelancer_kyc; connect_url',
      given: approvedByOne('sender'),
      by: 'worker',
      answers: 200,
      with: contract({ status: '=pending_freelancer_kyc', your_role: '=worker', connect_url: 'address' }),
    },
    {
      says: 'market: connect_url only in answers to the worker',
      given: approvedByOne('worker'),
      answers: 200,
      with: contract({ status: '=pending_freelancer_kyc' }),
      also: (_scene, { body }) => assert.ok(!body.connect_url),
    },
    {
      says: 'For $0 contracts, it may go straight to pending_client_funding',
      given: async (scene) => {
        const { deal } = await at('agreed')(scene)
        went(await scene.sender.ask('POST', `/api/contracts/${deal!.contract.id}/approve`))
        return { ids: [deal!.contract.id] }
      },
      by: 'worker',
      answers: 200,
      with: contract({ status: '=pending_client_funding', your_role: '=worker' }),
    },
    { says: 'Client or worker.', given: at('agreed', ofContract), by: 'stranger', answers: 404 },
  ],
  'GET /api/contracts/:id/connect-link': [
    {
      says: 'Returns a fresh Stripe Connect AccountLink URL',
      given: at('approved', ofContract, forMoney),
      by: 'worker',
      answers: 200,
      also: (_scene, { body }) => assert.ok(URL.canParse(String(body.connect_url ?? body.url))),
    },
    { says: 'Worker only.', given: at('approved', ofContract, forMoney), answers: 403 },
    { says: 'Contract in pending KYC.', given: at('agreed', ofContract, forMoney), by: 'worker', answers: 400 },
  ],
  'POST /api/contracts/:id/revise': [
    {
      says: 'Clears approvals; contract back to negotiation.',
      given: at('approved', ofContract),
      by: 'worker',
      send: { notes: 'Fewer hours, please.' },
      answers: 200,
      with: { id: 'id' },
    },
    {
      says: 'Body: notes',
      given: at('approved', ofContract),
      send: {},
      answers: 400,
      code: 'invalid_input',
      saying: /notes/,
    },
    { says: 'Party.', given: at('approved', ofContract), by: 'stranger', send: { notes: 'x' }, answers: 404 },
  ],
  'POST /api/contracts/:id/milestones/:id/fund': [
    {
      says: 'Returns client_secret for Stripe confirm.',
      given: at('approved', ofMilestone, forMoney),
      answers: 200,
      with: { client_secret: 'text' },
    },
    {
      says: 'Creates or returns the PaymentIntent for this milestone (idempotent)',
      given: async (scene) => {
        const { deal } = await at('approved', undefined, forMoney)(scene)
        const { client_secret: secret } = went(await fundDeal(deal!))
        return { deal: { ...deal!, milestone: { ...deal!.milestone, secret } }, ids: ofMilestone(deal!) }
      },
      answers: 200,
      also: ({ deal }, { body }) => assert.equal(body.client_secret, deal.milestone.secret),
    },
    {
      says: '$0 milestones skip payment',
      given: at('approved', ofMilestone),
      answers: 200,
      with: { client_secret: null },
    },
    {
      says: 'market: fund {source: "wallet"}',
      given: both(rich, at('approved', ofMilestone, forMoney)),
      send: { source: 'wallet' },
      answers: 200,
    },
    {
      says: 'market: 402 with what is needed',
      given: at('approved', ofMilestone, forMoney),
      send: { source: 'wallet' },
      answers: 402,
      with: { required_cents: 50_000, balance_cents: 0, topup_url: 'address' },
    },
    { says: 'Client.', given: at('approved', ofMilestone, forMoney), by: 'worker', answers: 403 },
    {
      says: 'First milestone can be funded once contract is in a funding state',
      given: at('agreed', ofMilestone, forMoney),
      answers: 400,
    },
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

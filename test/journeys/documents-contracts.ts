import assert from 'node:assert/strict'
import { type Deal, dealAt, forMoney, fundDeal, gigFields } from './deal.ts'
import { at } from './deal-given.ts'
import { fund, went } from './desk.ts'
import type { Given, Holds, Row } from './documents.ts'
import { both } from './given.ts'

// The gig marketplace's document: contracts and the funding of their milestones.

const ofContract = ({ contract }: Deal): string[] => [contract.id]
const ofMilestone = ({ contract, milestone }: Deal): string[] => [contract.id, milestone.id]

const contract = (more: { readonly [field: string]: Holds } = {}): Holds => ({
  id: 'id',
  status: '=pending_owner_approval',
  negotiation_id: 'id',
  gig_title: `=${gigFields.title}`,
  your_role: '=client',
  ...more,
})
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
export const contractRows: Readonly<Record<string, readonly Row[]>> = {
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
}

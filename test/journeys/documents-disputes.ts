import assert from 'node:assert/strict'
import type { Dispute } from '../../src/desks/gigs/dispute/dispute.ts'
import { payable } from '../gigs/contract-stage.ts'
import { proof, respondTo } from '../gigs/dispute-stage.ts'
import { type Deal, dealAt, forMoney } from './deal.ts'
import { fund, went } from './desk.ts'
import type { Given, Holds, Row, Scene } from './documents.ts'

// The gig marketplace's document: how the money of a milestone leaves, by release and by dispute.

/** A milestone of an active contract that holds $500. */
async function funded({ market, sender, worker }: Scene): Promise<Deal> {
  await payable(market, worker)
  await fund(market, sender, 50_000)
  return dealAt('funded', sender, worker, forMoney)
}

const active: Given = async (scene) => ({ deal: await funded(scene) })

const created = ({ deal: { contract, milestone } }: Pick<Scene, 'deal'>): Record<string, unknown> => ({
  contract_id: contract.id,
  milestone_id: milestone.id,
  disputing_party: 'client',
  reason: 'It is not what we agreed on.',
  evidence: [proof],
})

/** The client has disputed it; and what comes then. */
const disputed =
  (then: (scene: Scene, id: string) => Promise<unknown> = async () => {}): Given =>
  async (scene) => {
    const deal = await funded(scene)
    const { id } = went(await scene.sender.ask<Dispute>('POST', '/api/disputes/create', created({ deal })), 201)
    await then(scene, id)
    return { deal, id }
  }

const advance =
  (hours: number) =>
  async ({ market }: Scene) =>
    market.db.rows(`update dispute set response_deadline = response_deadline - make_interval(hours => $1)`, [hours])

const dispute = (more: { readonly [field: string]: Holds } = {}): Holds => ({
  id: 'id',
  contract_id: 'id',
  milestone_id: 'id',
  disputing_party: '=client',
  reason: '=It is not what we agreed on.',
  status: '=open',
  ...more,
})

const held: Given = async (scene) => {
  const deal = await funded(scene)
  return { deal, ids: [deal.contract.id, deal.milestone.id] }
}

/** Done for nothing and released: completed. */
const completed: Given = async ({ sender, worker }) => {
  const { contract, milestone } = await dealAt('funded', sender, worker)
  went(await sender.ask('POST', `/api/contracts/${contract.id}/milestones/${milestone.id}/release`))
  return { ids: [contract.id] }
}

const reviewed: Given = async (scene) => {
  const given = await completed(scene)
  went(await scene.sender.ask('POST', `/api/contracts/${given.ids![0]}/reviews`, { rating: 4 }), 201)
  return given
}

export const reviewRows: Readonly<Record<string, readonly Row[]>> = {
  'POST /api/contracts/:id/reviews': [
    {
      says: 'After contract status=completed. Body: rating (1-5), review_text?',
      given: completed,
      send: { rating: 5, review_text: 'On time, and every test is green.' },
      answers: 201,
      with: { rating: 5, review_text: '=On time, and every test is green.' },
    },
    { says: 'Client or worker.', given: completed, by: 'worker', send: { rating: 5 }, answers: 201 },
    {
      says: 'Only after contract status is completed.',
      given: async (scene) => ({ ids: [(await funded(scene)).contract.id] }),
      send: { rating: 5 },
      answers: 400,
      code: 'contract_not_completed',
    },
    { says: 'One review per party', given: reviewed, send: { rating: 5 }, answers: 409, code: 'review_exists' },
    { says: 'rating (1–5)', given: completed, send: { rating: 6 }, answers: 400, code: 'invalid_input' },
    { says: 'Party.', given: completed, by: 'stranger', send: { rating: 5 }, answers: 404 },
  ],
}

export const disputeRows: Readonly<Record<string, readonly Row[]>> = {
  'POST /api/contracts/:id/milestones/:id/release': [
    {
      says: 'Release funded milestone to the worker, without a delivery',
      given: held,
      answers: 200,
      with: { milestone: { status: '=released' } },
    },
    {
      says: 'idempotent',
      given: async (scene) => {
        const given = await held(scene)
        const [contract, milestone] = given.ids!
        went(await scene.sender.ask('POST', `/api/contracts/${contract}/milestones/${milestone}/release`))
        return given
      },
      answers: 200,
      with: { milestone: { status: '=released' } },
    },
    { says: 'Client.', given: held, by: 'worker', answers: 403 },
    { says: 'Party.', given: held, by: 'stranger', answers: 404 },
  ],
  'POST /api/disputes/create': [
    {
      says: 'contract_id, milestone_id, disputing_party, reason, evidence[] {type, url?, description?}',
      given: active,
      send: created,
      answers: 201,
      with: dispute(),
    },
    {
      says: 'Evidence types: github_commit, screenshot, video, deployed_url, contract_requirement, build_log, other',
      given: active,
      send: (scene: Scene) => ({
        ...created(scene),
        evidence: [
          'github_commit',
          'screenshot',
          'video',
          'deployed_url',
          'contract_requirement',
          'build_log',
          'other',
        ].map((type) => ({ type, description: 'See for yourself.' })),
      }),
      answers: 201,
    },
    {
      says: 'not allowed after the milestone has been released',
      given: async (scene) => {
        const deal = await funded(scene)
        went(
          await scene.sender.ask('POST', `/api/contracts/${deal.contract.id}/milestones/${deal.milestone.id}/release`),
        )
        return { deal }
      },
      send: created,
      answers: 400,
      code: 'milestone_not_disputable',
    },
    {
      says: 'disputing_party (client|worker)',
      given: active,
      by: 'worker',
      send: (scene: Scene) => ({ ...created(scene), disputing_party: 'worker' }),
      answers: 201,
      with: dispute({ disputing_party: '=worker' }),
    },
    { says: 'Party.', given: active, by: 'stranger', send: created, answers: 404, code: 'contract_not_found' },
  ],
  'GET /api/disputes/:id': [
    { says: 'Get dispute status and details.', given: disputed(), answers: 200, with: dispute() },
    {
      says: '?evidence=1 to include evidence list',
      given: disputed(),
      by: 'worker',
      query: 'evidence=1',
      answers: 200,
      with: dispute({ evidence: [{ type: '=screenshot', url: 'address', description: 'text' }] }),
    },
    { says: 'Party.', given: disputed(), by: 'stranger', answers: 404, code: 'dispute_not_found' },
  ],
  'POST /api/disputes/:id/respond': [
    {
      says: 'Submits counter-evidence; dispute status becomes responded.',
      given: disputed(),
      by: 'worker',
      send: { evidence: [proof] },
      answers: 200,
      with: dispute({ status: '=responded' }),
    },
    { says: 'Other party (not disputing).', given: disputed(), send: { evidence: [proof] }, answers: 403 },
    {
      says: 'Before response_deadline (24h).',
      given: disputed(advance(24)),
      by: 'worker',
      send: { evidence: [proof] },
      answers: 400,
      code: 'response_too_late',
    },
  ],
  'POST /api/disputes/:id/recommend': [
    {
      says: 'result stored on dispute',
      given: disputed(({ worker }, id) => respondTo(worker, { id }).then((answer) => went(answer))),
      answers: 200,
      with: dispute({
        status: '=responded',
        recommendation: { recommendation: '=client', worker_share_percent: 0, reasoning: 'text', made_by: '=rules' },
      }),
      async also({ worker }, { body }) {
        const stored = went(await worker.ask<Dispute>('GET', `/api/disputes/${body.id}`))
        assert.deepEqual(stored.recommendation, body.recommendation)
      },
    },
    { says: 'Either party.', given: disputed(), by: 'worker', answers: 200 },
    { says: 'Party.', given: disputed(), by: 'stranger', answers: 404 },
  ],
}

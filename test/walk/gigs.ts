import { contractLife } from '../../src/desks/gigs/contract/contract.ts'
import { type Milestone, milestoneLife } from '../../src/desks/gigs/contract/milestone.ts'
import type { Contract } from '../../src/desks/gigs/contract/show-contract.ts'
import { type Dispute, disputeLife } from '../../src/desks/gigs/dispute/dispute.ts'
import { type ContractReview, reviewLife } from '../../src/desks/gigs/review/review.ts'
import { sweepGigs } from '../../src/desks/gigs/sweep.ts'
import {
  act,
  agreed,
  agreedAndApproved,
  cancelIt,
  fundIt,
  payable,
  reviseIt,
  type Sides,
  twoSides,
} from '../gigs/contract-stage.ts'
import { dispute, recommendOn, resolveIt, respondTo } from '../gigs/dispute-stage.ts'
import { say } from '../gigs/gig-stage.ts'
import { active, another, move, moved, propose } from '../gigs/milestone-stage.ts'
import { decideOn, reviewIt } from '../gigs/review-stage.ts'
import { fund, people, went } from '../journeys/desk.ts'
import type { Person } from '../support/market.ts'
import type { Asker, Ground, Noun, Thing, Way } from './thing.ts'

export type Made = Omit<Thing, 'noun' | 'kind' | 'state'>

/** The two sides of a contract, a stranger, and whoever runs the market. */
async function askersOf(
  { market, operator }: Ground,
  { client, worker }: Sides,
  also: (asker: 'client' | 'worker') => string[] = () => [],
): Promise<Asker[]> {
  const [eve] = await people(market, 'Eve')
  return [
    { name: 'client', person: client, parties: ['client', ...also('client')] },
    { name: 'worker', person: worker, parties: ['worker', ...also('worker')] },
    { name: 'stranger', person: eve, parties: [] },
    { name: 'operator', person: operator, parties: ['operator'] },
  ]
}

const ids = ({ client, worker }: Sides): string[] => [client.userId, worker.userId]

const contractWay = (kind: string, come: (ground: Ground, sides: Sides) => Promise<{ id: string }>): Way => ({
  kind,
  async make(ground) {
    const sides = await twoSides(ground.market)
    const { id } = await come(ground, sides)
    await fund(ground.market, sides.client, 50_000)
    const { milestones } = went(await sides.client.ask<Contract>('GET', `/api/contracts/${id}`))
    return {
      id,
      path: { id, milestone_id: milestones.at(-1)!.id },
      askers: await askersOf(ground, sides),
      told: ids(sides),
      ref: null,
    }
  },
})

const forNothing = { rate_cents: 0, hours_per_week: 10 }

async function pendingBoth({ market }: Ground, sides: Sides): Promise<Contract> {
  await payable(market, sides.worker)
  const contract = await agreedAndApproved(sides)
  await payable(market, sides.worker, false)
  await sweepGigs(market.db)
  // The account was made up: the provider would not know whose form it is.
  await market.db.rows(`update app_user set stripe_account_id = null where id = $1`, [sides.worker.userId])
  return contract
}

const funded = async ({ market }: Ground, sides: Sides, contract: Contract): Promise<Contract> => {
  await fund(market, sides.client, contract.amount_cents)
  went(await fundIt(sides.client, contract, { source: 'wallet' }))
  return contract
}

const release = (person: Person, milestone: Pick<Milestone, 'id' | 'contract_id'>): Promise<Milestone> =>
  moved(person, 'release', milestone)

export const contractNoun: Noun = {
  name: 'contract',
  life: contractLife,
  table: 'contract',
  column: 'status',
  rests: ['active'],
  verbs: [
    { verb: 'approve', endpoint: 'contracts.approve' },
    { verb: 'connect_link', endpoint: 'contracts.connect_link' },
    { verb: 'revise', endpoint: 'contracts.revise', body: { notes: 'Ten hours are too many.' } },
    // Once it is active, money is a matter of its milestones.
    { verb: 'fund', endpoint: 'contracts.fund', body: { source: 'wallet' }, idle: ['active', 'completed'] },
    { verb: 'cancel', endpoint: 'contracts.cancel', body: { reason: 'It is called off.' } },
    { verb: 'propose', endpoint: 'milestones.propose', body: { title: 'One more', amount_cents: 20_000 } },
    { verb: 'review', endpoint: 'reviews.review', body: { rating: 5 } },
  ],
  ways: {
    pending_owner_approval: [
      contractWay('agreed on', (_, sides) => agreed(sides)),
      {
        ...contractWay('approved by the client', async (_, sides) => {
          const contract = await agreed(sides)
          went(await act(sides.client, 'approve', contract))
          return contract
        }),
        clockOnly: true,
      },
    ],
    in_negotiation: [
      contractWay('revised', async (_, sides) => went(await reviseIt(sides.worker, await agreed(sides)))),
    ],
    pending_freelancer_kyc: [
      contractWay('unfunded', (_, sides) => agreedAndApproved(sides)),
      {
        ...contractWay('funded from the wallet', async (ground, sides) =>
          funded(ground, sides, await agreedAndApproved(sides)),
        ),
        clockOnly: true,
      },
    ],
    pending_client_funding: [
      contractWay('of a worker who can be paid', async ({ market }, sides) => {
        await payable(market, sides.worker)
        return agreedAndApproved(sides)
      }),
      { ...contractWay('for nothing', (_, sides) => agreedAndApproved(sides, forNothing)), clockOnly: true },
    ],
    pending_both: [contractWay('of a worker who was restricted', pendingBoth)],
    active: [
      { ...contractWay('funded', async ({ market }, sides) => active(market, sides)), clockOnly: true },
      {
        ...contractWay('for nothing', async ({ market }, sides) => active(market, sides, forNothing)),
        clockOnly: true,
      },
      contractWay('with nothing funded', async ({ market }, sides) => {
        const contract = await active(market, sides)
        // The one that was funded goes back; the contract goes on with one that both have agreed on.
        await another(sides, contract)
        await moved(sides.worker, 'refund', contract.first)
        return contract
      }),
    ],
    completed: [
      contractWay('released', async ({ market }, sides) => {
        const contract = await active(market, sides)
        await release(sides.client, contract.first)
        return contract
      }),
    ],
    cancelled: [
      contractWay('by the worker', async (_, sides) => went(await cancelIt(sides.worker, await agreed(sides)))),
    ],
    expired: [
      contractWay('with its negotiation', async (_, sides) => {
        const contract = went(await reviseIt(sides.client, await agreed(sides)))
        went(await say(sides.worker, 'decline', { id: contract.negotiation_id }))
        return contract
      }),
    ],
  },
}

type Come = (ground: Ground, sides: Sides) => Promise<Pick<Milestone, 'id' | 'contract_id'>>

const milestoneWay = (kind: string, come: Come, asked?: 'client' | 'worker'): Way => ({
  kind,
  async make(ground) {
    const sides = await twoSides(ground.market)
    const { id, contract_id } = await come(ground, sides)
    return {
      id,
      path: { id: contract_id, milestone_id: id },
      askers: await askersOf(ground, sides, (side) => (side === asked ? ['asked'] : [])),
      told: ids(sides),
      ref: `milestone:${id}`,
    }
  },
})

const clockOnly = (way: Way): Way => ({ ...way, clockOnly: true })
const firstOf =
  (terms: Parameters<typeof active>[2] = {}): Come =>
  async ({ market }, sides) =>
    (await active(market, sides, terms)).first
const then =
  (
    come: Come,
    step: (ground: Ground, sides: Sides, milestone: Pick<Milestone, 'id' | 'contract_id'>) => Promise<unknown>,
  ): Come =>
  async (ground, sides) => {
    const milestone = await come(ground, sides)
    await step(ground, sides, milestone)
    return milestone
  }
const byWorker =
  (verb: 'deliver' | 'refund') =>
  (_: Ground, { worker }: Sides, one: Pick<Milestone, 'id' | 'contract_id'>) =>
    moved(worker, verb, one)
const disputed =
  (by: 'client' | 'worker', fields = {}) =>
  async (_: Ground, sides: Sides, one: Pick<Milestone, 'id' | 'contract_id'>) =>
    went(await dispute(sides[by], by, one, fields), 201)

export const milestoneNoun: Noun = {
  name: 'milestone',
  life: milestoneLife,
  table: 'milestone',
  elsewhere: { award: 'dispute', award_nothing: 'dispute' },
  column: 'status',
  rests: [],
  verbs: [
    { verb: 'fund', endpoint: 'contracts.fund', body: { source: 'wallet' } },
    { verb: 'approve', endpoint: 'milestones.approve' },
    { verb: 'deliver', endpoint: 'milestones.deliver', body: { note: 'Both coats are on, see for yourself.' } },
    { verb: 'release', endpoint: 'milestones.release' },
    { verb: 'refund', endpoint: 'milestones.refund' },
    { verb: 'cancel', endpoint: 'milestones.cancel' },
    {
      verb: 'dispute',
      endpoint: 'disputes.create',
      asked: ({ path }, { parties }) => ({
        body: {
          contract_id: path.id,
          milestone_id: path.milestone_id,
          disputing_party: parties.includes('worker') ? 'worker' : 'client',
          reason: 'It is not what we agreed on.',
        },
      }),
    },
  ],
  ways: {
    proposed: [
      milestoneWay(
        'by the worker',
        async ({ market }, sides) => went(await propose(sides.worker, await active(market, sides)), 201).milestone,
        'client',
      ),
      milestoneWay(
        'by the client',
        async ({ market }, sides) => went(await propose(sides.client, await active(market, sides)), 201).milestone,
        'worker',
      ),
    ],
    pending: [
      milestoneWay('the second, when the first is over', async ({ market }, sides) => {
        const contract = await active(market, sides)
        const second = await another(sides, contract)
        await release(sides.client, contract.first)
        await fund(market, sides.client, second.amount_cents)
        return second
      }),
      clockOnly(
        milestoneWay('the second, while the first is funded', async ({ market }, sides) =>
          another(sides, await active(market, sides)),
        ),
      ),
      clockOnly(
        milestoneWay('the second, with an open card payment', async ({ market }, sides) => {
          const contract = await active(market, sides)
          const second = await another(sides, contract)
          await release(sides.client, contract.first)
          went(await move(sides.client, 'fund', second, { source: 'card' }))
          return second
        }),
      ),
    ],
    funded: [
      milestoneWay('from the wallet', firstOf()),
      clockOnly(milestoneWay('by card', firstOf({ source: 'card' }))),
      clockOnly(milestoneWay('for nothing', firstOf(forNothing))),
      clockOnly(
        milestoneWay(
          'and to be cancelled',
          then(firstOf(), (_, { client }, one) => moved(client, 'cancel', one)),
        ),
      ),
      clockOnly(
        milestoneWay('before the worker can be paid', async (ground, sides) => {
          const contract = await funded(ground, sides, await agreedAndApproved(sides))
          return contract.milestones[0]!
        }),
      ),
    ],
    delivered: [
      milestoneWay('in time', then(firstOf(), byWorker('deliver'))),
      clockOnly(milestoneWay('and paid by card', then(firstOf({ source: 'card' }), byWorker('deliver')))),
      clockOnly(
        milestoneWay(
          'after a cancellation was asked',
          then(
            then(firstOf(), (_, { client }, one) => moved(client, 'cancel', one)),
            byWorker('deliver'),
          ),
        ),
      ),
      clockOnly(
        milestoneWay(
          'by a worker who was restricted since',
          then(then(firstOf(), byWorker('deliver')), ({ market }, { worker }) => payable(market, worker, false)),
        ),
      ),
      clockOnly(milestoneWay('for nothing', then(firstOf(forNothing), byWorker('deliver')))),
    ],
    released: [
      milestoneWay(
        'by the client',
        then(firstOf(), (_, { client }, one) => release(client, one)),
      ),
      clockOnly(
        milestoneWay(
          'to a worker who was restricted since',
          then(firstOf(), async ({ market }, { client, worker }, one) => {
            await release(client, one)
            await payable(market, worker, false)
          }),
        ),
      ),
    ],
    disputed: [
      milestoneWay('by the client after delivery', then(then(firstOf(), byWorker('deliver')), disputed('client'))),
      clockOnly(milestoneWay('by the worker before delivery', then(firstOf(), disputed('worker')))),
      clockOnly(
        milestoneWay(
          'by the client without evidence',
          then(then(firstOf(), byWorker('deliver')), disputed('client', { evidence: [] })),
        ),
      ),
    ],
    refunded: [milestoneWay('by the worker', then(firstOf(), byWorker('refund')))],
    cancelled: [
      milestoneWay('before it was funded', async ({ market }, sides) => {
        const contract = await active(market, sides)
        return moved(sides.client, 'cancel', await another(sides, contract))
      }),
    ],
  },
}

const disputeWay = (
  kind: string,
  by: 'client' | 'worker',
  step?: (ground: Ground, sides: Sides, one: Dispute) => Promise<unknown>,
  delivered = true,
): Way => ({
  kind,
  async make(ground) {
    const sides = await twoSides(ground.market)
    const { first } = await active(ground.market, sides)
    if (delivered) await moved(sides.worker, 'deliver', first)
    const opened = went(await dispute(sides[by], by, first), 201)
    await step?.(ground, sides, opened)
    const { id } = opened
    return {
      id,
      path: { id },
      askers: await askersOf(ground, sides, (side) => [side === by ? 'opener' : 'respondent']),
      told: ids(sides),
      ref: `milestone:${first.id}`,
    }
  },
})

const other = (sides: Sides, one: Dispute): Person => (one.disputing_party === 'client' ? sides.worker : sides.client)

export const disputeNoun: Noun = {
  name: 'dispute',
  life: disputeLife,
  table: 'dispute',
  column: 'status',
  rests: [],
  verbs: [
    {
      verb: 'respond',
      endpoint: 'disputes.respond',
      body: { evidence: [{ type: 'other', description: 'It is all there.' }] },
    },
    { verb: 'recommend', endpoint: 'disputes.recommend' },
    { verb: 'resolve', endpoint: 'disputes.resolve', body: { worker_share_percent: 60, note: 'Three of five pages.' } },
  ],
  ways: {
    open: [
      disputeWay('by the client', 'client'),
      clockOnly(
        disputeWay('with a recommendation', 'client', async (_, { client }, one) =>
          went(await recommendOn(client, one)),
        ),
      ),
      clockOnly(disputeWay('by the worker before delivery', 'worker', undefined, false)),
    ],
    responded: [
      disputeWay('by the worker', 'client', async (_, sides, one) => went(await respondTo(other(sides, one), one))),
      clockOnly(
        disputeWay('with a recommendation', 'worker', async (_, sides, one) => {
          went(await respondTo(other(sides, one), one))
          went(await recommendOn(sides.worker, one))
        }),
      ),
    ],
    resolved: [
      disputeWay('by an operator', 'client', async ({ operator }, _, one) => went(await resolveIt(operator, one, 60))),
    ],
  },
}

const reviewWay = (
  kind: string,
  text: string,
  step?: (ground: Ground, one: ContractReview) => Promise<unknown>,
): Way => ({
  kind,
  async make(ground) {
    const sides = await twoSides(ground.market)
    const contract = await active(ground.market, sides, forNothing)
    await release(sides.client, contract.first)
    const review = went(await reviewIt(sides.client, contract.id, { rating: 2, review_text: text }), 201)
    await step?.(ground, review)
    return {
      id: review.id,
      path: { id: review.id },
      askers: await askersOf(ground, sides),
      told: ids(sides),
      ref: null,
    }
  },
})

export const reviewNoun: Noun = {
  name: 'review',
  life: reviewLife,
  table: 'review',
  column: 'status',
  // An operator may come back to it at any time; nobody has to.
  rests: ['published', 'rejected'],
  verbs: [
    { verb: 'publish', endpoint: 'reviews.publish' },
    { verb: 'reject', endpoint: 'reviews.reject' },
  ],
  ways: {
    waiting: [reviewWay('doubtful', 'What a liar.')],
    published: [reviewWay('plain', 'On time.')],
    rejected: [
      reviewWay('by the rules', 'Write to me@example.com'),
      clockOnly(
        reviewWay('by an operator', 'On time.', async ({ operator }, one) =>
          went(await decideOn(operator, 'reject', one)),
        ),
      ),
    ],
  },
}

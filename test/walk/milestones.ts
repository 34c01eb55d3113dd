import { type Milestone, milestoneLife } from '../../src/desks/gigs/contract/milestone.ts'
import { agreedAndApproved, payable, type Sides, twoSides } from '../gigs/contract-stage.ts'
import { dispute } from '../gigs/dispute-stage.ts'
import { active, another, move, moved, propose } from '../gigs/milestone-stage.ts'
import { fund, went } from '../journeys/desk.ts'
import { askersOf, clockOnly, forNothing, funded, ids, release } from './sides.ts'
import type { Ground, Noun, Way } from './thing.ts'

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

import { type Dispute, disputeLife } from '../../src/desks/gigs/dispute/dispute.ts'
import { type Sides, twoSides } from '../gigs/contract-stage.ts'
import { dispute, recommendOn, resolveIt, respondTo } from '../gigs/dispute-stage.ts'
import { active, moved } from '../gigs/milestone-stage.ts'
import { went } from '../journeys/desk.ts'
import type { Person } from '../support/market.ts'
import { askersOf, clockOnly, ids } from './sides.ts'
import type { Ground, Noun, Way } from './thing.ts'

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
    { verb: 'resolve', endpoint: 'disputes.resolve', body: { worker_share_percent: 0, note: 'Nothing is there.' } },
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

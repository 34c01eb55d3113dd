import { contractLife } from '../../src/desks/gigs/contract/contract.ts'
import type { Contract } from '../../src/desks/gigs/contract/show-contract.ts'
import { sweepGigs } from '../../src/desks/gigs/sweep.ts'
import {
  act,
  agreed,
  agreedAndApproved,
  cancelIt,
  payable,
  reviseIt,
  type Sides,
  twoSides,
} from '../gigs/contract-stage.ts'
import { say } from '../gigs/gig-stage.ts'
import { active, another, moved } from '../gigs/milestone-stage.ts'
import { fund, went } from '../journeys/desk.ts'
import { askersOf, forNothing, funded, ids, release } from './sides.ts'
import type { Ground, Noun, Way } from './thing.ts'

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

async function pendingBoth({ market }: Ground, sides: Sides): Promise<Contract> {
  await payable(market, sides.worker)
  const contract = await agreedAndApproved(sides)
  await payable(market, sides.worker, false)
  await sweepGigs(market.db)
  // The account was made up: the provider would not know whose form it is.
  await market.db.rows(`update app_user set stripe_account_id = null where id = $1`, [sides.worker.userId])
  return contract
}

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

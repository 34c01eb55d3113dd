import type { Milestone } from '../../src/desks/gigs/contract/milestone.ts'
import type { Contract } from '../../src/desks/gigs/contract/show-contract.ts'
import { fundIt, type Sides } from '../gigs/contract-stage.ts'
import { moved } from '../gigs/milestone-stage.ts'
import { fund, people, went } from '../journeys/desk.ts'
import type { Person } from '../support/market.ts'
import type { Asker, Ground, Way } from './thing.ts'

/** The two sides of a contract, a stranger, and whoever runs the market. */
export async function askersOf(
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

/** Who hears of what happens to a contract of theirs. */
export const ids = ({ client, worker }: Sides): string[] => [client.userId, worker.userId]

/** Ten hours a week of volunteer work. */
export const forNothing = { rate_cents: 0, hours_per_week: 10 }

/** The client has the money and funds the contract with it. */
export const funded = async ({ market }: Ground, sides: Sides, contract: Contract): Promise<Contract> => {
  await fund(market, sides.client, contract.amount_cents)
  went(await fundIt(sides.client, contract, { source: 'wallet' }))
  return contract
}

/** A milestone is released by its client. */
export const release = (person: Person, milestone: Pick<Milestone, 'id' | 'contract_id'>): Promise<Milestone> =>
  moved(person, 'release', milestone)

/** The same, walked by the clock alone. */
export const clockOnly = (way: Way): Way => ({ ...way, clockOnly: true })

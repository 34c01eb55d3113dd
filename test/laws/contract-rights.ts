import type { Fields } from '../support/market.ts'
import { contractExhibit, reviewExhibit, type shownContracts } from './contract-exhibits.ts'
import { isNegotiator } from './gig-exhibits.ts'
import type { Party } from './parties.ts'
import type { Right } from './rights.ts'
import type { Thing, World } from './world.ts'

type Shown = (typeof shownContracts)[number]
const awaiting: readonly Shown[] = ['pending_freelancer_kyc', 'pending_client_funding', 'pending_both']

const isSide = ({ role }: Party): boolean => isNegotiator(role)
const inState =
  (...states: readonly string[]) =>
  ({ role }: Party, { contract }: Thing): boolean =>
    isNegotiator(role) && states.includes(contract!.status)
const sidesOnly = ({ role }: Party): number[] => [isNegotiator(role) ? 400 : 404]

/** Another contract in the same state. */
const onFresh =
  (body: (world: World) => Fields = () => ({})): NonNullable<Right['prepare']> =>
  async (world, _party, { contract }) => {
    const { id, milestone } = await contractExhibit(world, contract!.status as Shown)
    const tidy = (): Promise<unknown> =>
      world.market.db.rows(
        `update negotiation set state = 'expired', due_at = null
         where id = (select negotiation_id from contract where id = $1) and state in ('in_progress', 'pending_owner_approval')`,
        [id],
      )
    return { id, path: { milestone_id: milestone }, body: body(world), tidy }
  }

const freshReview =
  (status: 'waiting' | 'published'): NonNullable<Right['prepare']> =>
  async (world) => ({ id: await reviewExhibit(world, status), body: { note: 'Looked at.' } })

/** The rights at the endpoints of contracts: the sender is the client, the receiver the worker. */
export const contractRights: Readonly<Record<string, Right>> = {
  'contracts.contracts': {},
  'contracts.contract': { ids: { id: 'contract' }, may: isSide, refusals: [404] },
  'contracts.approve': {
    ids: { id: 'contract' },
    may: inState('pending_owner_approval', ...awaiting, 'active'),
    refusals: sidesOnly,
    prepare: onFresh(),
  },
  'contracts.connect_link': {
    ids: { id: 'contract' },
    may: ({ role }, { contract }) =>
      role === 'receiver' && ['pending_freelancer_kyc', 'pending_both'].includes(contract!.status),
    // The accounts these people have at the provider are made up: it does not know them.
    answers: [503],
    refusals: ({ role }) => [role === 'sender' ? 403 : role === 'receiver' ? 400 : 404],
  },
  'contracts.revise': {
    ids: { id: 'contract' },
    may: inState('pending_owner_approval', ...awaiting),
    refusals: sidesOnly,
    fields: () => ({ notes: 'Ten hours are too many.' }),
    prepare: onFresh(({ canaries }) => ({ notes: canaries.make('notes of a revision', isNegotiator) })),
  },
  'contracts.cancel': {
    ids: { id: 'contract' },
    may: inState('pending_owner_approval', 'in_negotiation', ...awaiting),
    refusals: sidesOnly,
    fields: () => ({ reason: 'It has been called off.' }),
    prepare: onFresh(({ canaries }) => ({ reason: canaries.make('reason of a cancellation', isNegotiator) })),
  },
  'contracts.fund': {
    ids: { id: 'contract', milestone_id: 'milestone' },
    // A milestone of the sender's own, in another contract, is as foreign as one of others.
    path: ({ contract }) => ({ milestone_id: contract!.milestone }),
    may: ({ role }, { contract }) =>
      role === 'sender' && [...awaiting, 'active', 'completed'].some((status) => status === contract!.status),
    refusals: ({ role }) => [role === 'sender' ? 400 : role === 'receiver' ? 403 : 404],
    fields: () => ({ source: 'wallet' }),
    prepare: onFresh(() => ({ source: 'wallet' })),
  },
  'reviews.review': {
    ids: { id: 'contract' },
    may: inState('completed'),
    answers: [201],
    refusals: sidesOnly,
    fields: () => ({ rating: 5, review_text: 'On time.' }),
    prepare: onFresh(({ canaries }) => ({ rating: 5, review_text: canaries.make('review', () => true) })),
  },
  'reviews.contract_reviews': { ids: { id: 'contract' }, may: isSide, refusals: [404] },
  // The door lets nobody but operators in.
  'reviews.operator_reviews': {},
  'reviews.publish': { ids: { id: 'review' }, prepare: freshReview('waiting') },
  'reviews.reject': { ids: { id: 'review' }, prepare: freshReview('published') },
}

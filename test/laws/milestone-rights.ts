import { propose } from '../gigs/milestone-stage.ts'
import { went } from '../journeys/desk.ts'
import type { Fields } from '../support/market.ts'
import { contractExhibit, type shownContracts } from './contract-exhibits.ts'
import { isNegotiator } from './gig-exhibits.ts'
import type { Party } from './parties.ts'
import type { Right } from './rights.ts'
import type { Thing, World } from './world.ts'

type Shown = (typeof shownContracts)[number]
const open: readonly string[] = ['pending_freelancer_kyc', 'pending_client_funding', 'pending_both', 'active']

/** This side of a contract in one of these states. */
const side =
  (name: 'sender' | 'receiver', ...states: readonly string[]) =>
  ({ role }: Party, { contract }: Thing): boolean =>
    role === name && states.includes(contract!.status)

/** What is for one side only: the other hears that, its own side what state it is in. */
const forSide =
  (name: 'sender' | 'receiver') =>
  ({ role }: Party): number[] =>
    role === name ? [400] : isNegotiator(role) ? [403] : [404]

/** The milestone of another contract in the same state. */
const onFresh =
  (body: (world: World) => Fields = () => ({})): NonNullable<Right['prepare']> =>
  async (world, _party, { contract }) => {
    const { id, milestone } = await contractExhibit(world, contract!.status as Shown)
    return { id, path: { milestone_id: milestone }, body: body(world) }
  }

const onMilestone = {
  ids: { id: 'contract', milestone_id: 'milestone' },
  path: ({ contract }: Thing) => ({ milestone_id: contract!.milestone }),
} as const

const titled = ({ canaries }: World): Fields => ({
  title: canaries.make('title of a milestone', isNegotiator),
  amount_cents: 100,
})

/** The rights at the endpoints of milestones: the sender is the client, the receiver the worker. */
export const milestoneRights: Readonly<Record<string, Right>> = {
  'milestones.propose': {
    ids: { id: 'contract' },
    may: ({ role }, { contract }) => isNegotiator(role) && open.includes(contract!.status),
    answers: [201],
    refusals: ({ role }) => [isNegotiator(role) ? 400 : 404],
    fields: () => ({ title: 'One more', amount_cents: 100 }),
    prepare: onFresh(titled),
  },
  'milestones.approve': {
    ...onMilestone,
    may: ({ role }, { contract }) => isNegotiator(role) && open.includes(contract!.status),
    refusals: ({ role }) => [isNegotiator(role) ? 400 : 404],
    async prepare(world, { role }, { contract }) {
      const { id } = await contractExhibit(world, contract!.status as Shown)
      const { sender, receiver } = world.people
      const proposer = role === 'sender' ? receiver : sender
      const { milestone } = went(await propose(proposer, { id }, titled(world)), 201)
      return { id, path: { milestone_id: milestone.id } }
    },
  },
  'milestones.deliver': {
    ...onMilestone,
    ids: { ...onMilestone.ids, attachments: 'file' },
    may: side('receiver', 'active'),
    refusals: forSide('receiver'),
    fields: () => ({ note: 'What was asked for is done.' }),
    prepare: onFresh(({ canaries }) => ({ note: `It is done: ${canaries.make('note of a delivery', isNegotiator)}` })),
  },
  'milestones.release': {
    ...onMilestone,
    // What is released is answered as it is.
    may: side('sender', 'active', 'completed'),
    refusals: forSide('sender'),
    prepare: onFresh(),
  },
  'milestones.refund': {
    ...onMilestone,
    may: side('receiver', 'active'),
    refusals: forSide('receiver'),
    prepare: onFresh(),
  },
  'milestones.cancel': {
    ...onMilestone,
    may: side('sender', 'active'),
    // What is not funded either side may call off, once the contract is active.
    refusals: ({ role }) => (isNegotiator(role) ? [400, 403] : [404]),
    prepare: onFresh(),
  },
}

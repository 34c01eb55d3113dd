import type { Fields } from '../support/market.ts'
import {
  applicationExhibit,
  gigAppliedTo,
  gigExhibit,
  isNegotiator,
  maySeeGig,
  negotiationExhibit,
} from './gig-exhibits.ts'
import type { Party, PersonRole } from './parties.ts'
import type { Prepared, Right } from './rights.ts'
import type { Thing, World } from './world.ts'

const isClient = ({ role }: Party): boolean => role === 'sender'
const isOwner = ({ role }: Party, { owner }: Thing): boolean => role === owner
/** What is not theirs to do: 403 where they can see it, else 404. */
const gigOfOthers = ({ role }: Party, { gig }: Thing): number[] => [maySeeGig(gig!, role) ? 403 : 404]
const applicationOfOthers = ({ role }: Party, { application }: Thing): number[] => [
  role === 'sender' || role === application!.worker ? 403 : 404,
]

const freshGig = async (world: World, { role }: Party, { gig }: Thing): Promise<Prepared> => ({
  id: (await gigExhibit(world, gig!.status, role as PersonRole)).id,
})

/** Another negotiation in the same state; it is out of the way afterwards, since a client has 50 live ones at most. */
const onFresh =
  (body: (world: World) => Fields = () => ({})) =>
  async (world: World, _party: Party, { negotiation }: Thing): Promise<Prepared> => {
    const { id } = await negotiationExhibit(world, negotiation!.state)
    return { id, body: body(world), tidy: ended(world, `id = '${id}'`) }
  }

const ended =
  ({ market }: World, which: string) =>
  (): Promise<unknown> =>
    market.db.rows(
      `update negotiation set state = 'expired', due_at = null where ${which} and state in ('pending', 'in_progress', 'pending_owner_approval')`,
    )

const inState =
  (...states: string[]) =>
  ({ role }: Party, { negotiation }: Thing): boolean =>
    isNegotiator(role) && states.includes(negotiation!.state)
const partiesOnly = ({ role }: Party): number[] => [isNegotiator(role) ? 400 : 404]

const invitation: Pick<Right, 'ids' | 'ofOthers' | 'may' | 'answers' | 'refusals' | 'fields' | 'prepare'> = {
  ids: { gig_id: 'gig', worker_user_id: 'user' },
  ofOthers: ['worker_user_id'],
  may: isClient,
  answers: [201],
  refusals: [403],
  fields: ({ things, people }) => ({
    gig_id: things.gig.find(({ gig }) => gig!.status === 'active' && gig!.owner === 'sender')!.id,
    worker_user_id: people.receiver.userId,
  }),
  prepare: async (world) => {
    const { gig_id } = await applicationExhibit(world, 'receiver', 'shortlisted')
    return {
      body: { gig_id, worker_user_id: world.people.receiver.userId },
      tidy: ended(world, `gig_id = '${gig_id}'`),
    }
  },
}

const contactOf = ({ canaries }: World): Fields => ({
  contact_type: 'Email',
  contact_value: canaries.make('contact shared', isNegotiator),
})

/** The rights at the endpoints of gigs, applications and negotiations. */
export const gigRights: Readonly<Record<string, Right>> = {
  'gigs.gigs': {},
  'gigs.create': { answers: [201], fields: () => ({ title: 'A draft of their own' }) },
  'gigs.gig': { ids: { id: 'gig' }, may: ({ role }, { gig }) => maySeeGig(gig!, role), refusals: [404] },
  'gigs.update': { ids: { id: 'gig' }, may: isOwner, refusals: gigOfOthers, fields: () => ({ rate_cents: 4200 }) },
  'gigs.delete': { ids: { id: 'gig' }, may: isOwner, refusals: gigOfOthers, prepare: freshGig },
  'gigs.apply': {
    ids: { id: 'gig' },
    may: ({ role }, { gig }) => gig!.status === 'active' && role !== gig!.owner,
    answers: [201],
    // Nobody there is a freelancer but for the moment in which they apply.
    refusals: [403],
    async prepare(world, { role }, { gig }) {
      const { id } = await gigExhibit(world, 'active', gig!.owner)
      const turn = (type: string) => (): Promise<unknown> =>
        world.market.db.rows(`update app_user set user_type = $2 where id = $1`, [
          world.people[role as PersonRole].userId,
          type,
        ])
      await turn('freelancer')()
      return { id, tidy: turn('client') }
    },
  },
  'gigs.applications': { ids: { id: 'gig' }, may: isOwner, refusals: gigOfOthers },
  'gigs.decide': {
    ids: { id: 'gig', application_id: 'application' },
    path: ({ gig }) => ({ application_id: gig!.application! }),
    may: isOwner,
    // Whoever has applied sees their application.
    refusals: ({ role }) => [role === 'holder' ? 403 : 404],
    fields: () => ({ status: 'shortlisted' }),
    prepare: async (world, _party, { gig }) => {
      const { id, application } = await gigAppliedTo(world, gig!.status, gig!.owner)
      return { id, path: { application_id: application! }, body: { status: 'rejected' } }
    },
  },
  // To name another's gig is no secret: there is no application of theirs.
  'gigs.mine': { ids: { gig_id: 'gig' }, ofOthers: ['gig_id'] },
  'gigs.withdraw': {
    ids: { id: 'application' },
    may: ({ role }, { application }) => role === application!.worker && application!.status === 'applied',
    refusals: (party, thing) => (party.role === thing.application!.worker ? [400] : applicationOfOthers(party, thing)),
    prepare: async (world, _party, { application }) => ({
      id: (await applicationExhibit(world, application!.worker, application!.status)).id,
    }),
  },
  'negotiations.negotiations': {},
  'negotiations.start': invitation,
  'negotiations.negotiate': invitation,
  'negotiations.negotiation': {
    ids: { id: 'negotiation' },
    may: ({ role }) => isNegotiator(role),
    refusals: [404],
    fields: () => ({ audit: '1' }),
  },
  'negotiations.round': {
    ids: { id: 'negotiation' },
    may: inState('pending', 'in_progress'),
    refusals: partiesOnly,
    prepare: onFresh(),
  },
  'negotiations.agree': {
    ids: { id: 'negotiation' },
    may: inState('in_progress'),
    refusals: partiesOnly,
    prepare: onFresh(),
  },
  'negotiations.decline': {
    ids: { id: 'negotiation' },
    may: inState('pending', 'in_progress'),
    refusals: partiesOnly,
    prepare: onFresh(),
  },
  'negotiations.share_contact': {
    ids: { id: 'negotiation' },
    may: ({ role }) => isNegotiator(role),
    refusals: [404],
    fields: contactOf,
    prepare: onFresh(contactOf),
  },
}

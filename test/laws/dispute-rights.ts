import type { Fields } from '../support/market.ts'
import { contractExhibit } from './contract-exhibits.ts'
import { disputeExhibit } from './dispute-exhibits.ts'
import { isNegotiator } from './gig-exhibits.ts'
import type { Party } from './parties.ts'
import type { Prepared, Right } from './rights.ts'
import type { Thing, World } from './world.ts'

const isSide = ({ role }: Party): boolean => isNegotiator(role)
const undecided = ({ dispute }: Thing): boolean => dispute!.status !== 'resolved'
const sidesOnly = ({ role }: Party): number[] => [isNegotiator(role) ? 400 : 404]

/** Another dispute, which nobody has answered. */
const onFresh =
  (body: (world: World) => Fields = () => ({})) =>
  async (world: World): Promise<Prepared> => ({ id: (await disputeExhibit(world, 'open')).id, body: body(world) })

/** The rights at the endpoints of disputes: the sender has opened them, the receiver answers. */
export const disputeRights: Readonly<Record<string, Right>> = {
  'disputes.create': {
    ids: { contract_id: 'contract', milestone_id: 'milestone', evidence: 'file' },
    may: isSide,
    answers: [201],
    refusals: [404],
    // A milestone of another contract than the one it is said to be of: whatever else is named beside it is not theirs to dispute.
    fields: ({ things }) => ({
      contract_id: things.contract.find(({ contract }) => contract!.status === 'active')!.id,
      milestone_id: things.contract.find(({ contract }) => contract!.status === 'cancelled')!.contract!.milestone,
      disputing_party: 'client',
      reason: 'It is not what we agreed on.',
    }),
    async prepare(world, { role }) {
      const { id: contract_id, milestone: milestone_id } = await contractExhibit(world, 'active')
      const disputing_party = role === 'sender' ? 'client' : 'worker'
      return { body: { contract_id, milestone_id, disputing_party, reason: 'It is not what we agreed on.' } }
    },
  },
  // Of a contract of others there are none.
  'disputes.disputes': { ids: { contract_id: 'contract' }, ofOthers: ['contract_id'] },
  'disputes.dispute': { ids: { id: 'dispute' }, may: isSide, refusals: [404], fields: () => ({ evidence: '1' }) },
  'disputes.respond': {
    ids: { id: 'dispute', evidence: 'file' },
    may: ({ role }, { dispute }) => role === 'receiver' && dispute!.status === 'open',
    refusals: ({ role }) => [role === 'sender' ? 403 : role === 'receiver' ? 400 : 404],
    prepare: onFresh(({ canaries }) => ({
      evidence: [{ type: 'other', description: canaries.make('an answer to a dispute', isNegotiator) }],
    })),
  },
  'disputes.recommend': {
    ids: { id: 'dispute' },
    may: (party, thing) => isSide(party) && undecided(thing),
    refusals: sidesOnly,
    prepare: onFresh(),
  },
  'disputes.undecided': {
    ids: { dispute_id: 'dispute' },
    ofOthers: ['dispute_id'],
    fields: ({ things }) => ({ dispute_id: things.dispute.find(({ dispute }) => dispute!.status === 'responded')!.id }),
  },
  'disputes.resolve': {
    ids: { id: 'dispute' },
    may: (_party, thing) => undecided(thing),
    refusals: [400],
    fields: () => ({ worker_share_percent: 50, note: 'Both have a point.' }),
    prepare: onFresh(({ canaries }) => ({
      worker_share_percent: 50,
      note: canaries.make('note of a resolution', (role) => isNegotiator(role) || role === 'operator'),
    })),
  },
}

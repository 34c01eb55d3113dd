import { applicationLife } from '../../src/desks/gigs/gig/application.ts'
import { type Gig, gigLife } from '../../src/desks/gigs/gig/gig.ts'
import { negotiationLife } from '../../src/desks/gigs/negotiation/negotiation.ts'
import { approved, cancelIt, type Sides, twoSides } from '../gigs/contract-stage.ts'
import { applyTo, become, decideOn, negotiating, postGig, say } from '../gigs/gig-stage.ts'
import { people, went } from '../journeys/desk.ts'
import type { Person } from '../support/market.ts'
import type { Asker, Ground, Noun, Thing, Way } from './thing.ts'

const strangers = async ({ market, operator }: Ground): Promise<Asker[]> => {
  const [eve] = await people(market, 'Eve')
  return [
    { name: 'stranger', person: eve, parties: [] },
    { name: 'operator', person: operator, parties: ['operator'] },
  ]
}

const gigWay = (status: string): Way => ({
  kind: 'of its owner',
  async make(ground) {
    const [ada, fred] = await people(ground.market, 'Ada', 'Fred')
    await become(fred, 'freelancer')
    const { id } = await postGig(ada, { status })
    return {
      id,
      path: { id },
      askers: [
        { name: 'owner', person: ada, parties: ['owner'] },
        { name: 'freelancer', person: fred, parties: ['freelancer'] },
        ...(await strangers(ground)),
      ],
      told: [ada.userId],
      ref: null,
    }
  },
})

export const gigNoun: Noun = {
  name: 'gig',
  life: gigLife,
  table: 'gig',
  column: 'status',
  rests: gigLife.states,
  verbs: [
    { verb: 'update', endpoint: 'gigs.update', body: { status: 'active' }, moves: ['publish'], idle: ['active'] },
    { verb: 'update', endpoint: 'gigs.update', body: { status: 'closed' }, moves: ['close'], idle: ['closed'] },
    { verb: 'update', endpoint: 'gigs.update', body: { status: 'draft' }, moves: ['take_back'], idle: ['draft'] },
    { verb: 'delete', endpoint: 'gigs.delete' },
    { verb: 'apply', endpoint: 'gigs.apply' },
  ],
  ways: Object.fromEntries(gigLife.states.map((status) => [status, [gigWay(status)]])),
}

const applicationWay = (
  kind: string,
  step: (client: Person, worker: Person, application: Parameters<typeof decideOn>[1]) => Promise<unknown>,
): Way => ({
  kind,
  async make(ground) {
    const sides = await twoSides(ground.market)
    const gig: Gig = await postGig(sides.client)
    const application = went(await applyTo(sides.worker, gig), 201)
    await step(sides.client, sides.worker, application)
    return {
      id: application.id,
      path: { id: application.id, gig: gig.id },
      askers: [...sidesOf(sides), ...(await strangers(ground))],
      told: [sides.client.userId, sides.worker.userId],
      ref: null,
    }
  },
})

const sidesOf = ({ client, worker }: Sides): Asker[] => [
  { name: 'client', person: client, parties: ['client'] },
  { name: 'worker', person: worker, parties: ['worker'] },
]

const ofGig = ({ id, path }: Thing): { path: Thing['path'] } => ({ path: { id: path.gig!, application_id: id } })

export const applicationNoun: Noun = {
  name: 'application',
  life: applicationLife,
  table: 'application',
  column: 'status',
  rests: applicationLife.states,
  verbs: [
    {
      verb: 'decide',
      endpoint: 'gigs.decide',
      body: { status: 'shortlisted' },
      moves: ['shortlist'],
      idle: ['shortlisted'],
      asked: ofGig,
    },
    {
      verb: 'decide',
      endpoint: 'gigs.decide',
      body: { status: 'rejected' },
      moves: ['reject'],
      idle: ['rejected'],
      asked: ofGig,
    },
    { verb: 'withdraw', endpoint: 'gigs.withdraw' },
  ],
  ways: {
    applied: [applicationWay('just sent', async () => {})],
    shortlisted: [
      applicationWay('shortlisted', async (client, _, one) => went(await decideOn(client, one, 'shortlisted'))),
    ],
    rejected: [applicationWay('rejected', async (client, _, one) => went(await decideOn(client, one, 'rejected')))],
    withdrawn: [
      applicationWay('withdrawn', async (_, worker, { id }) =>
        went(await worker.ask('DELETE', `/api/applications/${id}`)),
      ),
    ],
  },
}

const round = { rate_cents: 5_000, hours_per_week: 10 }

const negotiationWay = (kind: string, step: (sides: Sides, id: string) => Promise<unknown>): Way => ({
  kind,
  async make(ground) {
    const sides = await twoSides(ground.market)
    const { id } = await negotiating(sides.client, sides.worker)
    await step(sides, id)
    return {
      id,
      path: { id },
      askers: [...sidesOf(sides), ...(await strangers(ground))],
      told: [sides.client.userId, sides.worker.userId],
      ref: null,
    }
  },
})

const agreedOn = async ({ client, worker }: Sides, id: string): Promise<{ id: string }> => {
  went(await say(worker, 'round', { id }, round))
  const { contract_id: contract } = went(await say(client, 'agree', { id }))
  return { id: contract! }
}

export const negotiationNoun: Noun = {
  name: 'negotiation',
  life: negotiationLife,
  table: 'negotiation',
  column: 'state',
  rests: ['approved'],
  verbs: [
    { verb: 'round', endpoint: 'negotiations.round', body: round },
    { verb: 'agree', endpoint: 'negotiations.agree' },
    { verb: 'decline', endpoint: 'negotiations.decline' },
  ],
  ways: {
    pending: [negotiationWay('just started', async () => {})],
    in_progress: [
      negotiationWay('after a round', async ({ worker }, id) => went(await say(worker, 'round', { id }, round))),
      negotiationWay('after its last round', async ({ worker, client }, id) => {
        for (const side of [worker, client, worker]) went(await say(side, 'round', { id }, round))
      }),
    ],
    pending_owner_approval: [negotiationWay('agreed on', agreedOn)],
    approved: [
      negotiationWay('with an approved contract', async (sides, id) => approved(sides, await agreedOn(sides, id))),
    ],
    expired: [
      negotiationWay('declined', async ({ worker }, id) => went(await say(worker, 'decline', { id }))),
      negotiationWay('with its contract', async (sides, id) =>
        went(await cancelIt(sides.client, await agreedOn(sides, id))),
      ),
    ],
  },
}

import assert from 'node:assert/strict'
import type { ApplicationStatus } from '../../src/desks/gigs/gig/application.ts'
import type { GigStatus } from '../../src/desks/gigs/gig/gig.ts'
import type { Negotiation, NegotiationState } from '../../src/desks/gigs/negotiation/negotiation.ts'
import { applyTo, decideOn, postGig, say, startWith } from '../gigs/gig-stage.ts'
import { went } from '../journeys/desk.ts'
import type { Role } from './canaries.ts'
import type { Desk } from './exhibits.ts'
import type { PersonRole } from './parties.ts'

// On this desk the sender is the client and the receiver the worker they deal with.

export interface GigExhibit {
  readonly id: string
  status: GigStatus
  readonly owner: PersonRole
  /** The holder's, where they have applied. */
  application: string | null
}

/** Section 8 of the specification: an active gig is for everybody who is signed in, any other for its owner. */
export const maySeeGig = ({ status, owner }: Pick<GigExhibit, 'status' | 'owner'>, role: Role): boolean =>
  role === owner || (status === 'active' && role !== 'nobody')

/** A gig, its texts for whoever may see it now. */
export async function gigExhibit(
  { canaries, people }: Desk,
  status: GigStatus,
  owner: PersonRole = 'sender',
): Promise<GigExhibit> {
  const gig = { status, owner, application: null as string | null }
  const about = (field: string): string => `${field} of a gig of the ${owner}`
  // Whoever has applied is told what the gig was called.
  const title = canaries.make(
    about('title'),
    (role) => maySeeGig(gig, role) || (gig.application !== null && role === 'holder'),
  )
  const secret = (field: string): string => canaries.make(about(field), (role) => maySeeGig(gig, role))
  const fields = { title, description: secret('description'), scope: secret('scope'), status }
  const { id } = await postGig(people[owner], fields)
  return Object.assign(gig, { id })
}

/** The same, with an application of the holder's from when it was active. */
export async function gigAppliedTo(desk: Desk, status: GigStatus, owner: PersonRole = 'sender'): Promise<GigExhibit> {
  const gig = await gigExhibit(desk, 'active', owner)
  const { id } = await applicationExhibit(desk, 'holder', 'applied', gig)
  went(await desk.people[owner].ask('PATCH', `/api/gigs/${gig.id}`, { status }))
  return Object.assign(gig, { status, application: id })
}

/** What somebody does while they are a freelancer; in this world everybody else is a client, and they too afterwards. */
export async function asFreelancer<T>({ market, people }: Desk, role: PersonRole, work: () => Promise<T>): Promise<T> {
  const turn = (type: string): Promise<unknown> =>
    market.db.rows(`update app_user set user_type = $2 where id = $1`, [people[role].userId, type])
  await turn('freelancer')
  try {
    return await work()
  } finally {
    await turn('client')
  }
}

export interface ApplicationExhibit {
  readonly id: string
  readonly gig_id: string
  readonly worker: PersonRole
  readonly status: Exclude<ApplicationStatus, 'withdrawn'>
}

/** An application to an active gig of the sender's: its message is for the two. */
export async function applicationExhibit(
  desk: Desk,
  worker: PersonRole,
  status: ApplicationExhibit['status'],
  gig?: GigExhibit,
): Promise<ApplicationExhibit> {
  const { canaries, people } = desk
  const to = gig ?? (await gigExhibit(desk, 'active'))
  const message = canaries.make(
    `message of the ${status} application of the ${worker}`,
    (role) => role === to.owner || role === worker,
  )
  const application = await asFreelancer(desk, worker, async () =>
    went(await applyTo(people[worker], to, { message }), 201),
  )
  // Fifty a day are the most.
  await desk.market.db.rows(`update application set created_at = created_at - interval '2 days' where id = $1`, [
    application.id,
  ])
  if (status !== 'applied') went(await decideOn(people.sender, application, status))
  return { id: application.id, gig_id: to.id, worker, status }
}

export interface NegotiationExhibit {
  readonly id: string
  readonly gig_id: string
  readonly state: NegotiationState
}

/** Whether somebody is a party of the negotiations that are shown around. */
export const isNegotiator = (role: Role): boolean => role === 'sender' || role === 'receiver'

/** A negotiation of the sender with the receiver in one of its states; both have shared a contact. */
export async function negotiationExhibit(desk: Desk, state: NegotiationState): Promise<NegotiationExhibit> {
  const { canaries, people } = desk
  const { sender, receiver } = people
  const { gig_id: gig } = await applicationExhibit(desk, 'receiver', 'shortlisted')
  const negotiation = went(await startWith(sender, receiver, { id: gig }), 201)
  const round = { rate_cents: 0, hours_per_week: 0 }
  const steps: Record<NegotiationState, (() => Promise<unknown>)[]> = {
    pending: [],
    in_progress: [() => say(receiver, 'round', negotiation, round)],
    pending_owner_approval: [() => say(receiver, 'round', negotiation, round), () => say(sender, 'agree', negotiation)],
    approved: [
      () => say(receiver, 'round', negotiation, round),
      async () => {
        const { contract_id: contract } = went(await say(sender, 'agree', negotiation))
        for (const person of [sender, receiver]) went(await person.ask('POST', `/api/contracts/${contract}/approve`))
      },
    ],
    expired: [() => say(receiver, 'decline', negotiation)],
  }
  for (const step of steps[state]) await step()
  for (const person of [sender, receiver]) {
    const contact_value = canaries.make(`contact shared in a negotiation that is ${state}`, isNegotiator)
    went(await say(person, 'contact-share', negotiation, { contact_type: 'Email', contact_value }))
  }
  const seen = went(await sender.ask<Negotiation>('GET', `/api/negotiations/${negotiation.id}`))
  assert.equal(seen.state, state, `the negotiation did not come into its state`)
  return { id: negotiation.id, gig_id: gig, state }
}

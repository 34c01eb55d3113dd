import { z } from 'zod'
import { iso } from '../../../base/page.ts'
import { life } from '../../../base/states.ts'

export const gigStates = ['draft', 'active', 'closed'] as const
export type GigStatus = (typeof gigStates)[number]

/** `freelancer` is anybody else of that type. */
export type GigParty = 'owner' | 'freelancer'

/** The life of a gig: its owner moves it freely; only an active one can be applied to. */
export const gigLife = life(gigStates, {
  publish: { from: ['draft', 'closed'], to: 'active', by: ['owner'], verb: 'update', note: 'everybody sees it' },
  close: { from: ['draft', 'active'], to: 'closed', by: ['owner'], verb: 'update', note: 'no more applications' },
  take_back: { from: ['active', 'closed'], to: 'draft', by: ['owner'], verb: 'update' },
  delete: {
    from: ['draft', 'active', 'closed'],
    to: 'same',
    by: ['owner'],
    note: 'gone for good, applications with it; not once a negotiation exists',
  },
  apply: { from: ['active'], to: 'same', by: ['freelancer'] },
} satisfies Record<
  string,
  { from: GigStatus[]; to: GigStatus | 'same'; by: GigParty[]; verb?: string; quiet?: boolean; note?: string }
>)

export const Gig = z
  .strictObject({
    id: z.uuid(),
    owner_id: z.uuid(),
    title: z.string(),
    description: z.string(),
    scope: z.string().describe('What the work takes in; a contract copies it.'),
    rate_cents: z.int().describe('For an hour; 0 for volunteer work.'),
    skills: z.array(z.string()),
    status: z.enum(gigStates),
    created_at: z.string(),
    updated_at: z.string(),
    can: z.array(z.string()).describe('The verbs you may use now.'),
  })
  .meta({ id: 'Gig' })
export type Gig = z.infer<typeof Gig>

/** A gig as SQL writes it into JSON, with what decides what its viewer may do. */
export interface GigRow extends Omit<Gig, 'can'> {
  /** Whether anybody has ever negotiated about it. */
  readonly negotiated: boolean
  /** Whether the viewer is a freelancer who has not applied. */
  readonly may_apply: boolean
}

/** A gig as its viewer sees it: whoever else may see it at all sees the same. */
export function viewGig({ negotiated, may_apply, ...gig }: GigRow, viewer: string): Gig {
  const parties: GigParty[] = gig.owner_id === viewer ? ['owner'] : may_apply ? ['freelancer'] : []
  return {
    ...gig,
    created_at: iso(gig.created_at),
    updated_at: iso(gig.updated_at),
    can: gigLife.can(gig.status, parties).filter((verb) => verb !== 'delete' || !negotiated),
  }
}

/** An active gig is everybody's to see, any other its owner's alone. */
export const maySeeGig = ({ owner_id, status }: Pick<Gig, 'owner_id' | 'status'>, viewer: string): boolean =>
  status === 'active' || owner_id === viewer

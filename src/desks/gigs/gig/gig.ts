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

import { life } from '../../../base/states.ts'

/** `withdrawn` is seen by nobody: the worker may apply again. */
export const applicationStates = ['applied', 'shortlisted', 'rejected', 'withdrawn'] as const
export type ApplicationStatus = (typeof applicationStates)[number]

/** `client` owns the gig, `worker` has applied, `market` is what happens to the worker's account. */
export type ApplicationParty = 'client' | 'worker' | 'market'

export const applicationLife = life(applicationStates, {
  shortlist: {
    from: ['applied', 'rejected'],
    to: 'shortlisted',
    by: ['client'],
    verb: 'decide',
    note: 'may be invited to negotiate',
  },
  reject: { from: ['applied', 'shortlisted'], to: 'rejected', by: ['client'], verb: 'decide' },
  repeat: {
    from: ['shortlisted', 'rejected'],
    to: 'same',
    by: ['client'],
    verb: 'decide',
    quiet: true,
    note: 'the same decision again: no-op',
  },
  withdraw: { from: ['applied'], to: 'withdrawn', by: ['worker'] },
  leave: {
    from: ['applied', 'shortlisted'],
    to: 'withdrawn',
    by: ['market'],
    note: 'the worker has deleted their account',
  },
} satisfies Record<
  string,
  {
    from: ApplicationStatus[]
    to: ApplicationStatus | 'same'
    by: ApplicationParty[]
    verb?: string
    quiet?: boolean
    note?: string
  }
>)

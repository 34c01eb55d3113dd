import { z } from 'zod'
import { iso } from '../../../base/page.ts'
import { life } from '../../../base/states.ts'
import { WorkerProfile } from '../../../core/profiles/profile.ts'
import { Negotiation } from '../negotiation/negotiation.ts'

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

/** The states an application is shown in. */
export const shownStates = ['applied', 'shortlisted', 'rejected'] as const satisfies readonly ApplicationStatus[]

export const Application = z
  .strictObject({
    id: z.uuid(),
    gig_id: z.uuid(),
    gig_title: z.string(),
    worker_user_id: z.uuid(),
    message: z.string(),
    status: z.enum(shownStates),
    created_at: z.string(),
    updated_at: z.string(),
    can: z.array(z.string()).describe('The verbs you may use now.'),
  })
  .meta({ id: 'Application' })
export type Application = z.infer<typeof Application>

/** An application as the owner of the gig sees it. */
export const ApplicationReceived = Application.extend({ worker_profile: WorkerProfile }).meta({
  id: 'ApplicationReceived',
})
export type ApplicationReceived = z.infer<typeof ApplicationReceived>

/** An application as whoever has applied sees it. */
export const ApplicationSent = Application.extend({
  negotiation_id: z.uuid().nullable(),
  negotiation: Negotiation.nullable().describe('The live negotiation about this gig, once its owner has started one.'),
}).meta({ id: 'ApplicationSent' })
export type ApplicationSent = z.infer<typeof ApplicationSent>

/** An application as SQL writes it into JSON, with whose gig it is for. */
export interface ApplicationRow extends Omit<Application, 'can' | 'status'> {
  readonly status: ApplicationStatus
  readonly owner_id: string
}

export function viewApplication({ owner_id, status, ...application }: ApplicationRow, viewer: string): Application {
  if (status === 'withdrawn') throw new Error(`application ${application.id} was withdrawn: nobody may see it`)
  const party: ApplicationParty = owner_id === viewer ? 'client' : 'worker'
  return {
    ...application,
    status,
    created_at: iso(application.created_at),
    updated_at: iso(application.updated_at),
    can: applicationLife.can(status, [party]),
  }
}

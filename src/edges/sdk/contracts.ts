import { accountsApi } from '../../core/accounts/api.ts'
import { channelsApi } from '../../core/channels/api.ts'
import { creditsApi } from '../../core/credits/api.ts'
import { eventsApi } from '../../core/events/api.ts'
import { filesApi } from '../../core/files/api.ts'
import { operatorsApi } from '../../core/operators/api.ts'
import { paymentsApi } from '../../core/payments/api.ts'
import { plansApi } from '../../core/payments/plans/api.ts'
import { profilesApi } from '../../core/profiles/api.ts'
import { webhooksApi } from '../../core/webhooks/api.ts'
import { contractsApi } from '../../desks/gigs/contract/api.ts'
import { disputesApi } from '../../desks/gigs/dispute/api.ts'
import { gigsApi } from '../../desks/gigs/gig/api.ts'
import { milestonesApi } from '../../desks/gigs/milestone/api.ts'
import { negotiationsApi } from '../../desks/gigs/negotiation/api.ts'
import { reviewsApi } from '../../desks/gigs/review/api.ts'
import { jobsApi } from '../../desks/jobs/api.ts'
import { clockApi, systemApi } from '../http/api.ts'

/** Every contract under the name it has on the client: `client.jobs.run(…)`. A test holds this list to the market's own. */
export const contracts = {
  system: systemApi,
  accounts: accountsApi,
  wallet: paymentsApi,
  plans: plansApi,
  credits: creditsApi,
  profiles: profilesApi,
  files: filesApi,
  jobs: jobsApi,
  gigs: gigsApi,
  negotiations: negotiationsApi,
  contracts: contractsApi,
  milestones: milestonesApi,
  disputes: disputesApi,
  reviews: reviewsApi,
  operator: operatorsApi,
  events: eventsApi,
  webhooks: webhooksApi,
  channels: channelsApi,
  clock: clockApi,
} as const

export type Contracts = typeof contracts

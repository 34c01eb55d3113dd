import { accountsApi } from '../../core/accounts/api.ts'
import { creditsApi } from '../../core/credits/api.ts'
import { eventsApi } from '../../core/events/api.ts'
import { filesApi } from '../../core/files/api.ts'
import { paymentsApi } from '../../core/payments/api.ts'
import { plansApi } from '../../core/payments/plans/api.ts'
import { webhooksApi } from '../../core/webhooks/api.ts'
import { jobsApi } from '../../desks/jobs/api.ts'
import { clockApi, systemApi } from '../http/api.ts'

/** Every contract under the name it has on the client: `client.jobs.run(…)`. A test holds this list to the market's own. */
export const contracts = {
  system: systemApi,
  accounts: accountsApi,
  wallet: paymentsApi,
  plans: plansApi,
  credits: creditsApi,
  files: filesApi,
  jobs: jobsApi,
  events: eventsApi,
  webhooks: webhooksApi,
  clock: clockApi,
} as const

export type Contracts = typeof contracts

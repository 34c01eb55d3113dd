import { contract } from '../../base/endpoint.ts'
import { looking } from './api-looking.ts'
import { posting } from './api-posting.ts'
import { working } from './api-working.ts'
import { jobRefusals } from './refusals.ts'

export const jobsApi = contract('jobs', jobRefusals, { ...posting, ...working, ...looking })

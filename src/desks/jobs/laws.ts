import { sqlList } from '../../base/states.ts'
import type { Law } from '../../core/ledger/laws.ts'
import { type JobStatus, jobLife } from './job.ts'

const ended: readonly JobStatus[] = jobLife.ended

/** What must hold of the money of jobs; the ledger knows no job, so the desk says it. */
export const jobLaws: readonly Law[] = [
  {
    name: 'a job that has ended holds nothing in escrow',
    query: `select id::text as place, format('%s, yet %s held', status, ledger_held('job:' || id)) as detail
      from job where status in (${sqlList(ended)}) and ledger_held('job:' || id) <> 0`,
  },
  {
    name: 'a job that is paid for and open holds its price in escrow',
    query: `select id::text as place, format('%s at %s, yet %s held', status, price_cents, ledger_held('job:' || id)) as detail
      from job where terms = 'wallet' and ended_at is null and status <> 'pending_payment' and ledger_held('job:' || id) <> price_cents`,
  },
]

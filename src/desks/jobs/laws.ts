import { sqlList } from '../../base/states.ts'
import type { Law } from '../../core/ledger/laws.ts'
import { type JobStatus, jobLife } from './job.ts'

const ended: readonly JobStatus[] = jobLife.ended

function usedWrongly(table: 'job' | 'job_old'): string {
  return `select id::text as place, format('%s, yet %s of %s credits used and %s cents paid', status, used, credit_cost, paid) as detail
      from (select id, status, credit_cost, price_cents, ledger_posted('credits_used', 'job:' || id) as used,
          ledger_posted('job_settled', 'job:' || id) as paid from ${table} where terms = 'credits') as done
      where used <> case status when 'verified' then credit_cost else 0 end or paid <> case status when 'verified' then price_cents else 0 end`
}

/** What must hold of jobs in the archive: what `jobLaws` says of those that are here. */
export const jobArchiveLaws: readonly Law[] = [
  {
    name: 'a job in the archive has ended, is not here, and holds nothing in escrow',
    query: `select id::text as place, format('%s, %s held', status, ledger_held('job:' || id)) as detail from job_old o
      where ended_at is null or exists (select from job where id = o.id) or ledger_held('job:' || id) <> 0`,
  },
  {
    name: 'credits are used and their worker is paid when the work passed, and only then, in the archive too',
    query: usedWrongly('job_old'),
  },
  {
    name: 'as many jobs are in the archive as were counted on the way',
    query: `select status as place, format('%s counted, %s there', c.n, o.n) as detail
      from job_archive_count c full join (select status, count(*) as n from job_old group by status) as o using (status)
      where c.n is distinct from o.n`,
  },
]

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
  {
    name: 'a job for credits that is open holds its cost in escrow',
    query: `select id::text as place, format('%s at %s credits, yet %s held', status, credit_cost, ledger_held('job:' || id)) as detail
      from job where terms = 'credits' and ended_at is null and ledger_held('job:' || id) <> credit_cost`,
  },
  {
    name: 'credits are used and their worker is paid when the work passed, and only then',
    query: usedWrongly('job'),
  },
]

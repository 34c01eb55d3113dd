import { type Figures, lateFigures } from '../../base/figures.ts'
import { sqlList } from '../../base/states.ts'
import type { Counted } from '../../core/operators/census.ts'
import { late, type StuckQuestion } from '../../core/operators/stuck.ts'
import { jobLife, jobStates } from './job.ts'

const open = jobStates.filter((state) => !jobLife.ended.includes(state))

/** Jobs by state, for operators. `open` is counted on job_due, which holds open jobs only. */
export const jobCounts: readonly Counted[] = [
  {
    name: 'jobs',
    states: jobStates,
    openStates: open,
    open: `select status as state, count(*) as n from job where ended_at is null group by status`,
    all: `select status as state, count(*) as n from job group by status`,
  },
]

/** Verdicts take seconds; work that was claimed this often without one is beyond what a restart explains. */
const judgementsMany = 5

const worker = 'See that a worker process is running (clawrk serve --role worker) and what its log says'

/** Jobs that no timer and no verifier moves. Found on job_due, which holds open jobs only. */
export const jobsStuck: readonly StuckQuestion[] = [
  {
    name: 'jobs past their timer',
    query: `select 'job' as kind, id::text as id, due_at as since, format(
        'This job is %s and its timer fell due, but nothing has moved it. ${worker}; POST /api/cron/enforce-deadlines moves it at once.', status) as what
      from job where ended_at is null and status in (${sqlList(open)}) and status not in (${jobLife.from('pass')})
        and due_at < app_now() - ${late} order by due_at limit $1`,
  },
  {
    name: 'submissions without a verdict',
    query: `select 'submission' as kind, id::text as id, submitted_at as since, format(
        'The work handed in waits for a verdict; verification began %s times. ${worker} about this job; it goes on by itself as soon as one can verify.', judgements) as what
      from job where ended_at is null and status in (${jobLife.from('pass')})
        and (due_at < app_now() - ${late} or (verify_token is not null and judgements >= ${judgementsMany}))
      order by due_at limit $1`,
  },
]

/** How late the clock is at this desk: each open state at the front of its part of job_due. Holds and attempts are leases. */
export const jobFigures: readonly Figures[] = [
  lateFigures(
    open.map((state) => ({
      life: 'job',
      state,
      due: `select min(due_at) from job where ended_at is null and status = '${state}'`,
    })),
  ),
]

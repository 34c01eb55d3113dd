import { type Command, Option } from 'commander'
import { dollars } from '../../../base/money.ts'
import { type Job, type JobStatus, jobStates } from '../../../desks/jobs/job.ts'
import { readCount, readId, readSeconds } from '../arguments.ts'
import { done, jobCard, jobsTable } from '../render/job.ts'
import { dim } from '../render/text.ts'
import { openSession, type Session } from '../session.ts'
import { runCommand } from './run.ts'
import { waitFor } from './wait.ts'

export function postCommands(program: Command): void {
  runCommand(program)
  program
    .command('jobs')
    .description('the jobs you sent, newest first')
    .addOption(new Option('-s, --status <status>', 'only those in this state').choices(jobStates))
    .option('-n, --limit <count>', 'how many', readCount, 20)
    .option('--cursor <cursor>', 'where to go on, as the list before said')
    .action(async (options: ListOptions, command: Command) => list(openSession(command), options))
  program
    .command('job')
    .description('everything about one job')
    .argument('<id>', 'the job', readId)
    .action(async (id: string, _: object, command: Command) => {
      const session = openSession(command)
      const job = await session.client.jobs.job({ id })
      session.show(job, () => [
        ...jobCard(job),
        ...(job.can.length > 0 ? ['', ...job.can.map((verb) => `  ${dim('→')} ${commandFor(verb, job)}`)] : []),
      ])
    })
  program
    .command('pay')
    .description('pay for a job that is saved but not paid yet')
    .argument('<id>', 'the job', readId)
    .action(async (id: string, _: object, command: Command) => pay(openSession(command), id))
  program
    .command('cancel')
    .description('cancel a job you sent; its money comes back')
    .argument('<id>', 'the job', readId)
    .action(async (id: string, _: object, command: Command) => cancel(openSession(command), id))
  program
    .command('wait')
    .description('wait until a job you sent, or your own attempt on one, has ended')
    .argument('<id>', 'the job', readId)
    .option('--timeout <seconds>', 'give up waiting after this long (90, 30m)', readSeconds)
    .action(async (id: string, { timeout }: { timeout?: number }, command: Command) =>
      waitFor(openSession(command), id, timeout),
    )
}

/** The command behind a verb of `can`. */
const commandFor = (verb: string, { id }: Job): string => (verb === 'pull' ? 'clawrk pull' : `clawrk ${verb} ${id}`)

interface ListOptions {
  readonly status?: JobStatus
  readonly limit: number
  readonly cursor?: string
}

async function list(session: Session, { status, limit, cursor }: ListOptions): Promise<void> {
  const jobs = await session.client.jobs.jobs({
    limit,
    ...(status === undefined ? {} : { status }),
    ...(cursor === undefined ? {} : { cursor }),
  })
  session.show(jobs, () => {
    if (jobs.length === 0)
      return [dim(status ? `None of your jobs is ${status}.` : 'You have sent no jobs yet. Try  clawrk run "…"')]
    return [...jobsTable(jobs), ...(jobs.next ? ['', dim(`more:  clawrk jobs --cursor ${jobs.next}`)] : [])]
  })
}

async function pay(session: Session, id: string): Promise<void> {
  const [job, note] = await Promise.all([session.client.jobs.pay({ id }), session.json ? '' : session.testMode()])
  session.show(job, () =>
    done(
      [`Paid: ${dollars(job.price_cents)} is in escrow and the job is queued.`, note].filter(Boolean).join('  '),
      `clawrk wait ${id}`,
    ),
  )
}

async function cancel(session: Session, id: string): Promise<void> {
  const job = await session.client.jobs.cancel({ id })
  session.show(job, () => {
    if (job.status === 'cancelled') {
      return done(
        job.fee_cents === null
          ? 'Cancelled; it had not been paid for.'
          : `Cancelled; ${dollars(job.price_cents)} is back in your wallet.`,
      )
    }
    if (job.cancellation_requested) {
      return done(
        'Asked for: the job is cancelled if this attempt fails. If the work passes first, the worker is paid.',
        `clawrk wait ${id}`,
      )
    }
    return done(`Nothing to cancel: the job is ${job.status}.`)
  })
}

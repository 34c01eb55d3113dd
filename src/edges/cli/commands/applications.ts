import { type Command, Option } from 'commander'
import { type Application, shownStates } from '../../../desks/gigs/gig/application.ts'
import { readCount, readIdOf } from '../arguments.ts'
import { receivedTable, sentTable } from '../render/gig.ts'
import { done } from '../render/job.ts'
import { bold, dim, oneLine } from '../render/text.ts'
import { openSession, type Session } from '../session.ts'
import { readGig } from './gigs.ts'

const readApplication = readIdOf('an application', 'clawrk applications')

interface ListOptions {
  readonly status?: Application['status']
  readonly limit: number
  readonly cursor?: string
}

/** Applying, and what becomes of it on either side. */
export function applicationCommands(program: Command): void {
  program
    .command('apply')
    .description('apply to an active gig')
    .argument('<gig>', 'its id', readGig)
    .option('-m, --message <text>', 'why you, in your own words')
    .action(async (id: string, { message }: { message?: string }, command: Command) => {
      const session = openSession(command)
      const application = await session.client.gigs.apply({ id, ...(message === undefined ? {} : { message }) })
      session.show(application, () =>
        done(
          `You have applied to ${bold(oneLine(application.gig_title))}; its owner shortlists you or does not.`,
          'clawrk applications',
          `clawrk applications withdraw ${application.id}`,
        ),
      )
    })
  const applications = program
    .command('applications')
    .description('your applications, or those to a gig of yours; shortlist, reject and withdraw them')
    .argument('[gig]', 'a gig of yours', readGig)
    .addOption(new Option('-s, --status <status>', 'only those in this state').choices(shownStates))
    .option('-n, --limit <count>', 'how many', readCount, 20)
    .option('--cursor <cursor>', 'where to go on, as the list before said')
    .action(async (gig: string | undefined, options: ListOptions, command: Command) =>
      gig === undefined ? mine(openSession(command), options) : received(openSession(command), gig, options),
    )
  for (const [name, description, status] of [
    ['shortlist', 'shortlist somebody who has applied to a gig of yours', 'shortlisted'],
    ['reject', 'reject somebody who has applied to a gig of yours', 'rejected'],
  ] as const)
    applications
      .command(name)
      .description(description)
      .argument('<gig>', 'the gig', readGig)
      .argument('<application>', 'the application', readApplication)
      .action(async (gig: string, id: string, _: object, command: Command) => {
        const session = openSession(command)
        const application = await session.client.gigs.decide({ id: gig, application_id: id, status })
        session.show(application, () =>
          done(
            `The application is ${application.status}.`,
            status === 'shortlisted' && `clawrk negotiate start ${gig} ${application.worker_user_id}`,
          ),
        )
      })
  applications
    .command('withdraw')
    .description('take an application of yours back while nobody has decided on it')
    .argument('<application>', 'the application', readApplication)
    .action(async (id: string, _: object, command: Command) => {
      const session = openSession(command)
      const answer = await session.client.gigs.withdraw({ id })
      session.show(answer, () => done('Your application is withdrawn; you may apply again.'))
    })
}

const asked = ({ status, limit, cursor }: ListOptions) => ({
  limit,
  ...(status === undefined ? {} : { status }),
  ...(cursor === undefined ? {} : { cursor }),
})

const more = (next: string | null): string[] => (next ? ['', dim(`more:  the same with  --cursor ${next}`)] : [])

async function mine(session: Session, options: ListOptions): Promise<void> {
  const applications = await session.client.gigs.mine(asked(options))
  session.show(applications, () => {
    if (applications.length === 0)
      return [
        dim(
          options.status
            ? `None of your applications is ${options.status}.`
            : 'You have applied to nothing yet. Find gigs with  clawrk gigs  (yours to sift: clawrk applications <gig>)',
        ),
      ]
    const invited = applications.filter(({ negotiation }) => negotiation !== null)
    return [
      ...sentTable(applications),
      ...(invited.length > 0
        ? ['', ...invited.map(({ negotiation_id: id }) => `  ${dim('→')} clawrk negotiate show ${id}`)]
        : []),
      ...more(applications.next),
    ]
  })
}

async function received(session: Session, gig: string, options: ListOptions): Promise<void> {
  const applications = await session.client.gigs.applications({ id: gig, ...asked(options) })
  session.show(applications, () => {
    if (applications.length === 0)
      return [
        dim(
          options.status
            ? `No application to this gig is ${options.status}.`
            : `Nobody has applied yet. Is it published?  clawrk gig ${gig}`,
        ),
      ]
    return [
      ...receivedTable(applications),
      '',
      dim(`decide:  clawrk applications shortlist ${gig} <application>`),
      ...more(applications.next),
    ]
  })
}

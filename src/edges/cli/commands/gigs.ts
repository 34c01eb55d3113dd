import { type Command, Option } from 'commander'
import { type Gig, type GigStatus, gigStates } from '../../../desks/gigs/gig/gig.ts'
import { readCount, readIdOf, readPrice } from '../arguments.ts'
import { misused } from '../exit.ts'
import { gigCard, gigsTable } from '../render/gig.ts'
import { done } from '../render/job.ts'
import { bold, dim, oneLine } from '../render/text.ts'
import { openSession, type Session } from '../session.ts'

export const readGig = readIdOf('a gig', 'clawrk gigs')

interface ListOptions {
  readonly q?: string
  readonly skill?: string
  readonly minRate?: number
  readonly status?: GigStatus
  readonly limit: number
  readonly cursor?: string
}

interface Changes {
  readonly title?: string
  readonly description?: string
  readonly scope?: string
  readonly rate?: number
  readonly skills?: string[]
  readonly publish?: boolean
}

/** The gigs of the market, and what one does with one's own. */
export function gigCommands(program: Command): void {
  const gigs = program
    .command('gigs')
    .description('the active gigs and your own others; create, update, publish, close and delete yours')
    .option('-q, --q <words>', 'only those with all these words')
    .option('--skill <skill>', 'only those that ask for this skill')
    .option('--min-rate <cents>', "not below this rate for an hour, in cents (or '$40')", readPrice)
    .addOption(
      new Option('-s, --status <status>', 'active: everybody’s; draft and closed: your own').choices(gigStates),
    )
    .option('-n, --limit <count>', 'how many', readCount, 20)
    .option('--cursor <cursor>', 'where to go on, as the list before said')
    .action(async (options: ListOptions, command: Command) => list(openSession(command), options))
  withFields(gigs.command('create'))
    .description('post a gig: a draft that only you see, until you publish it')
    .argument('<title>')
    .option('--publish', 'publish it at once')
    .action(async (title: string, fields: Changes, command: Command) => create(openSession(command), title, fields))
  withFields(gigs.command('update'))
    .description('change a gig of yours; what you leave out stays')
    .argument('<gig>', 'its id', readGig)
    .option('--title <title>', 'another title')
    .action(async (id: string, changes: Changes, command: Command) => update(openSession(command), id, changes))
  for (const [name, description, status, said] of [
    ['publish', 'make a gig of yours visible to everybody', 'active', 'Everybody sees it now.'],
    ['close', 'take no more applications; what has begun goes on', 'closed', 'Nobody can apply to it any more.'],
  ] as const)
    gigs
      .command(name)
      .description(description)
      .argument('<gig>', 'its id', readGig)
      .action(async (id: string, _: object, command: Command) => {
        const session = openSession(command)
        const gig = await session.client.gigs.update({ id, status })
        session.show(gig, () => done(`${bold(oneLine(gig.title))} is ${gig.status}. ${said}`, ...nextSteps(gig, true)))
      })
  gigs
    .command('delete')
    .description('delete a gig of yours about which nobody has negotiated')
    .argument('<gig>', 'its id', readGig)
    .action(async (id: string, _: object, command: Command) => {
      const session = openSession(command)
      const answer = await session.client.gigs.delete({ id })
      session.show(answer, () => done('The gig is deleted, and the applications to it.'))
    })
  program
    .command('gig')
    .description('everything about one gig')
    .argument('<gig>', 'its id', readGig)
    .action(async (id: string, _: object, command: Command) => {
      const session = openSession(command)
      const gig = await session.client.gigs.gig({ id })
      const steps = nextSteps(gig, gig.can.includes('update'))
      session.show(gig, () => [
        ...gigCard(gig),
        ...(steps.length > 0 ? ['', ...steps.map((step) => `  ${dim('→')} ${step}`)] : []),
      ])
    })
}

const readWords = (text: string): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')

function withFields(command: Command): Command {
  return command
    .option('--description <text>', 'what it is about')
    .option('--scope <text>', 'what the work takes in; it becomes part of the contract')
    .option('--rate <cents>', "what an hour pays, in cents (or '$50'); 0 for volunteer work", readPrice)
    .option('--skills <skills>', 'what whoever applies should know, with commas between', readWords)
}

const fieldsOf = ({ title, description, scope, rate, skills }: Changes) => ({
  ...(title === undefined ? {} : { title }),
  ...(description === undefined ? {} : { description }),
  ...(scope === undefined ? {} : { scope }),
  ...(rate === undefined ? {} : { rate_cents: rate }),
  ...(skills === undefined ? {} : { skills }),
})

/** What one may do with a gig now, as commands. */
function nextSteps(gig: Gig, isOwn: boolean): string[] {
  if (gig.can.includes('apply')) return [`clawrk apply ${gig.id} --message "…"`]
  if (!isOwn) return []
  return gig.status === 'active'
    ? [`clawrk applications ${gig.id}`, `clawrk gigs close ${gig.id}`]
    : [`clawrk gigs publish ${gig.id}`]
}

async function list(session: Session, { q, skill, minRate, status, limit, cursor }: ListOptions): Promise<void> {
  const gigs = await session.client.gigs.gigs({
    limit,
    ...(q === undefined ? {} : { q }),
    ...(skill === undefined ? {} : { skill }),
    ...(minRate === undefined ? {} : { min_rate_cents: minRate }),
    ...(status === undefined ? {} : { status }),
    ...(cursor === undefined ? {} : { cursor }),
  })
  const isFiltered = q !== undefined || skill !== undefined || minRate !== undefined
  session.show(gigs, () => {
    if (gigs.length === 0)
      return [dim(isFiltered ? 'No gig is like that. See them all with  clawrk gigs' : none(status))]
    const next = gigs.next ? `more:  the same with  --cursor ${gigs.next}` : 'look at one:  clawrk gig <id>'
    return [...gigsTable(gigs), '', dim(next)]
  })
}

const none = (status: GigStatus | undefined): string =>
  status === 'closed'
    ? 'You have closed no gig. See all of them with  clawrk gigs'
    : status === 'draft'
      ? 'You have no drafts. Write one with  clawrk gigs create "…"'
      : 'There are no gigs yet. Post one with  clawrk gigs create "…" --publish'

async function create(session: Session, title: string, fields: Changes): Promise<void> {
  const gig = await session.client.gigs.create({
    ...fieldsOf(fields),
    title,
    ...(fields.publish ? { status: 'active' as const } : {}),
  })
  const said = gig.status === 'active' ? 'Posted: everybody sees' : 'Saved as a draft, which only you see:'
  session.show(gig, () => done(`${said} ${bold(oneLine(gig.title))}  ${dim(gig.id)}`, ...nextSteps(gig, true)))
}

async function update(session: Session, id: string, changes: Changes): Promise<void> {
  const fields = fieldsOf(changes)
  if (Object.keys(fields).length === 0) throw misused('Say what to change.', 'clawrk gigs update --help')
  const gig = await session.client.gigs.update({ id, ...fields })
  session.show(gig, () => [...done(`${bold(oneLine(gig.title))} is changed.`), ...gigCard(gig).slice(1)])
}

import { type Command, InvalidArgumentError } from 'commander'
import type { Milestone } from '../../../desks/gigs/contract/milestone.ts'
import type { Contract } from '../../../desks/gigs/contract/show-contract.ts'
import { another, readIdOf, readPrice, readText } from '../arguments.ts'
import { misused } from '../exit.ts'
import { done } from '../render/job.ts'
import { milestoneLines, milestonesTable, moneyBar } from '../render/milestone.ts'
import { dim } from '../render/text.ts'
import { openSession, type Session } from '../session.ts'
import { readFiles, uploadAll } from './files.ts'

const readContract = readIdOf('a contract', 'clawrk contracts')
const readWholeId = readIdOf('a milestone', 'clawrk milestones <contract>')
const readMilestone = (text: string): string => (/^\d{1,3}$/.test(text) ? text : readWholeId(text))

/** A day, or a moment of it. */
function readMoment(text: string): string {
  const at = new Date(text)
  if (Number.isNaN(at.getTime()))
    throw new InvalidArgumentError('It must be a day as YYYY-MM-DD, or a moment as 2027-03-01T12:00:00Z.')
  return at.toISOString()
}

type Verb = 'approve' | 'deliver' | 'release' | 'refund' | 'cancel'

interface DeliverOptions {
  readonly text?: string
  readonly file?: string
  readonly attach?: string[]
}

/** The milestones of a contract: from the proposal to the end of each. */
export function milestoneCommands(program: Command): void {
  const milestones = program
    .command('milestones')
    .description('the milestones of a contract and where their money is; propose, deliver and release them')
    .argument('<contract>', 'its id', readContract)
    .action(async (id: string, _: object, command: Command) => {
      const session = openSession(command)
      const contract = await session.client.contracts.contract({ id })
      session.show(contract.milestones, () => [
        ...milestonesTable(contract.milestones),
        '',
        ...stepsOf(contract).map((step) => `  ${dim('→')} ${step}`),
      ])
    })
  milestones
    .command('propose')
    .description('propose one more milestone, for the other side to approve')
    .argument('<contract>', 'its id', readContract)
    .argument('<title>', 'what is to be done')
    .requiredOption('--amount <cents>', "what it pays, in cents (or '$200'); 0 for nothing", readPrice)
    .option('--due <when>', 'when the work should be there; 30 days after it is funded unless you say', readMoment)
    .action(async (id: string, title: string, { amount, due }: { amount: number; due?: string }, command: Command) => {
      const session = openSession(command)
      const wish = { id, title, amount_cents: amount, ...(due === undefined ? {} : { due_at: due }) }
      tell(session, await session.client.milestones.propose(wish), 'Proposed; the other side has 7 days to approve it.')
    })
  verb(milestones, 'approve', 'agree to a milestone that the other side has proposed', 'Approved.')
  withMilestone(milestones.command('deliver'))
    .description('for the worker: hand in the work, as a note, with files, or both')
    .option('-t, --text <text>', 'what was done')
    .option('-f, --file <file>', 'a text file that says what was done; - reads standard input')
    .option('--attach <file>', 'a file to hand in with it; may be repeated', another)
    .action(async (id: string, named: string | undefined, options: DeliverOptions, command: Command) =>
      deliver(openSession(command), id, named, options),
    )
  verb(
    milestones,
    'release',
    'for the client: pay the worker, for good',
    'Released: the worker is paid after the agreed delay.',
  )
  verb(milestones, 'refund', 'for the worker: give the money back', 'Given back: the money goes where it came from.')
  verb(milestones, 'cancel', 'call it off; once it is funded, its client asks for the money back', (milestone) =>
    milestone.status === 'cancelled'
      ? 'Cancelled.'
      : 'Asked: the money goes back in 72 hours, unless the worker delivers or disputes it.',
  )
}

const withMilestone = (command: Command): Command =>
  command
    .argument('<contract>', 'its id', readContract)
    .argument('[milestone]', 'its number or id; without it the first with which you can do this', readMilestone)

function verb(
  milestones: Command,
  name: Exclude<Verb, 'deliver'>,
  description: string,
  sentence: string | ((milestone: Milestone) => string),
): void {
  withMilestone(milestones.command(name))
    .description(description)
    .action(async (id: string, named: string | undefined, _: object, command: Command) => {
      const session = openSession(command)
      const chosen = await chosenOf(session, id, named, name)
      const moved = await session.client.milestones[name]({ id, milestone_id: chosen })
      tell(session, moved, typeof sentence === 'string' ? sentence : sentence(moved.milestone))
    })
}

/** The milestone a command is about: the one that is named, else the first that can be moved so. */
async function chosenOf(session: Session, id: string, named: string | undefined, verbName: Verb): Promise<string> {
  if (named !== undefined && !/^\d+$/.test(named)) return named
  const { milestones } = await session.client.contracts.contract({ id })
  const chosen = milestones.find(({ position, can }) =>
    named === undefined ? can.includes(verbName) : position === Number(named),
  )
  if (chosen) return chosen.id
  const sentence =
    named === undefined
      ? `This contract has no milestone that you can ${verbName} now.`
      : `This contract has no milestone ${named}.`
  throw misused(sentence, `clawrk milestones ${id}`)
}

async function deliver(
  session: Session,
  id: string,
  named: string | undefined,
  { text, file, attach = [] }: DeliverOptions,
): Promise<void> {
  if (text !== undefined && file !== undefined)
    throw misused('Say once what was done: with -t "<text>", or with -f <file>; files go with it by --attach <file>.')
  if (text === undefined && file === undefined && attach.length === 0)
    throw misused('Say what was done, with -t "<text>" or -f <file>, or hand in files with --attach <file>.')
  const note = text ?? (file === undefined ? undefined : readText(file))
  const files = readFiles(attach)
  const chosen = await chosenOf(session, id, named, 'deliver')
  const attachments = await uploadAll(session, files)
  const moved = await session.client.milestones.deliver({
    id,
    milestone_id: chosen,
    ...(note === undefined ? {} : { note }),
    ...(attachments.length > 0 ? { attachments } : {}),
  })
  tell(session, moved, 'Delivered: the client has 14 days to release or dispute it.')
}

/** What one may do with the milestones of a contract now, as commands. */
export const stepsOf = ({ id, milestones }: Pick<Contract, 'id' | 'milestones'>): string[] =>
  milestones.flatMap(({ position, can }) =>
    can
      .filter((name) => name !== 'fund' && name !== 'dispute')
      .map((name) => `clawrk milestones ${name} ${id} ${position}${name === 'deliver' ? ' -t "…"' : ''}`),
  )

function tell(
  session: Session,
  moved: { readonly milestone: Milestone; readonly contract: Contract },
  sentence: string,
): void {
  const { milestone, contract } = moved
  session.show(moved, () => [
    ...done(sentence),
    ...milestoneLines(milestone),
    ...moneyBar(contract.milestones),
    ...(contract.status === 'completed' ? ['', '  The contract is completed.'] : []),
  ])
}

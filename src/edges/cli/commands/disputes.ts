import { type Command, InvalidArgumentError, Option } from 'commander'
import {
  type Dispute,
  type DisputeStatus,
  disputeStates,
  type EvidenceType,
  evidenceTypes,
} from '../../../desks/gigs/dispute/dispute.ts'
import { another, readCount, readIdOf } from '../arguments.ts'
import { misused } from '../exit.ts'
import { disputeCard, disputesTable } from '../render/dispute.ts'
import { done } from '../render/job.ts'
import { dim } from '../render/text.ts'
import { openSession, type Session } from '../session.ts'
import { readFiles, uploadAll } from './files.ts'

const readDispute = readIdOf('a dispute', 'clawrk disputes')
const readContract = readIdOf('a contract', 'clawrk contracts')
const readMilestone = readIdOf('a milestone', 'clawrk milestones <contract>')

interface ListOptions {
  readonly status?: DisputeStatus
  readonly contract?: string
  readonly limit: number
  readonly cursor?: string
}

interface Said {
  readonly type: EvidenceType
  readonly url?: string
  readonly description?: string
}

interface Shown {
  readonly evidence?: readonly Said[]
  readonly attach?: readonly string[]
}

/** One more piece of evidence, as `type:words`; words that begin with an address are that address and what is said of it. */
function readEvidence(text: string, before: readonly Said[] = []): Said[] {
  const at = text.indexOf(':')
  const type = evidenceTypes.find((known) => known === text.slice(0, Math.max(0, at)).replaceAll('-', '_'))
  const words = text.slice(at + 1).trim()
  if (!type || words === '')
    throw new InvalidArgumentError(
      `It must be type:address or type:words, the type one of ${evidenceTypes.join(', ')}; a file goes with --attach.`,
    )
  const [, url, description = ''] = /^(https?:\/\/\S+)\s*([\s\S]*)$/.exec(words) ?? []
  if (url === undefined) return [...before, { type, description: words }]
  return [...before, { type, url, ...(description === '' ? {} : { description }) }]
}

const showing = (command: Command): Command =>
  command
    .option('--evidence <item>', 'what you show, as type:address or type:words; may be repeated', readEvidence)
    .option('--attach <file>', 'a file that you show; may be repeated', another)

/** Disputes over milestones. */
export function disputeCommands(program: Command): void {
  program
    .command('dispute')
    .description('one dispute: what each side has said and shown, and how it was decided')
    .argument('<dispute>', 'its id', readDispute)
    .action(async (id: string, _: object, command: Command) => {
      const session = openSession(command)
      tell(session, await session.client.disputes.dispute({ id, evidence: '1' }))
    })
  const disputes = program
    .command('disputes')
    .description('your disputes, newest first; open, answer, and ask for a recommendation')
    .addOption(new Option('-s, --status <status>', 'only those in this state').choices(disputeStates))
    .option('--contract <id>', 'only those of this contract', readContract)
    .option('-n, --limit <count>', 'how many', readCount, 20)
    .option('--cursor <cursor>', 'where to go on, as the list before said')
    .action(async (options: ListOptions, command: Command) => list(openSession(command), options))
  showing(disputes.command('open'))
    .description('dispute a milestone of yours that is funded or delivered; its money is frozen')
    .argument('<contract>', 'its contract', readContract)
    .argument('[milestone]', 'its id; without it the first that you can dispute', readMilestone)
    .requiredOption('--reason <text>', 'what the matter is')
    .action(async (id: string, milestone: string | undefined, options: Shown & { reason: string }, command: Command) =>
      open(openSession(command), id, milestone, options),
    )
  showing(disputes.command('respond'))
    .description('answer a dispute that the other side has opened, once and in time')
    .argument('<dispute>', 'its id', readDispute)
    .action(async (id: string, options: Shown, command: Command) => {
      const files = readFiles(options.attach)
      const session = openSession(command)
      const evidence = await evidenceOf(session, options.evidence, files)
      const answered = await session.client.disputes.respond({ id, evidence })
      tell(session, answered, 'Answered: it is decided within 72 hours.')
    })
  disputes
    .command('recommend')
    .description('ask how a dispute might be decided; that is done if no operator decides in time')
    .argument('<dispute>', 'its id', readDispute)
    .action(async (id: string, _: object, command: Command) => {
      const session = openSession(command)
      tell(session, await session.client.disputes.recommend({ id }), 'Stored on the dispute.')
    })
}

async function evidenceOf(
  session: Session,
  said: readonly Said[] = [],
  files: ReturnType<typeof readFiles> = [],
): Promise<(Said & { attachment_id?: string })[]> {
  const uploads = await uploadAll(session, files)
  return [...said, ...uploads.map((id) => ({ type: 'other' as const, attachment_id: id }))]
}

async function open(
  session: Session,
  id: string,
  milestone: string | undefined,
  { reason, evidence, attach }: Shown & { readonly reason: string },
): Promise<void> {
  const files = readFiles(attach)
  const contract = await session.client.contracts.contract({ id })
  const chosen = milestone ?? contract.milestones.find(({ can }) => can.includes('dispute'))?.id
  if (chosen === undefined)
    throw misused('This contract has no milestone that you can dispute now.', `clawrk milestones ${id}`)
  const opened = await session.client.disputes.create({
    contract_id: id,
    milestone_id: chosen,
    disputing_party: contract.your_role,
    reason,
    evidence: await evidenceOf(session, evidence, files),
  })
  tell(session, opened, 'Opened: the money is frozen, and the other side has 24 hours to answer.')
}

function tell(session: Session, dispute: Dispute, sentence?: string): void {
  session.show(dispute, () => [
    ...(sentence === undefined ? [] : done(sentence)),
    ...disputeCard(dispute),
    '',
    ...nextLines(dispute),
  ])
}

/** What one may do with a dispute now, as commands. */
function nextLines({ id, can }: Dispute): string[] {
  const commands: Readonly<Record<string, string>> = {
    respond: `clawrk disputes respond ${id} --evidence "screenshot:https://…"`,
    recommend: `clawrk disputes recommend ${id}`,
  }
  const steps = Object.entries(commands).filter(([verb]) => can.includes(verb))
  if (steps.length === 0) return [dim('There is nothing for you to do now.')]
  return steps.map(([, step]) => `  ${dim('→')} ${step}`)
}

async function list(session: Session, { status, contract, limit, cursor }: ListOptions): Promise<void> {
  const disputes = await session.client.disputes.disputes({
    limit,
    ...(status === undefined ? {} : { status }),
    ...(contract === undefined ? {} : { contract_id: contract }),
    ...(cursor === undefined ? {} : { cursor }),
  })
  session.show(disputes, () => {
    if (disputes.length === 0) return [dim(`You have no disputes${status ? ` that are ${status}` : ''}.`)]
    const rest = disputes.next && `more:  the same with  --cursor ${disputes.next}`
    return [...disputesTable(disputes), '', dim(rest || 'one with all that was shown:  clawrk dispute <id>')]
  })
}

import { type Command, InvalidArgumentError, Option } from 'commander'
import { dollars } from '../../../base/money.ts'
import { type ContractStatus, contractStates } from '../../../desks/gigs/contract/contract.ts'
import type { Contract } from '../../../desks/gigs/contract/show-contract.ts'
import type { ReviewStatus } from '../../../desks/gigs/review/review.ts'
import { readCount, readIdOf, readText } from '../arguments.ts'
import { misused } from '../exit.ts'
import { contractCard, contractsTable } from '../render/contract.ts'
import { done } from '../render/job.ts'
import { dim } from '../render/text.ts'
import { relative } from '../render/time.ts'
import { openSession, type Session } from '../session.ts'
import { stepsOf } from './milestones.ts'

const readStars = (text: string): number => {
  if (!/^[1-5]$/.test(text)) throw new InvalidArgumentError('Give 1 to 5 stars.')
  return Number(text)
}

const readContract = readIdOf('a contract', 'clawrk contracts')
const readMilestone = readIdOf('a milestone', 'clawrk contract <contract>')

interface ListOptions {
  readonly status?: ContractStatus
  readonly limit: number
  readonly cursor?: string
}

interface FundOptions {
  readonly source?: 'card' | 'wallet'
  readonly milestone?: string
}

/** Contracts: from the agreement until the two have said what the other was like. */
export function contractCommands(program: Command): void {
  program
    .command('contract')
    .description('one contract with its milestones, and what you can do next')
    .argument('<contract>', 'its id', readContract)
    .action(async (id: string, _: object, command: Command) => {
      const session = openSession(command)
      const contract = await session.client.contracts.contract({ id })
      session.show(contract, () => [...contractCard(contract), '', ...nextLines(contract)])
    })
  const contracts = program
    .command('contracts')
    .description('your contracts, newest first; approve, fund, revise and cancel them')
    .addOption(new Option('-s, --status <status>', 'only those in this state').choices(contractStates))
    .option('-n, --limit <count>', 'how many', readCount, 20)
    .option('--cursor <cursor>', 'where to go on, as the list before said')
    .action(async (options: ListOptions, command: Command) => list(openSession(command), options))
  contracts
    .command('approve')
    .description('approve a contract; it goes on when both sides have')
    .argument('<contract>', 'its id', readContract)
    .action(async (id: string, _: object, command: Command) => {
      const session = openSession(command)
      tell(session, await session.client.contracts.approve({ id }), 'Approved.')
    })
  contracts
    .command('connect-link')
    .description('for the worker: a fresh link to the payment provider’s form')
    .argument('<contract>', 'its id', readContract)
    .action(async (id: string, _: object, command: Command) => {
      const session = openSession(command)
      const link = await session.client.contracts.connect_link({ id })
      session.show(link, () => ['Fill in the form here; the link opens once:', `  ${link.url}`])
    })
  contracts
    .command('revise')
    .description('send a contract back into negotiation, before it is active')
    .argument('<contract>', 'its id', readContract)
    .requiredOption('--notes <text>', 'what should be different')
    .action(async (id: string, { notes }: { notes: string }, command: Command) => {
      const session = openSession(command)
      const contract = await session.client.contracts.revise({ id, notes })
      session.show(contract, () =>
        done('Back in negotiation; each side has one more round.', `clawrk negotiate show ${contract.negotiation_id}`),
      )
    })
  contracts
    .command('cancel')
    .description('cancel a contract; what is funded goes back where it came from')
    .argument('<contract>', 'its id', readContract)
    .requiredOption('--reason <text>', 'why')
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const session = openSession(command)
      const contract = await session.client.contracts.cancel({ id, reason })
      session.show(contract, () => done('Cancelled.'))
    })
  contracts
    .command('fund')
    .description('fund the milestone that is due, by card or from your wallet')
    .argument('<contract>', 'its id', readContract)
    .addOption(new Option('--source <source>', 'what it is paid from').choices(['card', 'wallet']).default('card'))
    .option('--milestone <id>', 'another milestone than the first that can be funded', readMilestone)
    .action(async (id: string, options: FundOptions, command: Command) => fund(openSession(command), id, options))
  contracts
    .command('review')
    .description('review the other side of a completed contract, once')
    .argument('<contract>', 'its id', readContract)
    .argument('<stars>', '1 to 5', readStars)
    .argument('[text]', 'why; - reads it from standard input')
    .action(async (id: string, rating: number, text: string | undefined, _: object, command: Command) =>
      review(openSession(command), {
        id,
        rating,
        ...(text === undefined ? {} : { review_text: text === '-' ? readText('-') : text }),
      }),
    )
}

/** What one may do with a contract now, as commands. */
function nextLines({ id, can, milestones, connect_url: url }: Contract): string[] {
  const commands: Readonly<Record<string, string>> = {
    approve: `clawrk contracts approve ${id}`,
    fund: `clawrk contracts fund ${id} --source wallet`,
    connect_link: url ? `fill in the form:  ${url}` : `clawrk contracts connect-link ${id}`,
    revise: `clawrk contracts revise ${id} --notes "…"`,
    cancel: `clawrk contracts cancel ${id} --reason "…"`,
    review: `clawrk contracts review ${id} 5 "…"`,
  }
  // Approving and cancelling a milestone are its own; funding is shown where a milestone or the contract offers it.
  const verbs = new Set([
    ...milestones.flatMap(({ can: offered }) => offered.filter((verb) => verb === 'fund')),
    ...can,
  ])
  const steps = Object.entries(commands).filter(([verb]) => verbs.has(verb))
  const all = [...steps.map(([, step]) => step), ...stepsOf({ id, milestones })]
  if (all.length === 0) return [dim('There is nothing for you to do now.')]
  return all.map((step) => `  ${dim('→')} ${step}`)
}

function tell(session: Session, contract: Contract, sentence: string): void {
  session.show(contract, () => [...done(sentence), ...contractCard(contract), '', ...nextLines(contract)])
}

async function list(session: Session, { status, limit, cursor }: ListOptions): Promise<void> {
  const contracts = await session.client.contracts.contracts({
    limit,
    ...(status === undefined ? {} : { status }),
    ...(cursor === undefined ? {} : { cursor }),
  })
  session.show(contracts, () => {
    if (contracts.length === 0)
      return [dim(`You have no contracts${status ? ` that are ${status}` : ''}. They begin with  clawrk negotiate`)]
    const rest = contracts.next && `more:  the same with  --cursor ${contracts.next}`
    return [...contractsTable(contracts), '', dim(rest || 'one with its milestones:  clawrk contract <id>')]
  })
}

async function review(session: Session, said: { id: string; rating: number; review_text?: string }): Promise<void> {
  const made = await session.client.reviews.review(said)
  const sentences: Readonly<Record<ReviewStatus, string>> = {
    published: `Published: ${made.rating} of 5 stars.`,
    waiting: `${made.reason} It is published ${made.publishes_at ? relative(made.publishes_at) : 'later'} if nobody decides.`,
    rejected: String(made.reason),
  }
  session.show(made, () => done(sentences[made.status]))
}

async function fund(session: Session, id: string, { source = 'card', milestone }: FundOptions): Promise<void> {
  const { contracts } = session.client
  const chosen = milestone ?? (await contracts.contract({ id })).milestones.find(({ can }) => can.includes('fund'))?.id
  if (!chosen) throw misused('This contract has no milestone that you can fund now.', `clawrk contract ${id}`)
  const funding = await contracts.fund({ id, milestone_id: chosen, source })
  const { amount_cents: cents, status } = funding.milestone
  session.show(funding, () => {
    if (status !== 'pending')
      return done(`Funded: ${dollars(cents)} are held for this milestone.`, `clawrk contract ${id}`)
    return funding.url
      ? [`Pay ${dollars(cents)} here (TEST MODE: a test card):`, `  ${funding.url}`]
      : [`Hand this to Stripe.js to pay ${dollars(cents)}:`, `  ${funding.client_secret}`]
  })
}

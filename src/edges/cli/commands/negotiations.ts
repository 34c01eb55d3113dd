import { type Command, InvalidArgumentError, Option } from 'commander'
import {
  type Negotiation,
  type NegotiationState,
  negotiationStates,
} from '../../../desks/gigs/negotiation/negotiation.ts'
import { readCount, readIdOf, readPrice } from '../arguments.ts'
import { done } from '../render/job.ts'
import { auditLines, negotiationCard, negotiationsTable } from '../render/negotiation.ts'
import { bold, dim } from '../render/text.ts'
import { openSession, type Session } from '../session.ts'
import { readGig } from './gigs.ts'

const readNegotiation = readIdOf('a negotiation', 'clawrk negotiations')
const readWorker = readIdOf('a user', 'clawrk applications <gig> --json')

/** A day, or `none`. */
function readDay(text: string): string {
  if (text !== 'none' && !/^\d{4}-\d\d-\d\d$/.test(text))
    throw new InvalidArgumentError('It must be a day as YYYY-MM-DD, or none.')
  return text
}

interface Terms {
  readonly rate?: number
  readonly hours?: number
  readonly start?: string
  readonly payoutDelay?: number
}

interface ListOptions {
  readonly state?: NegotiationState
  readonly limit: number
  readonly cursor?: string
}

/** Negotiating: from the invitation to the agreement. */
export function negotiationCommands(program: Command): void {
  withList(program.command('negotiations'))
    .description('the negotiations you are a party of, newest first')
    .action(async (options: ListOptions, command: Command) => list(openSession(command), options))
  const negotiate = withList(program.command('negotiate'))
    .description('your negotiations; start one, propose terms, agree, decline, share a contact')
    .action(async (options: ListOptions, command: Command) => list(openSession(command), options))
  withTerms(negotiate.command('start'))
    .description('negotiate with somebody you have shortlisted; terms given here are the first round')
    .argument('<gig>', 'a gig of yours', readGig)
    .argument('<worker>', 'the user id of whom you have shortlisted on it', readWorker)
    .action(async (gig: string, worker: string, terms: Terms, command: Command) => {
      const session = openSession(command)
      const invitation = { gig_id: gig, worker_user_id: worker, ...termsOf(terms) }
      const negotiation = await session.client.negotiations.negotiate(invitation)
      tell(session, negotiation, negotiation.round_number > 0 ? 'Started, with your first round.' : 'Started.')
    })
  negotiate
    .command('show')
    .description('where a negotiation stands')
    .argument('<negotiation>', 'its id', readNegotiation)
    .option('--audit', 'everything that has happened in it, too')
    .action(async (id: string, { audit }: { audit?: boolean }, command: Command) =>
      show(openSession(command), id, audit),
    )
  withTerms(negotiate.command('round'))
    .description('propose terms, or counter; what you do not name stays')
    .argument('<negotiation>', 'its id', readNegotiation)
    .action(async (id: string, terms: Terms, command: Command) => {
      const session = openSession(command)
      const negotiation = await session.client.negotiations.round({ id, ...termsOf(terms) })
      const isOver = !negotiation.can.includes('agree')
      tell(session, negotiation, isOver ? 'That was a round too many: the negotiation has expired.' : 'Proposed.')
    })
  negotiate
    .command('agree')
    .description('agree on the terms as they stand; makes the contract')
    .argument('<negotiation>', 'its id', readNegotiation)
    .action(async (id: string, _: object, command: Command) => {
      const session = openSession(command)
      const negotiation = await session.client.negotiations.agree({ id })
      tell(session, negotiation, 'Agreed: there is a contract, which both sides now approve.')
    })
  negotiate
    .command('decline')
    .description('end a negotiation without a deal')
    .argument('<negotiation>', 'its id', readNegotiation)
    .action(async (id: string, _: object, command: Command) => {
      const session = openSession(command)
      tell(session, await session.client.negotiations.decline({ id }), 'Declined.')
    })
  negotiate
    .command('contact')
    .description('share a contact of yours with the other side, and with nobody else')
    .argument('<negotiation>', 'its id', readNegotiation)
    .argument('<type>', 'Telegram, Email, or whatever it is')
    .argument('<value>', 'your name or address there')
    .action(async (id: string, type: string, value: string, _: object, command: Command) => {
      const session = openSession(command)
      const shared = { id, contact_type: type, contact_value: value }
      tell(session, await session.client.negotiations.share_contact(shared), 'Shared with the other side.')
    })
}

const withList = (command: Command): Command =>
  command
    .addOption(new Option('-s, --state <state>', 'only those in this state').choices(negotiationStates))
    .option('-n, --limit <count>', 'how many', readCount, 20)
    .option('--cursor <cursor>', 'where to go on, as the list before said')

const withTerms = (command: Command): Command =>
  command
    .option('--rate <cents>', "what an hour pays, in cents (or '$50')", readPrice)
    .option('--hours <count>', 'whole hours a week', readCount)
    .option('--start <day>', 'when the work begins, as YYYY-MM-DD; none for no date', readDay)
    .option('--payout-delay <days>', 'how long released money waits before it is paid out: 3 to 10', readCount)

const termsOf = ({ rate, hours, start, payoutDelay }: Terms) => ({
  ...(rate === undefined ? {} : { rate_cents: rate }),
  ...(hours === undefined ? {} : { hours_per_week: hours }),
  ...(start === undefined ? {} : { start_date: start === 'none' ? null : start }),
  ...(payoutDelay === undefined ? {} : { payout_delay_days: payoutDelay }),
})

/** What one may do in a negotiation now, as commands. */
const nextSteps = ({ id, can, contract_id: contract }: Negotiation): string[] => [
  ...can.map((verb) => `clawrk negotiate ${verb} ${id}${verb === 'round' ? ` --rate '$…' --hours …` : ''}`),
  ...(contract ? [`clawrk contracts  (it is ${contract})`] : []),
]

function tell(session: Session, negotiation: Negotiation, sentence: string): void {
  session.show(negotiation, () => [
    ...done(sentence),
    ...negotiationCard(negotiation),
    '',
    ...nextSteps(negotiation).map((step) => `  ${dim('→')} ${step}`),
  ])
}

async function show(session: Session, id: string, withAudit = false): Promise<void> {
  const seen = await session.client.negotiations.negotiation({ id, ...(withAudit ? { audit: '1' as const } : {}) })
  session.show(seen, () => [
    ...negotiationCard(seen),
    ...(seen.audit ? ['', `  ${bold('What has happened')}`, ...auditLines(seen.audit, seen)] : []),
    '',
    ...nextSteps(seen).map((step) => `  ${dim('→')} ${step}`),
  ])
}

async function list(session: Session, { state, limit, cursor }: ListOptions): Promise<void> {
  const negotiations = await session.client.negotiations.negotiations({
    limit,
    ...(state === undefined ? {} : { state }),
    ...(cursor === undefined ? {} : { cursor }),
  })
  session.show(negotiations, () => {
    if (negotiations.length === 0)
      return [
        dim(
          state
            ? `None of your negotiations is ${state}.`
            : 'You negotiate about nothing yet. As a client: shortlist somebody (clawrk applications <gig>). As a freelancer: clawrk gigs',
        ),
      ]
    const rest = negotiations.next
      ? `more:  the same with  --cursor ${negotiations.next}`
      : 'look at one:  clawrk negotiate show <id>'
    return [...negotiationsTable(negotiations), '', dim(rest)]
  })
}

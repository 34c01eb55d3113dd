import type { Command } from 'commander'
import { dollars } from '../../../base/money.ts'
import { ClawrkError } from '../../sdk/client.ts'
import { readCount } from '../arguments.ts'
import { misused, refused } from '../exit.ts'
import { done, facts } from '../render/job.ts'
import { bars, count, overviewPage } from '../render/overview.ts'
import { type Column, table } from '../render/table.ts'
import { bold, columns, dim, oneLine, paint, wrap } from '../render/text.ts'
import { relative } from '../render/time.ts'
import { openSession, type Session } from '../session.ts'
import { decidingCommands } from './operator-disputes.ts'
import { grantCommands } from './operator-grant.ts'
import { reviewCommands } from './operator-reviews.ts'

type Client = Session['client']['operator']
type Person = Awaited<ReturnType<Client['users']>>[number]
type Stuck = Awaited<ReturnType<Client['stuck']>>[number]
type Act = Awaited<ReturnType<Client['audit']>>[number]
type Books = Awaited<ReturnType<Client['ledger']>>

/** Commands for operators: through the API with their key, and on the machine for who is one. */
export function operatorCommands(program: Command): void {
  const operator = program
    .command('operator')
    .description('run a market: what needs you, its people, its books; and who may')
    .action((_: object, command: Command) => asOperator(command, overview))
  operator
    .command('stuck')
    .description('what should have moved on by itself and has not, and what to do about it')
    .option('-n, --limit <count>', 'how many', readCount, 50)
    .action(({ limit }: { limit: number }, command: Command) => asOperator(command, (session) => stuck(session, limit)))
  operator
    .command('users')
    .description('the people of the market, newest first')
    .argument('[search]', 'a user id, or the beginning of an e-mail address or a name')
    .option('--suspended', 'only who is suspended')
    .option('-n, --limit <count>', 'how many', readCount, 50)
    .action((q: string | undefined, options: { suspended?: true; limit: number }, command: Command) =>
      asOperator(command, (session) => users(session, q, options)),
    )
  operator
    .command('ledger')
    .description('the books: freeze, seals, accounts, broken laws; with a ref its transfers')
    .argument('[ref]', 'what transfers are about: job:<id>, milestone:<id>, topup:cs_…')
    .option('-n, --limit <count>', 'how many transfers', readCount, 50)
    .action((ref: string | undefined, { limit }: { limit: number }, command: Command) =>
      asOperator(command, (session) => ledger(session, ref, limit)),
    )
  operator
    .command('audit')
    .description('every act of an operator, newest first')
    .argument('[ref]', 'only acts on this: user:<id>, dispute:<id>, review:<id>')
    .option('-n, --limit <count>', 'how many', readCount, 50)
    .action((ref: string | undefined, { limit }: { limit: number }, command: Command) =>
      asOperator(command, (session) => audit(session, ref, limit)),
    )
  for (const [verb, description] of [
    ['suspend', 'stop somebody from starting anything new and from moving money'],
    ['restore', 'end a suspension'],
  ] as const) {
    operator
      .command(verb)
      .description(description)
      .argument('<user>', 'a user id or an e-mail address')
      .requiredOption('--note <why>', 'why; it stands in the audit')
      .action((user: string, { note }: { note: string }, command: Command) =>
        asOperator(command, (session) => turn(session, verb, user, note)),
      )
  }
  decidingCommands(operator)
  reviewCommands(operator, asOperator)
  grantCommands(operator)
}

/** Does something with an operator's key. To anybody else the API says that there is nothing; here it is said what that means. */
export async function asOperator(command: Command, work: (session: Session) => Promise<void>): Promise<void> {
  const session = openSession(command)
  try {
    await work(session)
  } catch (error) {
    if (error instanceof ClawrkError && error.code === 'not_found') {
      throw refused(
        'not_an_operator',
        `The market at ${session.url} does not know this key as an operator’s.`,
        'on its machine  clawrk operator grant <e-mail>  or a verified address in OPERATOR_EMAILS',
        'clawrk whoami',
      )
    }
    throw error
  }
}

async function overview(session: Session): Promise<void> {
  const [answer, note] = await Promise.all([
    session.client.operator.overview({}),
    session.json ? '' : session.testMode(),
  ])
  session.show(answer, () => overviewPage(answer, [`The market at ${session.url}`, note].filter(Boolean).join('  ')))
}

async function stuck(session: Session, limit: number): Promise<void> {
  const found = await session.client.operator.stuck({ limit })
  const lines = ({ kind, id, since, what }: Stuck): string[] => [
    `${paint('red', '✖')} ${bold(kind)} ${id}  ${dim(relative(since))}`,
    ...wrap(oneLine(what), Math.min(100, columns()) - 2).map((line) => `  ${line}`),
  ]
  session.show(found, () => (found.length > 0 ? found.flatMap(lines) : done('Nothing is stuck.')))
}

const people: readonly Column<Person>[] = [
  { title: 'ID', cell: ({ id }) => id, paint: dim },
  { title: 'E-MAIL', cell: ({ email, email_verified: is }) => `${email}${is ? '' : ' (unverified)'}`, flexible: true },
  { title: 'NAME', cell: ({ name }) => name, flexible: true, spare: true },
  { title: 'BALANCE', cell: ({ balance_cents: cents }) => dollars(cents), align: 'right', spare: true },
  { title: 'SINCE', cell: ({ created_at: at }) => relative(at).replace(' ago', ''), align: 'right', spare: true },
  {
    title: 'STANDING',
    cell: ({ suspended_at: at, operator, debt_cents: debt }) =>
      at !== null ? 'suspended' : operator ? 'operator' : debt > 0 ? `owes ${dollars(debt)}` : '',
    paint: (text, { suspended_at: at }) => (at === null ? text : paint('red', text)),
  },
]

async function users(
  session: Session,
  q: string | undefined,
  { suspended, limit }: { suspended?: true; limit: number },
): Promise<void> {
  const found = await session.client.operator.users({
    ...(q ? { q } : {}),
    ...(suspended ? { suspended: 'true' } : {}),
    limit,
  })
  session.show(found, () => (found.length > 0 ? table(found, people) : [dim('Nobody.')]))
}

const transfers: readonly Column<Books['transfers'][number]>[] = [
  { title: 'WHEN', cell: ({ created_at: at }) => relative(at), align: 'right', spare: true },
  { title: 'KIND', cell: ({ kind }) => kind },
  {
    title: 'AMOUNT',
    cell: ({ amount, unit }) => (unit === 'USD' ? dollars(amount) : `${amount} credits`),
    align: 'right',
  },
  { title: 'FROM', cell: ({ from_account: from }) => from, flexible: true },
  { title: 'TO', cell: ({ to_account: to }) => to, flexible: true },
]

async function ledger(session: Session, ref: string | undefined, limit: number): Promise<void> {
  const books = await session.client.operator.ledger({ ...(ref ? { ref } : {}), limit })
  const { freeze, seal, platform, audit: checked } = books
  session.show(books, () => {
    if (ref) {
      const none = [dim(`Nothing was ever posted for ${oneLine(ref)}.`)]
      return books.transfers.length > 0 ? table(books.transfers, transfers) : none
    }
    const sealed = seal.sealed_at ? `number ${seal.number}, ${relative(seal.sealed_at)}` : 'none yet'
    const breaches = checked?.breaches ?? []
    return [
      ...facts([
        ['frozen', freeze ? paint('red', `${relative(freeze.since)}: ${oneLine(freeze.reason)}`) : 'no'],
        ['newest seal', `${sealed}; ${count(seal.unsealed, 'transfer')} since`],
        ['laws', checked ? `checked ${relative(checked.at)}` : 'not checked yet'],
      ]),
      ...breaches
        .slice(0, 20)
        .map(({ law, where, detail }) => `  ${paint('red', '✖')} ${oneLine(`${law}: ${where}, ${detail}`)}`),
      ...(breaches.length > 20 ? [dim(`  and ${breaches.length - 20} more; --json lists them`)] : []),
      ...(checked && breaches.length === 0 ? [`  ${paint('green', '✔')} Every law held.`] : []),
      '',
      bold('The market’s own accounts'),
      ...bars(
        Object.entries(platform).map(([name, cents]) => [name.replace(/_cents$/, '').replaceAll('_', ' '), cents]),
        dollars,
      ),
    ]
  })
}

const acts: readonly Column<Act>[] = [
  { title: 'WHEN', cell: ({ at }) => relative(at), align: 'right' },
  { title: 'WHO', cell: ({ operator_email: email }) => email ?? 'the machine', flexible: true },
  { title: 'ACT', cell: ({ act }) => act },
  { title: 'ON', cell: ({ ref }) => ref, flexible: true },
  { title: 'WHY', cell: ({ data }) => (typeof data.note === 'string' ? data.note : ''), flexible: true, spare: true },
]

async function audit(session: Session, ref: string | undefined, limit: number): Promise<void> {
  const found = await session.client.operator.audit({ ...(ref ? { ref } : {}), limit })
  session.show(found, () => (found.length > 0 ? table(found, acts) : [dim('No operator has done anything yet.')]))
}

async function turn(session: Session, verb: 'suspend' | 'restore', user: string, note: string): Promise<void> {
  const id = await idOf(session, user)
  const answer = await session.client.operator[verb]({ id, note })
  const who = oneLine(answer.email)
  session.show(answer, () =>
    verb === 'suspend'
      ? done(`${who} is suspended, everywhere within 5 seconds.`, `clawrk operator restore ${id} --note "…"`)
      : done(`${who} may do everything again.`),
  )
}

/** The id of somebody who is named by id or by their whole e-mail address. */
async function idOf({ client }: Session, user: string): Promise<string> {
  if (!user.includes('@')) return user
  const found = await client.operator.users({ q: user })
  const exact = found.find(({ email }) => email === user.trim().toLowerCase())
  if (!exact) throw misused(`Nobody here has the e-mail address ${oneLine(user)}.`, 'clawrk operator users')
  return exact.id
}

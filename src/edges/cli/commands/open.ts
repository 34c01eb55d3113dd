import { type Command, Option } from 'commander'
import { dollars } from '../../../base/money.ts'
import { readCount, readPrice } from '../arguments.ts'
import { facts } from '../render/job.ts'
import { type Column, table } from '../render/table.ts'
import { bold, dim, paint } from '../render/text.ts'
import { duration, relative } from '../render/time.ts'
import { openAnonymous, type Session } from '../session.ts'

interface BoardOptions {
  readonly q?: string
  readonly skill?: string
  readonly minPrice?: number
  readonly sort?: 'newest' | 'price' | 'closing'
  readonly limit: number
  readonly cursor?: string
}

interface DirectoryOptions {
  readonly q?: string
  readonly sort?: 'completed' | 'pass_rate' | 'newest'
  readonly limit: number
  readonly cursor?: string
}

/** What anybody may see of the market, signed in or not. */
export function openCommands(program: Command): void {
  program
    .command('board')
    .description('the open jobs of the market')
    .option('-q, --q <words>', 'only those with all these words')
    .option('--skill <skill>', 'only those of this skill')
    .option('--min-price <cents>', "not below this price, in cents (or '$5.00')", readPrice)
    .addOption(new Option('--sort <order>', 'what comes first').choices(['newest', 'price', 'closing']))
    .option('-n, --limit <count>', 'how many', readCount, 20)
    .option('--cursor <cursor>', 'where to go on, as the list before said')
    .action(async (options: BoardOptions, command: Command) => board(openAnonymous(command), options))
  program
    .command('stats')
    .description('the market in eight numbers')
    .action(async (_: object, command: Command) => stats(openAnonymous(command)))
  program
    .command('directory')
    .description('agents, and what they have to show')
    .option('-q, --q <words>', 'only those with all these words')
    .addOption(new Option('--sort <order>', 'what comes first').choices(['completed', 'pass_rate', 'newest']))
    .option('-n, --limit <count>', 'how many', readCount, 20)
    .option('--cursor <cursor>', 'where to go on, as the list before said')
    .action(async (options: DirectoryOptions, command: Command) => directory(openAnonymous(command), options))
}

type BoardJob = Awaited<ReturnType<Session['client']['jobs']['board']>>[number]

const boardColumns: readonly Column<BoardJob>[] = [
  { title: 'ID', cell: ({ id }) => id, paint: (text) => dim(text) },
  { title: 'PRICE', spare: true, cell: ({ price_cents: price }) => dollars(price), align: 'right' },
  { title: 'TIME', spare: true, cell: ({ time_limit_seconds: limit }) => duration(limit), align: 'right' },
  { title: 'AGE', spare: true, cell: ({ created_at: at }) => relative(at).replace(' ago', ''), align: 'right' },
  { title: 'SKILL', spare: true, cell: ({ skill }) => skill, flexible: true },
  { title: 'TITLE', cell: ({ title }) => title, paint: (text) => bold(text), flexible: true },
]

async function board(session: Session, { q, skill, minPrice, sort, limit, cursor }: BoardOptions): Promise<void> {
  const jobs = await session.client.jobs.board({
    limit,
    ...(q === undefined ? {} : { q }),
    ...(skill === undefined ? {} : { skill }),
    ...(minPrice === undefined ? {} : { min_price_cents: minPrice }),
    ...(sort === undefined ? {} : { sort }),
    ...(cursor === undefined ? {} : { cursor }),
  })
  const isFiltered = q !== undefined || skill !== undefined || minPrice !== undefined
  session.show(jobs, () => {
    if (jobs.length === 0) return [dim(isFiltered ? 'No open job is like that.' : 'There are no open jobs right now.')]
    return [...table(jobs, boardColumns), '', dim(more('board', jobs.next) ?? 'take one:  clawrk claim <id>')]
  })
}

/** How to see the rest of a list. */
const more = (command: string, next: string | null): string | null =>
  next && `more:  the same with  --cursor ${next}  (clawrk ${command})`

async function stats(session: Session): Promise<void> {
  const numbers = await session.client.jobs.board_stats()
  const median = (seconds: number | null): string => (seconds === null ? dim('no job yet') : duration(seconds))
  session.show(numbers, () =>
    facts([
      ['open jobs', `${numbers.open_jobs}, worth ${dollars(numbers.open_value_cents)}`],
      ['verified', `${numbers.verified_24h} in 24 hours, ${numbers.verified_30d} in 30 days`],
      ['paid out', `${dollars(numbers.paid_out_30d_cents)} in 30 days`],
      ['until accepted', median(numbers.median_accept_seconds)],
      ['until verified', median(numbers.median_verify_seconds)],
      ['active agents', `${numbers.active_agents} in 24 hours`],
    ]),
  )
}

type Listed = Awaited<ReturnType<Session['client']['jobs']['directory']>>[number]

const percent = (share: number | null): string => (share === null ? '' : `${Math.round(share * 100)} %`)

const directoryColumns: readonly Column<Listed>[] = [
  { title: 'NAME', cell: ({ name }) => name, paint: (text) => bold(text), flexible: true },
  { title: 'DONE', cell: ({ stats: { jobs_done: count } }) => `${count}`, align: 'right' },
  {
    title: 'PASSED',
    cell: ({ stats: { pass_rate: rate } }) => percent(rate),
    paint: (text, { stats: { pass_rate: rate } }) => ((rate ?? 0) >= 0.8 ? paint('green', text) : text),
    align: 'right',
  },
  {
    title: 'TAKES',
    spare: true,
    cell: ({ stats: { median_seconds: seconds } }) => (seconds === null ? '' : duration(seconds)),
    align: 'right',
  },
  { title: 'PERSONALITY', cell: ({ personality }) => personality ?? '', flexible: true },
]

async function directory(session: Session, { q, sort, limit, cursor }: DirectoryOptions): Promise<void> {
  const agents = await session.client.jobs.directory({
    limit,
    ...(q === undefined ? {} : { q }),
    ...(sort === undefined ? {} : { sort }),
    ...(cursor === undefined ? {} : { cursor }),
  })
  session.show(agents, () => {
    if (agents.length === 0)
      return [dim(q === undefined ? 'No agent has a verified job yet, or is listed.' : 'No agent is like that.')]
    const rest = more('directory', agents.next)
    return [...table(agents, directoryColumns), ...(rest ? ['', dim(rest)] : [])]
  })
}

import { type Command, InvalidArgumentError, Option } from 'commander'
import { dollars } from '../../../base/money.ts'
import { readCount, readText } from '../arguments.ts'
import { misused } from '../exit.ts'
import { done, facts, points, section } from '../render/job.ts'
import { startProgress } from '../render/progress.ts'
import { type Column, table } from '../render/table.ts'
import { bold, dim, oneLine, paint } from '../render/text.ts'
import { relative } from '../render/time.ts'
import { openAnonymous, openSession, type Session } from '../session.ts'
import { readFiles } from './files.ts'

interface Said {
  readonly type?: 'client' | 'freelancer'
  readonly name?: string
  readonly bio?: string
  readonly skills?: string
  readonly portfolio?: string
  readonly resumeUrl?: string
}

export function profileCommands(program: Command): void {
  const profile = program
    .command('profile')
    .description('your profile, or that of somebody else')
    .usage('[user]')
    .argument('[user]', 'the id of a user; without it, you', readUserId)
    .action(async (user: string | undefined, _: object, command: Command) =>
      user === undefined ? showMine(openSession(command)) : showTheirs(openAnonymous(command), user),
    )
  profile
    .command('set')
    .description('change your profile; what you leave out stays, and "" clears')
    .addOption(new Option('--type <type>', 'which side you are on').choices(['client', 'freelancer']))
    .option('--name <name>', 'how people call you')
    .option('--bio <text>', 'who you are; - reads it from standard input')
    .option('--skills <list>', 'what you can do, with commas between')
    .option('--portfolio <url>', 'a page that shows your work')
    .option('--resume-url <url>', 'an https address of your résumé')
    .action(async (said: Said, command: Command) => change(openSession(command), said))
  profile
    .command('resume')
    .description('upload your résumé (PDF, JPEG, PNG or WebP), or take it off your profile')
    .argument('[file]')
    .option('--remove', 'take it off; what was uploaded is deleted')
    .action(async (file: string | undefined, { remove = false }: { remove?: boolean }, command: Command) =>
      resume(openSession(command), file, remove),
    )
  profile
    .command('repos')
    .description('the public repositories of somebody who signs in with GitHub')
    .argument('<user>', 'the id of a user', readUserId)
    .option('-n, --limit <count>', 'how many, at most 30', readCount, 10)
    .action(async (user: string, { limit }: { limit: number }, command: Command) =>
      repos(openAnonymous(command), user, limit),
    )
  profile
    .command('reviews')
    .description('what is said of somebody after contracts with them')
    .argument('<user>', 'the id of a user', readUserId)
    .option('-n, --limit <count>', 'how many', readCount, 20)
    .option('--cursor <cursor>', 'where to go on, as the list before said')
    .action(async (user: string, options: { limit: number; cursor?: string }, command: Command) =>
      reviews(openAnonymous(command), user, options),
    )
  program
    .command('vouch')
    .description('vouch for somebody on their profile, for good')
    .argument('<user>', 'the id of a user', readUserId)
    .action(async (user: string, _: object, command: Command) => vouch(openSession(command), user))
}

function readUserId(text: string): string {
  const id = text.trim().toLowerCase()
  if (!/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(id))
    throw new InvalidArgumentError('It must be the whole id of a user, as their profile says it.')
  return id
}

type Shown = Awaited<ReturnType<Session['client']['profiles']['profile']>>
type Mine = Awaited<ReturnType<Session['client']['profiles']['me']>>

async function showMine(session: Session): Promise<void> {
  const mine = await session.client.profiles.me()
  session.show(mine, () => card(mine))
}

async function showTheirs(session: Session, user: string): Promise<void> {
  const profile = await session.client.profiles.profile({ id: user })
  session.show(profile, () => card(profile))
}

const signs: Readonly<Record<Shown['user_type'], string>> = {
  client: 'client: posts gigs',
  freelancer: 'freelancer: applies to gigs',
}

function card(profile: Shown | Mine): string[] {
  const { ghost_score_parts: parts, rating_average: rating, vouched_by: vouchers, vouch_count: count } = profile
  const unnamed = count - vouchers.length
  return [
    bold(oneLine(profile.display_name)),
    ...facts([
      ['id', dim(profile.user_id)],
      ['type', signs[profile.user_type]],
      ['score', `${profile.ghost_score} of 100, ${answers(parts)}`],
      ['rating', rating !== null && `${rating.toFixed(2)} of 5, ${profile.rating_count} counted`],
      ['credits', 'credits_balance' in profile && `${profile.credits_balance}, plan ${profile.subscription_tier}`],
      ['skills', oneLine(profile.skills.join(', '))],
      ['résumé', profile.resume_url && oneLine(profile.resume_url)],
      ['portfolio', profile.portfolio_website_url && oneLine(profile.portfolio_website_url)],
      ['GitHub', profile.github_profile_url && oneLine(profile.github_profile_url)],
    ]),
    ...section('About', profile.bio),
    ...points('Vouched for by', [
      ...vouchers.map(
        ({ display_name: name, worked_together: together }) =>
          `${name}${together ? ', they have worked together' : ''}`,
      ),
      ...(unnamed > 0 ? [`and ${unnamed} more`] : []),
    ]),
  ]
}

const answers = ({ answered, expected }: Shown['ghost_score_parts']): string =>
  expected === 0 ? 'no turn to answer yet' : `answered ${answered} of ${expected} turns`

const orNull = (text: string): string | null => (text === '' ? null : text)

async function change(session: Session, { type, name, bio, skills, portfolio, resumeUrl }: Said): Promise<void> {
  const fields = {
    ...(type === undefined ? {} : { user_type: type }),
    ...(name === undefined ? {} : { display_name: name }),
    ...(bio === undefined ? {} : { bio: orNull(bio === '-' ? readText('-').trim() : bio) }),
    ...(skills === undefined ? {} : { skills: wordsOf(skills) }),
    ...(portfolio === undefined ? {} : { portfolio_website_url: orNull(portfolio) }),
    ...(resumeUrl === undefined ? {} : { resume_url: orNull(resumeUrl) }),
  }
  if (Object.keys(fields).length === 0) throw misused('Say what to change: clawrk profile set --type freelancer.')
  const mine = await session.client.profiles.update_me(fields)
  session.show(mine, () => [...done('Your profile is changed.'), '', ...card(mine)])
}

const wordsOf = (list: string): string[] =>
  list
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean)

async function resume(session: Session, path: string | undefined, remove: boolean): Promise<void> {
  if ((path === undefined) === !remove) throw misused('Say which file, or --remove: clawrk profile resume cv.pdf.')
  if (path === undefined) {
    const answer = await session.client.profiles.remove_resume()
    return session.show(answer, () => done('Your profile has no résumé now.'))
  }
  const [file] = readFiles([path])
  const progress = startProgress()
  try {
    progress.say(`uploading ${oneLine(file!.name)}`)
    const answer = await session.client.profiles.upload_resume({ resume: new File([file!.bytes], file!.name) })
    progress.stop()
    session.show(answer, () => done('Your résumé is on your profile, for everybody to download.', answer.resume_url))
  } finally {
    progress.stop()
  }
}

type Repo = Awaited<ReturnType<Session['client']['profiles']['github_repos']>>['repos'][number]

const repoColumns: readonly Column<Repo>[] = [
  { title: 'NAME', cell: ({ name }) => name, paint: (text) => bold(text), flexible: true },
  { title: 'STARS', cell: ({ stargazers_count: stars }) => `${stars}`, align: 'right' },
  { title: 'LANGUAGE', spare: true, cell: ({ language }) => language ?? '' },
  { title: 'CHANGED', spare: true, cell: ({ updated_at: at }) => (at ? relative(at) : ''), align: 'right' },
  { title: 'WHAT IT IS', cell: ({ description }) => description ?? '', flexible: true },
]

async function repos(session: Session, user: string, limit: number): Promise<void> {
  const answer = await session.client.profiles.github_repos({ id: user, per_page: limit })
  session.show(answer, () => [
    `  ${dim(oneLine(answer.github_profile_url))}`,
    '',
    ...(answer.repos.length > 0 ? table(answer.repos, repoColumns) : [dim('No public repositories.')]),
  ])
}

type Review = Awaited<ReturnType<Session['client']['profiles']['reviews']>>[number]

const reviewColumns: readonly Column<Review>[] = [
  { title: 'RATING', cell: ({ rating }) => '★'.repeat(rating), paint: (text) => paint('yellow', text) },
  { title: 'PAID', cell: ({ released_cents: cents }) => dollars(cents), align: 'right' },
  { title: 'WHEN', spare: true, cell: ({ created_at: at }) => relative(at), align: 'right' },
  { title: 'BY', cell: ({ reviewer_display_name: name }) => name ?? 'somebody who has gone', flexible: true },
  { title: 'TEXT', cell: ({ review_text: text }) => text, flexible: true },
]

async function reviews(
  session: Session,
  user: string,
  { limit, cursor }: { limit: number; cursor?: string },
): Promise<void> {
  const rows = await session.client.profiles.reviews({ id: user, limit, ...(cursor === undefined ? {} : { cursor }) })
  session.show(rows, () => {
    if (rows.length === 0) return [dim('No published reviews yet.')]
    const more = rows.next ? ['', dim(`more:  clawrk profile reviews ${user} --cursor ${rows.next}`)] : []
    return [...table(rows, reviewColumns), ...more]
  })
}

async function vouch(session: Session, user: string): Promise<void> {
  const made = await session.client.profiles.vouch({ vouched_user_id: user })
  session.show(made, () => done(`You vouch for ${bold(oneLine(made.display_name))}.`, `clawrk profile ${user}`))
}

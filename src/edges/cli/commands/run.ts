import { type Command, Option } from 'commander'
import { dollars } from '../../../base/money.ts'
import type { Job } from '../../../desks/jobs/job.ts'
import {
  another,
  type CheckGiven,
  readCheck,
  readPrice,
  readSeconds,
  readShare,
  readText,
  readVariable,
} from '../arguments.ts'
import { moneySteps, printFailure } from '../complain.ts'
import { exits, misused, refused } from '../exit.ts'
import { checkText, done, facts, isSameText, points, priceOf, section } from '../render/job.ts'
import { bold, dim, oneLine } from '../render/text.ts'
import { duration } from '../render/time.ts'
import { canAsk, openSession, type Session } from '../session.ts'
import { type NamedFile, readFiles, uploadAll } from './files.ts'
import { waitFor } from './wait.ts'

interface RunOptions {
  readonly price?: number
  readonly timeLimit?: number
  readonly check?: CheckGiven[]
  readonly minPassRate?: number
  readonly retrySame?: boolean
  readonly attach?: string[]
  readonly env?: Record<string, string>
  readonly quote?: boolean
  readonly yes?: boolean
  readonly wait?: boolean
  readonly credits?: boolean
}

export function runCommand(program: Command): void {
  program
    .command('run')
    .description('have something done: shows the estimate, asks, and posts the job')
    .argument('<prompt>', 'what you want done; - reads it from standard input')
    .option('--price <cents>', "what you pay, in cents (or '$5.00'); estimated without it", readPrice)
    .option('--time-limit <seconds>', 'how long the worker may take (90, 30m, 2h); estimated without it', readSeconds)
    .option(
      '--check <type:value>',
      'a hard check on the work, such as "contains:Bell Labs" or min_words:200; may be repeated',
      readCheck,
    )
    .option('--min-pass-rate <share>', 'only for agents with at least this share of passed attempts', readShare)
    .option('--retry-same', 'whoever failed may try again at once')
    .option('--attach <file>', 'a file for the worker; may be repeated', another)
    .option(
      '--env <NAME=value>',
      'a variable for whoever accepts the job, sealed until then; NAME alone takes its value here; may be repeated',
      readVariable,
    )
    .option('--quote', 'only show the estimate')
    .option('-y, --yes', 'post it without asking')
    .option('--wait', 'wait for the result and show it')
    .addOption(
      new Option('--credits', 'pay with credits: the skill decides how many, and you ask for the verdict').conflicts([
        ...['price', 'timeLimit', 'check', 'minPassRate', 'retrySame', 'attach', 'env', 'quote'],
      ]),
    )
    .action(async (prompt: string, options: RunOptions, command: Command) => run(openSession(command), prompt, options))
}

type Quote = Extract<Awaited<ReturnType<Session['client']['jobs']['run']>>, { status: 200 }>['body']

async function run(session: Session, given: string, options: RunOptions): Promise<void> {
  const prompt = given === '-' ? readText('-') : given
  if (prompt.trim() === '') throw misused('The prompt is empty.')
  if (!(options.yes || options.quote || canAsk(session))) {
    throw misused(
      'There is nobody to ask whether the price is right.',
      'add -y to post the job at once, or --quote to see the estimate only',
    )
  }
  if (options.credits) return postForCredits(session, prompt, options)
  const files = readFiles(options.attach)
  const wish = {
    prompt,
    ...(options.price === undefined ? {} : { price_cents: options.price }),
    ...(options.timeLimit === undefined ? {} : { time_limit_seconds: options.timeLimit }),
    ...(options.check === undefined ? {} : { checks: options.check }),
    ...(options.minPassRate === undefined ? {} : { min_pass_rate: options.minPassRate }),
    ...(options.retrySame ? { retry_same: true } : {}),
    ...(options.env === undefined ? {} : { envVars: options.env }),
  }
  if (options.yes && !options.quote) return post(session, { ...wish, confirmed: true }, files, options)
  const answer = await session.client.jobs.run(wish)
  if (answer.status !== 200) throw refused('unexpected_answer', 'The market answered a quote with something else.')
  const quote = answer.body
  const [{ user }, note] = session.json
    ? [{ user: null }, '']
    : await Promise.all([session.client.accounts.whoami(), session.testMode()])
  const price = options.price ?? quote.estimated_price_cents
  session.show(quote, () =>
    quoteCard(
      quote,
      prompt,
      options,
      user && [`${dollars(user.balance_cents)} in your wallet`, note].filter(Boolean).join('  '),
    ),
  )
  if (options.quote) return
  if (!(await agreed(`Post this job for ${dollars(price)}?`))) {
    printFailure('Not posted; nothing was paid.')
    process.exitCode = exits.refused
    return
  }
  const limit = options.timeLimit ?? quote.estimated_time_limit_seconds
  await post(
    session,
    { ...wish, quote_id: quote.quote_id, price_cents: price, time_limit_seconds: limit, confirmed: true },
    files,
    options,
  )
}

function quoteCard(
  quote: Quote,
  prompt: string,
  { price, timeLimit, check = [], attach = [], env = {} }: RunOptions,
  wallet: string | null,
): string[] {
  const estimated = (given: unknown): string => (given === undefined ? dim('  estimated') : '')
  return [
    bold(oneLine(quote.title)),
    ...facts([
      ['price', dollars(price ?? quote.estimated_price_cents) + estimated(price)],
      ['time limit', duration(timeLimit ?? quote.estimated_time_limit_seconds) + estimated(timeLimit)],
      ['skill', oneLine(quote.skill)],
      ['decided by', judges[quote.verification]],
      ['files', attach.map(oneLine).join(', ')],
      ['variables', Object.keys(env).join(', ')],
      ['you have', wallet],
    ]),
    ...section('Description', isSameText(prompt, quote.description) ? null : quote.description),
    ...points('Accepted when', quote.acceptance_criteria),
    ...points('Checks', check.map(checkText as (given: CheckGiven) => string)),
    '',
  ]
}

/** What decides whether the work passes. */
const judges = {
  checks: 'your checks',
  judge: 'a language model that reads the work',
  rules: 'rules: not empty, not an echo, on the subject',
} as const

async function agreed(question: string): Promise<boolean> {
  const { confirm, isCancel } = await import('@clack/prompts')
  const answer = await confirm({ message: question, output: process.stderr, withGuide: false })
  return !isCancel(answer) && answer
}

async function post(
  session: Session,
  wish: Parameters<Session['client']['jobs']['run']>[0],
  files: readonly NamedFile[],
  { wait }: RunOptions,
): Promise<void> {
  const attachments = await uploadAll(session, files)
  const answer = await session.client.jobs.run(attachments.length > 0 ? { ...wish, attachments } : wish)
  if (answer.status === 200) throw refused('unexpected_answer', 'The market answered a confirmed job with a quote.')
  if (answer.status === 402) {
    const { body } = answer
    if (session.json) session.show(body, () => [])
    else
      printFailure(
        body.code === 'insufficient_balance'
          ? 'The job is saved, but not paid for.'
          : `The job is saved, but not paid for. ${body.error}`,
        moneySteps(body),
      )
    process.exitCode = exits.refused
    return
  }
  const job: Job = answer.body
  const note = session.json ? '' : await session.testMode()
  const lines = (): string[] =>
    done(
      [`Queued: ${dollars(job.price_cents)} is in escrow.`, note].filter(Boolean).join('  '),
      !wait && `clawrk wait ${job.id}`,
    )
  if (!wait) return session.show(job, lines)
  if (!session.json) process.stdout.write(`${lines().join('\n')}\n`)
  await waitFor(session, job.id)
}

async function postForCredits(session: Session, prompt: string, { yes, wait }: RunOptions): Promise<void> {
  if (!yes && !(await agreed('Post this job for credits?'))) {
    printFailure('Not posted; no credits were used.')
    process.exitCode = exits.refused
    return
  }
  const job: Job = await session.client.jobs.post({ prompt })
  const lines = (): string[] =>
    done(`Queued: ${priceOf(job)} are in escrow, and anybody may accept it.`, !wait && `clawrk wait ${job.id}`)
  if (!wait) return session.show(job, lines)
  if (!session.json) process.stdout.write(`${lines().join('\n')}\n`)
  await waitFor(session, job.id)
}
